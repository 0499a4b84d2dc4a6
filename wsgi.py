"""What a WSGI server imports: `gunicorn wsgi:app`."""

from portal import create_app

app = create_app()
