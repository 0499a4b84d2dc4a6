"""Following a complaint, and the feed behind a link of one's own."""

from flask import Response as Answer
from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.complaints.blueprint import blueprint
from plugins.complaints.subscribing import service
from plugins.complaints.subscribing.feed import atom, latest
from plugins.complaints.verifying import home_first
from plugins.complaints.views import Page, find_shown
from portal.sdk import (
    current_member,
    current_project,
    current_token,
    db,
    gettext,
    homes_of,
    issue_token,
    member_only,
    open_projects,
    public,
    revoke_tokens,
)

__all__ = ["blueprint"]

PURPOSE = "feed"


@blueprint.post("/p/<project>/complaints/<public_id>/follow")
@member_only
def follow(public_id: str) -> Page:
    """Hear of every answer to a complaint."""
    case, member = find_shown(public_id), current_member()
    if not homes_of(member, current_project()):
        return home_first()
    service.follow(case=case, member=member)
    db.session.commit()
    flash(gettext("You will hear of every answer."))
    return redirect(url_for("complaints.show", public_id=public_id), 303)


@blueprint.post("/p/<project>/complaints/<public_id>/unfollow")
@member_only
def unfollow(public_id: str) -> Response:
    """Hear no more of it."""
    service.unfollow(case=find_shown(public_id), member=current_member())
    db.session.commit()
    flash(gettext("You will hear no more of it."))
    return redirect(url_for("complaints.show", public_id=public_id), 303)


@blueprint.get("/p/<project>/complaints/feed")
@member_only
def subscribe() -> str:
    """Tell how to follow the whole forum in a reader of feeds."""
    return render_template("complaints/feed.html", link=None)


@blueprint.post("/p/<project>/complaints/feed")
@member_only
def make_link() -> Page:
    """Make the link of the member's feed of this project, shown this once; older ones end."""
    member, project = current_member(), current_project()
    if not homes_of(member, project):
        return home_first()
    _withdraw()
    link = issue_token(
        plugin="complaints", purpose=PURPOSE, member=member, subject=project.slug, expires_at=None
    )
    db.session.commit()
    return render_template("complaints/feed.html", link=link)


@blueprint.post("/p/<project>/complaints/feed/withdraw")
@member_only
def withdraw_link() -> Response:
    """End the link of the member's feed of this project."""
    gone = _withdraw()
    db.session.commit()
    flash(gettext("The link is withdrawn.") if gone else gettext("There was no link."))
    return redirect(url_for("complaints.subscribe"), 303)


@blueprint.get("/t/complaints/<token>")
@public
def feed() -> Answer:
    """Send the latest public complaints of a project to who still has a home there."""
    token = current_token()
    here = [each for each in open_projects("complaints") if each.slug == token.subject]
    if token.purpose != PURPOSE or token.member is None or not here:
        raise NotFound
    if not homes_of(token.member, here[0]):
        raise NotFound
    answer = current_app.response_class(
        atom(here[0], latest(here[0])), mimetype="application/atom+xml"
    )
    answer.add_etag()
    answer.make_conditional(request)
    return answer


def _withdraw() -> int:
    """End the links of the member's feed of this project; return how many there were."""
    return revoke_tokens(
        plugin="complaints",
        purpose=PURPOSE,
        member=current_member(),
        subject=current_project().slug,
    )
