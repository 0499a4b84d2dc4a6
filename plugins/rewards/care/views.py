"""The owners' wish: which care they would rather not have."""

from flask import flash, redirect, request, url_for
from werkzeug.wrappers import Response

from plugins.rewards.blueprint import blueprint
from plugins.rewards.care.declining import decline, wishes_of
from portal.sdk import current_member, current_project, db, gettext, member_only, now, tier_of

__all__ = ["blueprint"]


@blueprint.post("/p/<project>/rewards/benefits/care")
@member_only
def set_care() -> Response:
    """Keep what of the care that is offered is welcome; the rest is declined."""
    member, project, at = current_member(), current_project(), now()
    welcome = set(request.form.getlist("welcome"))
    offered = {wish.kind for wish in wishes_of(member, project, tier_of(member), at)}
    decline(member=member, project=project, kinds=offered - welcome, at=at)
    db.session.commit()
    flash(gettext("Thank you, we keep to that."))
    return redirect(url_for("rewards.benefits"), 303)
