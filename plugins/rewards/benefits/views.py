"""The owners' page of what their tier gives, and how much of it is left."""

from flask import render_template

from plugins.rewards.benefits.queries import benefits_of
from plugins.rewards.blueprint import blueprint
from portal.sdk import current_member, current_project, member_only, now

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/rewards/benefits")
@member_only
def benefits() -> str:
    """Show the benefits of the member's tier with what was had of each."""
    found = benefits_of(current_member(), current_project(), now())
    return render_template("rewards/benefits.html", found=found)
