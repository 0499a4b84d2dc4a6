"""How much a request may send: pages that take several photos get more room than others."""

from collections.abc import Callable
from typing import TypeVar

from flask import Flask, current_app, request

from portal.config import Settings

View = TypeVar("View", bound=Callable[..., object])
_MEGABYTE = 1024 * 1024
_FORM_MEGABYTES = 1
_FORM_BYTES = 1_500_000
"""The longest form without files: a legal text in three languages, percent-encoded."""


def takes_files(count: int) -> Callable[[View], View]:
    """Declare that a view takes up to `count` files, each as large as the settings allow."""

    def declare(view: View) -> View:
        view.file_count = count  # type: ignore[attr-defined]
        return view

    return declare


def file_megabytes() -> int:
    """Return how large one file may be."""
    settings: Settings = current_app.extensions["portal.settings"]
    return settings.upload_megabytes


def set_limit(sender: Flask) -> None:
    """Give the request its limit before anything reads its body.

    Werkzeug holds only multipart forms to a limit of their own: another one would be taken apart
    whole, at fifty times its size in memory.
    """
    view = sender.view_functions.get(request.endpoint or "")
    count = getattr(view, "file_count", 0)
    if request.mimetype != "multipart/form-data":
        request.max_content_length = _FORM_BYTES
    elif count:
        request.max_content_length = (count * file_megabytes() + _FORM_MEGABYTES) * _MEGABYTE
