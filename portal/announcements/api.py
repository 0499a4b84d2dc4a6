"""Announcements of a project and of the club, for programs: write, count, send, stop, go on."""

from collections.abc import Callable
from typing import Any

from flask import g
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.announcements import queries, service
from portal.announcements.forms import AnnouncementForm
from portal.announcements.models import Announcement, AnnouncementState, Audience
from portal.announcements.service import AnnouncementError, Draft
from portal.announcements.staff_views import SEND, STATE_TITLES
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Input, Moment, Output, Text, Whole, list_of, texts_of
from portal.api.forms import checked, form_over
from portal.api.paging import page_schema, paged
from portal.api.problems import conflict, invalid
from portal.extensions import db
from portal.i18n import gettext

blueprint = ApiBlueprint(
    "announcements_api", "portal.announcements", url_prefix="/api/v1", title="Announcements"
)
_MOVED = {409: "The announcement stands elsewhere now (`state`), where this is not possible."}
_MOST = 10**9


class AnnouncementShown(Output):
    """An announcement: its words, and how far it has come."""

    id = Text(22)
    audience = Choice(Audience)
    building = Text(40, allow_none=True, metadata={"description": "Its name."})
    state = Choice(AnnouncementState)
    state_title = Text()
    subject = texts_of(80)
    body = texts_of(1000)
    total = Whole(0, _MOST, metadata={"description": "For how many it was when it was sent."})
    told = Whole(0, _MOST, metadata={"description": "How many were told so far."})
    created_at = Moment()
    sent_at = Moment(allow_none=True)
    ended_at = Moment(allow_none=True)


class AnnouncementCounted(AnnouncementShown):
    """An announcement, and for how many it is now."""

    recipients = Whole(0, _MOST)


class AnnouncementWish(Input):
    """To whom, and what: subject and body by language, the club's main language always."""

    audience = Choice(Audience, required=True)
    building = Text(
        40,
        metadata={
            "description": "With audience building: its name; see …/announcements/buildings."
        },
    )
    subject = texts_of(80, required=True)
    body = texts_of(1000, required=True)


class BuildingNames(Output):
    """The buildings that can be told."""

    items = list_of(Text(40))


def _both(method: str, path: str, *schema: Any, **options: Any) -> Callable[..., Any]:
    """Declare a call for a project and, as `centre_<name>`, for the whole club."""

    def declare(view: Callable[..., Any]) -> Callable[..., Any]:
        view = requires(SEND)(view)
        name = view.__name__
        for prefix, place in (("", "/p/<project>/staff"), ("centre_", "/centre")):
            rule, endpoint = f"{place}/announcements{path}", f"{prefix}{name}"
            blueprint.call(method, rule, *schema, endpoint=endpoint, **options)(view)
        return view

    return declare


@_both("GET", "", page_schema(AnnouncementShown), paged=True)
def index() -> Any:
    """List the announcements, the newest first."""
    return paged(queries.page(_place()), _shown)


@blueprint.call("GET", "/p/<project>/staff/announcements/buildings", BuildingNames)
@requires(SEND)
def buildings() -> dict[str, Any]:
    """List the buildings that can be told on their own."""
    return {"items": [each.name for each in queries.buildings(_place() or 0)]}


@_both("POST", "", AnnouncementCounted, status=201, body=AnnouncementWish)
def write(body: dict[str, Any]) -> dict[str, Any]:
    """Write a draft; the answer tells for how many it is. Nobody is told yet."""
    made = service.write(actor=current_account(), project_id=_place(), draft=_draft(body))
    public_id = made.public_id
    db.session.commit()
    return _counted(_find(public_id))


@_both("GET", "/<public_id>", AnnouncementCounted)
def show(public_id: str) -> dict[str, Any]:
    """Show an announcement: its words, for how many it is, how far it has come."""
    return _counted(_find(public_id))


@_both("PUT", "/<public_id>", AnnouncementCounted, body=AnnouncementWish, errors=_MOVED)
def rewrite(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change a draft."""
    _find(public_id)
    return _do(public_id, service.rewrite, draft=_draft(body))


@_both("POST", "/<public_id>/send", AnnouncementCounted, status=202, errors=_MOVED)
def send(public_id: str) -> dict[str, Any]:
    """Send a draft, or go on with one that was stopped."""
    return _do(public_id, service.send)


@_both("POST", "/<public_id>/stop", AnnouncementCounted, errors=_MOVED)
def stop(public_id: str) -> dict[str, Any]:
    """Stop the sending; who has not been told yet hears nothing."""
    return _do(public_id, service.stop)


def _do(public_id: str, act: Callable[..., None], **values: Any) -> dict[str, Any]:
    try:
        act(actor=current_account(), announcement=_find(public_id), **values)
    except AnnouncementError as error:
        db.session.rollback()
        sentence = gettext(
            "This announcement stands at “%(state)s” now.", state=STATE_TITLES[error.state]
        )
        raise conflict("illegal_step", sentence, state=error.state) from error
    db.session.commit()
    return _counted(_find(public_id))


def _place() -> int | None:
    project = g.get("project")
    return project.id if project is not None else None


def _find(public_id: str) -> Announcement:
    found = queries.find(_place(), public_id)
    if found is None:
        raise NotFound
    return found


def _draft(body: dict[str, Any]) -> Draft:
    place = _place()
    offered = None if place is None else queries.buildings(place)
    chosen = [each.id for each in offered or () if each.name == body.get("building")]
    if "building" in body and not chosen:
        raise invalid(building=gettext("There is no such building."))
    values = {
        "audience": body["audience"],
        "building": chosen[0] if chosen else None,
        **{
            f"{name}_{language}": text
            for name in ("subject", "body")
            for language, text in body[name].items()
        },
    }
    form = checked(form_over(AnnouncementForm, values).offer(offered))
    return Draft(
        audience=Audience(form.audience.data),
        building_id=form.building_id,
        subject=form.texts("subject"),
        body=form.texts("body"),
    )


def _counted(found: Announcement) -> dict[str, Any]:
    is_open = found.state in (AnnouncementState.DRAFT, AnnouncementState.STOPPED)
    count = queries.count_recipients(found) if is_open else found.total
    return {**_shown(found), "recipients": count}


def _shown(found: Announcement) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "audience": found.audience,
        "building": queries.building_name(found),
        "state": found.state,
        "state_title": str(STATE_TITLES[found.state]),
        "subject": found.subject,
        "body": found.body,
        "total": found.total,
        "told": found.told,
        "created_at": found.created_at,
        "sent_at": found.sent_at,
        "ended_at": found.ended_at,
    }
