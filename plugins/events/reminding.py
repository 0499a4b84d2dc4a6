"""Reminders before the beginning and thanks after the end: each once a person, none after
cancelling."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.events.after.models import Care, Reminded
from plugins.events.after.plan import AFTER, LATEST, MOST_HOURS, Plan
from plugins.events.models import Occurrence, Registration, SeatRow
from plugins.events.states import Seat, State
from plugins.events.telling import tell
from portal.sdk import (
    JobRun,
    MemberRef,
    ProjectRef,
    db,
    find_members,
    notify,
    now,
    open_projects,
    plugin_settings,
)

_BATCH = 100
_BEFORE = (State.SCHEDULED, State.OPEN, State.CLOSED)
_OVER = (State.ENDED, State.SETTLED)


def remind(run: JobRun) -> None:
    """Tell the members of every project what is due."""
    at = now()
    for project in open_projects("events"):
        for occurrence, kind in list(_due(project, at)):
            while number := _tell_some(project, occurrence, kind):
                run.checkpoint(done=run.done + number)


def _due(project: ProjectRef, at: datetime) -> Iterator[tuple[Occurrence, str]]:
    soon = sa.and_(
        Occurrence.state.in_(_BEFORE),
        Occurrence.starts_at > at,
        Occurrence.starts_at <= at + timedelta(hours=MOST_HOURS),
    )
    past = sa.and_(
        Occurrence.state.in_(_OVER), Occurrence.ends_at <= at, Occurrence.ends_at > at - LATEST
    )
    rows = db.session.execute(
        sa.select(Occurrence, Care)
        .outerjoin(Care, Care.occurrence_id == Occurrence.id)
        .where(Occurrence.project_id == project.id, sa.or_(soon, past))
        .order_by(Occurrence.starts_at, Occurrence.id)
    ).all()
    settings = plugin_settings("events", project)
    for occurrence, care in rows:
        kind = Plan.of(care, settings).due(occurrence, at)
        if kind is not None:
            yield occurrence, kind


def _tell_some(project: ProjectRef, occurrence: Occurrence, kind: str) -> int:
    told = sa.exists().where(Reminded.seat_id == SeatRow.id, Reminded.kind == kind)
    rows = db.session.execute(
        sa.select(SeatRow, Registration)
        .join(Registration, Registration.id == SeatRow.registration_id)
        .where(
            SeatRow.occurrence_id == occurrence.id,
            SeatRow.state == (Seat.ATTENDED if kind == AFTER else Seat.CONFIRMED),
            SeatRow.member_id.is_not(None),
            ~told,
        )
        .order_by(SeatRow.id)
        .limit(_BATCH)
    ).all()
    members = find_members({row[0].member_id for row in rows})
    for seat, registration in rows:
        try:
            with db.session.begin_nested():
                db.session.add(Reminded(seat_id=seat.id, kind=kind, project_id=project.id))
        except IntegrityError:
            # Another run was quicker.
            continue
        _tell(kind, seat, registration, occurrence, members[seat.member_id], project)
    return len(rows)


def _tell(
    kind: str,
    seat: SeatRow,
    registration: Registration,
    occurrence: Occurrence,
    member: MemberRef,
    project: ProjectRef,
) -> None:
    if kind == AFTER:
        notify(
            members=[member],
            kind="events.thanks",
            cause=f"events.thanks:{seat.public_id}",
            project=project,
            values={"title": dict(occurrence.event.title)},
            url=f"/p/{project.slug}/events/{occurrence.public_id}/after",
        )
        return
    # A new date is a new reminder; asked twice for one date, it is told once.
    number = kind.removeprefix("before:")
    again = "" if number == "1" else f":{number}"
    cause = f"{seat.public_id}:{occurrence.starts_at:%Y%m%d%H%M}{again}"
    place, starts = dict(occurrence.event.place), occurrence.starts_at
    tell(
        "events.reminder", registration, occurrence, member, project,
        cause=cause, starts=starts, place=place,
    )  # fmt: skip


def forget_reminders(occurrence: Occurrence) -> None:
    """Let who has a seat be reminded anew, after the date has changed."""
    seats = sa.select(SeatRow.id).where(SeatRow.occurrence_id == occurrence.id)
    db.session.execute(
        sa.delete(Reminded).where(Reminded.seat_id.in_(seats), Reminded.kind != AFTER)
    )
