"""The blueprint of uploaded files."""

from flask import Blueprint, request_started
from flask.blueprints import BlueprintSetupState

from portal.files.limits import set_limit

blueprint = Blueprint("files", "portal.files")


@blueprint.record_once
def _limit_requests(state: BlueprintSetupState) -> None:
    # Earlier than any before_request function: the check of the form's token reads the body.
    request_started.connect(set_limit, state.app)
