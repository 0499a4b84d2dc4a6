"""Sending a file to those whom its owner lets read it."""

from flask import Response, send_file
from werkzeug.exceptions import NotFound

from portal.access import public
from portal.files import queries
from portal.files.blueprint import blueprint
from portal.files.models import FileKind
from portal.files.readers import may_read_file
from portal.files.storage import sendable

__all__ = ["blueprint"]


@blueprint.get("/files/<public_id>")
@public
def show(public_id: str) -> Response:
    """Send a file; one that the reader may not see is as if it were not there."""
    file = queries.find_file(public_id)
    if file is None or not may_read_file(file):
        raise NotFound
    try:
        content = sendable(queries.path_of(file))
    except FileNotFoundError:
        raise NotFound from None
    picture = file.kind == FileKind.PICTURE
    response = send_file(
        content,
        mimetype=file.content_type,
        as_attachment=not picture,
        download_name=f"{public_id}.jpg" if picture else file.original_name or public_id,
        etag=file.sha256,
        max_age=0,
    )
    response.content_length = response.content_length or file.size_bytes
    response.headers["Cache-Control"] = "private, no-cache"
    # Should a browser ever take the bytes for a page, nothing in it runs.
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
