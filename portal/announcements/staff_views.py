"""Announcements of a project and of the club: write, look, send, stop."""

from collections.abc import Callable
from typing import Any

from flask import flash, g, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.announcements import queries, service
from portal.announcements.blueprint import blueprint
from portal.announcements.forms import AnnouncementForm
from portal.announcements.models import Announcement, AnnouncementState, Audience
from portal.announcements.service import AnnouncementError, Draft
from portal.extensions import db
from portal.i18n import Text, gettext, lazy

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
SEND = "announcements.send"
STATE_TITLES: dict[str, Text] = {
    AnnouncementState.DRAFT: lazy("Draft"),
    AnnouncementState.SENDING: lazy("Being sent"),
    AnnouncementState.STOPPED: lazy("Stopped"),
    AnnouncementState.SENT: lazy("Sent"),
}


class IllegalStepError(Conflict):
    """A 409 whose page says where the announcement stands now."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.advice = gettext(
            "This announcement stands at “%(state)s” now. Load its page again to go on from there.",
            state=state,
        )


def _both(path: str, endpoint: str, methods: tuple[str, ...] = ("GET",)) -> Callable[..., Any]:
    """Route a view for a project and, as `centre_<endpoint>`, for the whole club."""

    def register(view: Callable[..., Any]) -> Callable[..., Any]:
        view = requires(SEND)(view)
        options: dict[str, Any] = {"methods": list(methods)}
        blueprint.add_url_rule(f"/p/<project>/staff/announcements{path}", endpoint, view, **options)
        blueprint.add_url_rule(
            f"/centre/announcements{path}", f"centre_{endpoint}", view, **options
        )
        return view

    return register


@_both("", "index")
def index() -> str:
    """List the announcements, the newest first."""
    page = queries.page(_place())
    return _render("index.html", page=page, states=queries.standing(page.items))


@_both("/new", "new", ("GET", "POST"))
def new() -> Page:
    """Write an announcement."""
    form = _form()
    if not form.validate_on_submit():
        return _render("edit.html", form=form, announcement=None), 422 if form.errors else 200
    made = service.write(actor=current_account(), project_id=_place(), draft=_draft(form))
    db.session.commit()
    return redirect(_url("show", public_id=made.public_id), 303)


@_both("/<public_id>", "show")
def show(public_id: str) -> str:
    """Show an announcement: its words, how many it is for, how far it has come."""
    announcement = _find(public_id)
    state = queries.standing([announcement])[announcement.id]
    is_open = state in (AnnouncementState.DRAFT, AnnouncementState.STOPPED)
    count = queries.count_recipients(announcement) if is_open else announcement.total
    return _render("show.html", announcement=announcement, state=state, count=count)


@_both("/<public_id>/edit", "edit", ("GET", "POST"))
def edit(public_id: str) -> Page:
    """Change a draft."""
    announcement = _find(public_id)
    form = _form()
    if request.method == "GET":
        form.audience.data = announcement.audience
        form.building.data = str(announcement.building_id or "")
        form.fill_texts("subject", announcement.subject)
        form.fill_texts("body", announcement.body)
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return _render("edit.html", form=form, announcement=announcement), status
    _do(lambda: service.rewrite(
        actor=current_account(), announcement=announcement, draft=_draft(form)
    ))  # fmt: skip
    return redirect(_url("show", public_id=public_id), 303)


@_both("/<public_id>/send", "send", ("POST",))
def send(public_id: str) -> Response:
    """Send a draft, or go on with one that was stopped."""
    announcement = _find(public_id)
    _do(lambda: service.send(actor=current_account(), announcement=announcement))
    flash(gettext("The announcement is on its way."))
    return redirect(_url("show", public_id=public_id), 303)


@_both("/<public_id>/stop", "stop", ("POST",))
def stop(public_id: str) -> Response:
    """Stop the sending."""
    announcement = _find(public_id)
    _do(lambda: service.stop(actor=current_account(), announcement=announcement))
    flash(gettext("Stopped. Who has not been told yet hears nothing."))
    return redirect(_url("show", public_id=public_id), 303)


def _do(act: Callable[[], None]) -> None:
    try:
        act()
    except AnnouncementError as error:
        db.session.rollback()
        raise IllegalStepError(str(STATE_TITLES[error.state])) from error
    db.session.commit()


def _place() -> int | None:
    project = g.get("project")
    return project.id if project is not None else None


def _find(public_id: str) -> Announcement:
    found = queries.find(_place(), public_id)
    if found is None:
        raise NotFound
    return found


def _form() -> AnnouncementForm:
    place = _place()
    form = AnnouncementForm(audience=Audience.OWNERS)
    return form.offer(None if place is None else queries.buildings(place))


def _draft(form: AnnouncementForm) -> Draft:
    return Draft(
        audience=Audience(form.audience.data),
        building_id=form.building_id,
        subject=form.texts("subject"),
        body=form.texts("body"),
    )


def _url(endpoint: str, **values: Any) -> str:
    prefix = "" if _place() is not None else "centre_"
    return url_for(f"announcements.{prefix}{endpoint}", **values)


def _render(template: str, **values: object) -> str:
    return render_template(
        f"announcements/{template}", link=_url, state_titles=STATE_TITLES, **values
    )
