"""What whoever has no verified home in the project reads instead of a form."""

from flask import render_template, request


def home_first() -> tuple[str, int]:
    """Return the page that leads to verifying one's home: shown, or in answer to a refused act."""
    return render_template("complaints/verify.html"), 200 if request.method == "GET" else 403
