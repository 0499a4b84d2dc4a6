"""Lists that staff send: as a file, or pasted into the page."""

from flask import request


def sent_list(field: str) -> bytes:
    """Return the file that came with the form, or else what was pasted into a field of it."""
    file = request.files.get("file")
    return (file.read() if file else b"") or request.form.get(field, "").encode()
