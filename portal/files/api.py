"""Files, for programs: the bytes, to those whom their owner lets read them."""

from flask import Response

from portal.access import public
from portal.api.blueprint import ApiBlueprint
from portal.files.views import show as send

blueprint = ApiBlueprint("files_api", "portal.files", url_prefix="/api/v1/files", title="Files")


@blueprint.call("GET", "/<public_id>", media=("image/jpeg", "application/octet-stream"))
@public
def show(public_id: str) -> Response:
    """Send a file's bytes: pictures as image/jpeg, other files as they were sent, under the media
    type that they have; what the token may not see is not found."""
    return send(public_id)
