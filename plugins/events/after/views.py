"""The owners' page after an activity: its photos and the survey."""

from flask import render_template

from plugins.events.after.queries import OVER, PHOTO, care_of, may_look_back
from plugins.events.blueprint import blueprint
from plugins.events.views import find_public
from portal.sdk import current_member, current_project, files_of, member_only

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/events/<public_id>/after")
@member_only
def after(public_id: str) -> str:
    """Show what is left of an activity: photos for residents and who was there, the survey."""
    occurrence = find_public(public_id)
    care = care_of(occurrence)
    may_look = may_look_back(occurrence, current_member(), current_project())
    return render_template(
        "events/after.html",
        occurrence=occurrence,
        over=occurrence.state in OVER,
        survey=care.survey if care else "",
        may_look=may_look,
        files=files_of(kind=PHOTO, keys=[public_id])[public_id] if may_look else (),
    )
