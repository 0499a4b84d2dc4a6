"""The owners' page of what their tier gives, how much of it is left, and which care they want."""

from flask import render_template

from plugins.rewards.benefits.queries import benefits_of
from plugins.rewards.blueprint import blueprint
from plugins.rewards.care.declining import wishes_of
from portal.sdk import current_member, current_project, member_only, now

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/rewards/benefits")
@member_only
def benefits() -> str:
    """Show the benefits of the member's tier with what was had of each."""
    member, project, at = current_member(), current_project(), now()
    found = benefits_of(member, project, at)
    tier = found.tier.key if found.tier else None
    return render_template(
        "rewards/benefits.html", found=found, wishes=wishes_of(member, project, tier, at)
    )
