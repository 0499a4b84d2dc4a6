"""What is published of a wave and who has signed it, for the staff's programs."""

from typing import Any

from marshmallow import fields

from plugins.surveys.errors import SurveyError
from plugins.surveys.publishing.service import publication_of
from plugins.surveys.waves.api import RESULTS, api, find_for_program, problem
from portal.sdk import ApiOutput, api_fields, requires

_EARLY = {409: "NOT_PUBLISHED: nothing is published of this wave yet."}


class PublicationShown(ApiOutput):
    """The figures as they stand for good, with the hashes that tie them to the sealed answers."""

    released_at = api_fields.Moment()
    signed_at = api_fields.Moment(allow_none=True)
    script_version = api_fields.Text(20)
    seal_hash = api_fields.Text(64)
    figures_hash = api_fields.Text(64)
    figures = fields.Dict(
        metadata={"description": "Whole numbers in the `unit` of each figure; null: not shown."}
    )


@api.call("GET", "/<public_id>/publication", PublicationShown, errors=_EARLY)
@requires(RESULTS)
def publication(public_id: str) -> dict[str, Any]:
    """Show what is published of a wave; the step `publish` publishes it."""
    wave = find_for_program(public_id)
    found = publication_of(wave)
    if found is None:
        raise problem(SurveyError("NOT_PUBLISHED", state=wave.state, version=wave.version))
    names = ("released_at", "signed_at", "script_version", "seal_hash", "figures_hash", "figures")
    return {name: getattr(found, name) for name in names}
