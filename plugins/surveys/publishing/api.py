"""The published results and what is done about them, for programs of owners."""

from typing import Any

from marshmallow import fields

from plugins.surveys.answering.api import api
from plugins.surveys.publishing.reading import Done, actions_of
from plugins.surveys.publishing.service import publication_of
from plugins.surveys.publishing.views import find_public
from portal.sdk import ApiOutput, api_fields, localized, member_only


class ActionListed(ApiOutput):
    """You said, we did; `done_at` is null while it is planned."""

    dimension = api_fields.Text(40)
    said = api_fields.Text()
    did = api_fields.Text()
    done_at = api_fields.Moment(allow_none=True)


class ResultsShown(ApiOutput):
    """The figures as they were published, with their hash, and the actions in their order."""

    id = api_fields.Text(22)
    title = api_fields.Text()
    released_at = api_fields.Moment(allow_none=True)
    signed_at = api_fields.Moment(allow_none=True)
    figures_hash = api_fields.Text(64, allow_none=True)
    figures = fields.Dict(
        metadata={"description": "Whole numbers in the `unit` of each figure; null: not shown."}
    )
    actions = api_fields.list_of(ActionListed)


@api.call("GET", "/<public_id>/results", ResultsShown)
@member_only
def published_results(public_id: str) -> dict[str, Any]:
    """Show the published results of a survey, and what is done about them."""
    wave = find_public(public_id)
    found = publication_of(wave)
    return {
        "id": wave.public_id,
        "title": localized(wave.title),
        "released_at": found.released_at if found else None,
        "signed_at": found.signed_at if found else None,
        "figures_hash": found.figures_hash if found else None,
        "figures": dict(found.figures) if found else {},
        "actions": [_action(each) for each in actions_of(wave)],
    }


def _action(action: Done) -> dict[str, Any]:
    return {
        "dimension": action.dimension,
        "said": localized(action.said),
        "did": localized(action.did),
        "done_at": action.done_at,
    }
