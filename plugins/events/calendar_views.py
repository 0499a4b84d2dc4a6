"""Calendars: the file of a ticket, a member's own feed, and the links to it."""

from datetime import timedelta

from flask import Response as Answer
from flask import current_app, flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.events import queries
from plugins.events.blueprint import blueprint
from plugins.events.calendars import calendar_of
from portal.sdk import (
    current_member,
    current_project,
    current_token,
    db,
    gettext,
    issue_token,
    member_only,
    now,
    open_projects,
    public,
    revoke_tokens,
)

__all__ = ["blueprint"]

PURPOSE = "calendar"
_LOOK_BACK = timedelta(days=90)


@blueprint.get("/p/<project>/events/tickets/<public_id>/calendar.ics")
@member_only
def ticket_calendar(public_id: str) -> Answer:
    """Send a ticket's activity as a file for the member's calendar."""
    project = current_project()
    found = queries.ticket(project.id, current_member().id, public_id)
    if found is None:
        raise NotFound
    answer = _answer(calendar_of([(found, project)], gettext("Activities")))
    answer.headers["Content-Disposition"] = 'attachment; filename="activity.ics"'
    return answer


@blueprint.get("/p/<project>/events/calendar")
@member_only
def calendar() -> str:
    """Tell how to subscribe to one's own activities."""
    return render_template("events/calendar.html", link=None)


@blueprint.post("/p/<project>/events/calendar")
@member_only
def make_link() -> str:
    """Make the link of the member's feed, which is shown this once; older ones end."""
    member = current_member()
    revoke_tokens(plugin="events", purpose=PURPOSE, member=member)
    link = issue_token(plugin="events", purpose=PURPOSE, member=member, expires_at=None)
    db.session.commit()
    return render_template("events/calendar.html", link=link)


@blueprint.post("/p/<project>/events/calendar/withdraw")
@member_only
def withdraw_link() -> Response:
    """End the links of the member's feed."""
    gone = revoke_tokens(plugin="events", purpose=PURPOSE, member=current_member())
    db.session.commit()
    flash(gettext("The link is withdrawn.") if gone else gettext("There was no link."))
    return redirect(url_for("events.calendar"), 303)


@blueprint.get("/t/events/<token>")
@public
def feed() -> Answer:
    """Send a member's activities, registered and waited for, to a calendar that subscribes."""
    token = current_token()
    if token.purpose != PURPOSE or token.member is None:
        raise NotFound
    projects = {project.id: project for project in open_projects("events")}
    found = queries.for_calendar(token.member.id, list(projects), now() - _LOOK_BACK)
    pairs = [(each, projects[each.project_id]) for each in found]
    return _answer(calendar_of(pairs, gettext("My activities")))


def _answer(content: bytes) -> Answer:
    answer = current_app.response_class(content, mimetype="text/calendar")
    answer.add_etag()
    answer.make_conditional(request)
    return answer
