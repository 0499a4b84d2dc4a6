"""The owners' page of published results: what was said, and what is done about it."""

from flask import render_template
from werkzeug.exceptions import NotFound

from plugins.surveys.blueprint import blueprint
from plugins.surveys.models import Wave
from plugins.surveys.publishing.reading import actions_of, find_published, published
from portal.sdk import current_project, member_only

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/surveys/<public_id>/results")
@member_only
def results(public_id: str) -> str:
    """Show the published results of a wave to every member of the project."""
    wave = find_public(public_id)
    return render_template(
        "surveys/results.html", wave=wave, found=published(wave), actions=actions_of(wave)
    )


def find_public(public_id: str) -> Wave:
    """Return a wave with published results. Raises NotFound for any other."""
    found = find_published(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
