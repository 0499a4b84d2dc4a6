"""The document of the API."""

from flask import Response, current_app, json

from portal.access import public
from portal.api.blueprint import ApiBlueprint
from portal.api.document import document_of

blueprint = ApiBlueprint("api", "portal.api", url_prefix="/api/v1", title="This document")


@blueprint.call("GET", "/openapi.json", {"type": "object"})
@public
def openapi() -> Response:
    """Return the OpenAPI document of every JSON route."""
    # Kept by clients as they like: it changes with a release or a plugin, not with the reader.
    document = document_of(current_app._get_current_object())  # type: ignore[attr-defined]
    return current_app.response_class(json.dumps(document), mimetype="application/json")
