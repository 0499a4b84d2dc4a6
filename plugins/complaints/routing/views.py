"""The staff's page of hands: who has how many cases, hand-over of all, who stands in."""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256

import sqlalchemy as sa
from flask import flash, redirect, render_template, url_for
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response

from plugins.complaints.blueprint import staff
from plugins.complaints.errors import CaseError
from plugins.complaints.models import StandIn
from plugins.complaints.routing import service
from plugins.complaints.routing.forms import Choices, HandOverForm, StandInForm
from plugins.complaints.routing.service import HANDLE
from plugins.complaints.setting_views import SET_UP
from plugins.complaints.words import REFUSALS
from portal.sdk import (
    StaffRef,
    colleagues,
    current_account,
    current_project,
    db,
    gettext,
    may,
    ngettext,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response


@dataclass(frozen=True)
class Hands:
    """Who works with complaints here by public id, and whose cases the reader may give away."""

    here: dict[str, StaffRef]
    holders: dict[str, tuple[int, str, int]]

    @property
    def giving(self) -> Choices:
        """The choices of whose cases go elsewhere."""
        return [(key, f"{name} · {number}") for key, (_, name, number) in self.holders.items()]

    @property
    def taking(self) -> Choices:
        """The choices of who may get cases."""
        return [(key, each.name) for key, each in self.here.items()]

    @property
    def absent(self) -> Choices:
        """The choices of whose absence the reader may note down."""
        own = current_account().id
        return [
            (key, each.name) for key, each in self.here.items() if may(SET_UP) or each.id == own
        ]


@staff.get("/p/<project>/staff/complaints/hands")
@requires(HANDLE)
def hands() -> str:
    """Show whose hands the cases are in, and who stands in for whom."""
    return _page(hands_here())


@staff.post("/p/<project>/staff/complaints/hands/over")
@requires(HANDLE)
def hand_over() -> Page:
    """Hand all running cases of a colleague, or one's own, to another."""
    found, form = hands_here(), HandOverForm()
    form.offer(found.giving, found.taking)
    if not form.validate_on_submit():
        return _page(found, over=form), 422

    def act() -> str:
        done, left = service.hand_over(
            actor=current_account(),
            project=current_project(),
            from_id=found.holders[form.holder.data][0],
            to=found.here[form.to.data],
            reason=form.body.data or "",
        )
        said = ngettext("%(num)d case handed over.", "%(num)d cases handed over.", done)
        more = gettext("%(number)s are left: send it again.", number=left) if left else ""
        return f"{said} {more}".strip()

    return _done(act, lambda refused: _page(found, over=form, refused=refused))


@staff.post("/p/<project>/staff/complaints/hands/stand-in")
@requires(HANDLE)
def stand_in() -> Page:
    """Say who gets a colleague's new complaints while they are away."""
    found, form = hands_here(), StandInForm()
    form.offer(found.absent, found.taking)
    if not form.validate_on_submit() or not form.since.data or not form.until.data:
        return _page(found, away=form), 422
    since, until = form.since.data, form.until.data

    def act() -> str:
        service.keep_stand_in(
            actor=current_account(),
            project=current_project(),
            absent=found.here[form.absent.data],
            taker=found.here[form.taker.data],
            since=since,
            until=until,
        )
        return gettext("Kept. New complaints go there on these days.")

    return _done(act, lambda refused: _page(found, away=form, refused=refused))


@staff.post("/p/<project>/staff/complaints/hands/<public_id>/end")
@requires(HANDLE)
def end_stand_in(public_id: str) -> Response:
    """Let a colleague, or oneself, get new complaints again."""
    found = db.session.scalar(
        sa.select(StandIn).where(
            StandIn.public_id == public_id, StandIn.project_id == current_project().id
        )
    )
    if found is None:
        raise NotFound
    if not may(SET_UP) and found.absent_id != current_account().id:
        raise Forbidden
    service.end_stand_in(actor=current_account(), stand_in=found)
    db.session.commit()
    flash(gettext("Ended."))
    return redirect(url_for("complaints_staff.hands"), 303)


def hands_here() -> Hands:
    """Return who works with complaints here, and whose cases the reader may give away.

    Who set the project up gives away everybody's, also of who has left; others only their own.
    """
    project, own = current_project(), current_account().id
    here = {each.public_id: each for each in colleagues(HANDLE, project)}
    keys = {each.id: key for key, each in here.items()}
    holders = {
        keys.get(number) or _key(number): (number, name, many)
        for number, (name, many) in service.holders(project).items()
        if may(SET_UP) or number == own
    }
    return Hands(here, holders)


def _key(account_id: int) -> str:
    """Return what stands for an account that works here no more: the plugin knows its id only."""
    return "left-" + sha256(f"{current_project().slug}:{account_id}".encode()).hexdigest()[:16]


def _done(act: Callable[[], str], again: Callable[[str], str]) -> Page:
    try:
        said = act()
    except CaseError as error:
        db.session.rollback()
        return again(error.code), 409 if error.code == "STALE" else 422
    db.session.commit()
    flash(said)
    return redirect(url_for("complaints_staff.hands"), 303)


def _page(
    found: Hands,
    *,
    over: HandOverForm | None = None,
    away: StandInForm | None = None,
    refused: str = "",
) -> str:
    over, away = over or HandOverForm(formdata=None), away or StandInForm(formdata=None)
    over.offer(found.giving, found.taking)
    away.offer(found.absent, found.taking)
    return render_template(
        "complaints/hands.html",
        hands=found,
        over=over,
        away=away,
        stand_ins=service.stand_ins(current_project()),
        own=current_account().id,
        refused=REFUSALS.get(refused),
    )
