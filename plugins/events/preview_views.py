"""The staff's preview of an activity: as owners will see it, and as one member will at a time."""

from datetime import datetime

from flask import render_template, request
from werkzeug.exceptions import NotFound

from plugins.events import queries
from plugins.events.asking.answers import Sheet
from plugins.events.asking.questions import questions_of
from plugins.events.blueprint import staff
from plugins.events.models import Occurrence
from plugins.events.on_behalf_views import member_of_phone
from plugins.events.pages import OwnerPage
from plugins.events.showing import from_local, moment, to_local
from plugins.events.states import State
from plugins.events.views import page_for
from portal.sdk import current_project, db, gettext, household_of, now, requires

__all__ = ["staff"]


@staff.get("/p/<project>/staff/events/<public_id>/preview")
@requires("events.manage")
def preview(public_id: str) -> str:
    """Show an activity as owners will see it."""
    found = queries.find_with_quotas(current_project().id, public_id)
    if found is None:
        raise NotFound
    occurrence, quotas = found
    _as_published(occurrence)
    costs = occurrence.price + occurrence.deposit
    page = OwnerPage.of(queries.Found(occurrence, quotas, 0, []), None, costs, now())
    return _shown(page)


@staff.post("/p/<project>/staff/events/<public_id>/preview")
@requires("events.manage")
def preview_as(public_id: str) -> str | tuple[str, int]:
    """Show an activity as the member with this phone will see it at a time; nothing is written."""
    project, form = current_project(), request.form
    whole = queries.find_with_quotas(project.id, public_id)
    if whole is None:
        raise NotFound
    at = _moment(form.get("at", ""))
    member = member_of_phone(form.get("phone", ""))
    if at is None or member is None:
        said = gettext("No member with a home here signs in with this number.")
        if at is None:
            said = gettext("Choose a day and a time.")
        page = OwnerPage.of(queries.Found(whole[0], whole[1], 0, []), None, 0, now())
        return _shown(page, refused=said), 422
    home = household_of(member, project)
    found = queries.find_with_seats(project.id, public_id, member, home.tier, at)
    if found is None:
        raise NotFound
    _as_published(found.occurrence)
    page = page_for(found, member, project, home, at)
    return _shown(page, who=gettext("%(name)s on %(at)s", name=member.name, at=moment(at)))


def _moment(text: str) -> datetime | None:
    try:
        typed = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return from_local(typed, current_project()) if 2000 <= typed.year <= 2100 else None


def _as_published(occurrence: Occurrence) -> None:
    if occurrence.state in (State.DRAFT, State.IN_REVIEW):
        # As it will be once it is published; this page only reads.
        db.session.expunge(occurrence)
        occurrence.state = State.SCHEDULED


def _shown(page: OwnerPage, refused: str | None = None, who: str = "") -> str:
    typed = request.form
    return render_template(
        "events/show.html",
        page=page,
        refused=refused,
        preview=True,
        typed={},
        sheet=Sheet(questions_of(page.occurrence.event)),
        ticked=[each.mate.key for each in page.candidates[:1]],
        who=who,
        phone=typed.get("phone", ""),
        at=typed.get("at") or to_local(now(), current_project()).strftime("%Y-%m-%dT%H:%M"),
    )
