"""What staff read of an activity's registrations, and of who waits for it."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.events.asking.queries import with_said
from plugins.events.models import Counted, Occurrence, Quota, Registration, SeatRow
from plugins.events.queries import ListFilter
from plugins.events.states import AT_THE_DOOR, LIVE, Counts, Seat
from portal.sdk import Page, db, page_of

_AT_ONCE = 500


def with_first_name(occurrence: Occurrence) -> sa.Select[Any]:
    """Select (registration, name of its first seat) of an activity, with what it said."""
    first = _names().order_by(SeatRow.id).limit(1).scalar_subquery()
    mine = sa.select(Registration, first).options(*with_said())
    return mine.where(Registration.occurrence_id == occurrence.id)


def parties(occurrence: Occurrence, wanted: ListFilter) -> sa.Select[Any]:
    """Select (registration, name of its first seat) of an activity, as filtered."""
    statement = with_first_name(occurrence)
    if wanted.state:
        statement = statement.where(Registration.state == wanted.state)
    if wanted.search:
        plain = wanted.search.replace(" ", "").replace("-", "").upper()
        statement = statement.where(
            sa.or_(
                _names().where(SeatRow.name.contains(wanted.search, autoescape=True)).exists(),
                Registration.ticket.contains(plain, autoescape=True),
            )
        )
    return statement


def _names() -> sa.Select[Any]:
    return sa.select(SeatRow.name).where(SeatRow.registration_id == Registration.id)


def page_of_parties(occurrence: Occurrence, wanted: ListFilter) -> Page[Any]:
    """Return a page of an activity's registrations, the oldest first."""
    return page_of(parties(occurrence, wanted), Registration.created_at, Registration.id)


def all_parties(occurrence: Occurrence, wanted: ListFilter) -> Iterator[tuple[Registration, str]]:
    """Return every registration as filtered, read 500 at a time."""
    statement = parties(occurrence, wanted).order_by(Registration.created_at, Registration.id)
    for row in db.session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        yield row[0], row[1]


def chosen(occurrence: Occurrence) -> tuple[list[Quota], dict[tuple[int, int], int]]:
    """Return the quotas of what members may choose, and for how many persons each party chose it,
    by the ids of registration and quota."""
    mine = sa.select(Quota).where(
        Quota.occurrence_id == occurrence.id, Quota.counts == Counts.CHOSEN
    )
    quotas = list(db.session.scalars(mine.order_by(Quota.key)))
    rows = db.session.execute(
        sa.select(Counted.registration_id, Counted.quota_id, Counted.seats).where(
            Counted.quota_id.in_([quota.id for quota in quotas])
        )
    )
    return quotas, {(row[0], row[1]): row[2] for row in rows}


def party(project_id: int, occurrence: Occurrence, public_id: str) -> Registration | None:
    """Return a registration of this activity."""
    return db.session.scalar(
        sa.select(Registration).where(
            Registration.public_id == public_id,
            Registration.project_id == project_id,
            Registration.occurrence_id == occurrence.id,
        )
    )


def counts(occurrence: Occurrence) -> dict[str, tuple[int, int]]:
    """Return (parties, refundable milli-points) by state of registration."""
    rows = db.session.execute(
        sa.select(
            Registration.state,
            sa.func.count(),
            sa.func.sum(Registration.charged - Registration.refunded + Registration.deposit),
        )
        .where(Registration.occurrence_id == occurrence.id)
        .group_by(Registration.state)
    )
    return {state: (number, int(points or 0)) for state, number, points in rows}


def before(registration: Registration) -> int:
    """Return how many parties wait before this one."""
    earlier = sa.or_(
        Registration.queued_at < registration.queued_at,
        sa.and_(
            Registration.queued_at == registration.queued_at, Registration.id < registration.id
        ),
    )
    waiting = sa.select(sa.func.count(Registration.id)).where(
        Registration.occurrence_id == registration.occurrence_id,
        Registration.state == Seat.WAITING,
        earlier,
    )
    return db.session.scalar(waiting) or 0


def pending_page(occurrence: Occurrence) -> Page[Any]:
    """Return a page of (registration, name) of who asks for a place, the first to ask first."""
    asking = with_first_name(occurrence).where(Registration.state == Seat.PENDING)
    return page_of(asking, Registration.created_at, Registration.id)


def queue_page(occurrence: Occurrence) -> Page[Any]:
    """Return a page of (registration, name) of who waits, in their order."""
    waiting = with_first_name(occurrence).where(Registration.state == Seat.WAITING)
    return page_of(waiting, Registration.queued_at, Registration.id)


def offers(occurrence: Occurrence) -> list[tuple[Registration, str]]:
    """Return up to 50 offers (registration, name) that are not answered yet, the first to end."""
    held = with_first_name(occurrence).where(Registration.state == Seat.HELD)
    rows = db.session.execute(held.order_by(Registration.offer_until, Registration.id).limit(50))
    return [(row[0], row[1]) for row in rows]


@dataclass(frozen=True)
class AtDoor:
    """A party as the door sees it: the registration with its activity, and each person's seat."""

    registration: Registration
    seats: list[SeatRow]


def by_ticket(project_id: int, ticket: str) -> AtDoor | None:
    """Return the party of a ticket of this project, whatever it is for."""
    found = _parties_with_seats(
        Registration.project_id == project_id, Registration.ticket == ticket
    )
    return found[0] if found else None


def by_tickets(project_id: int, tickets: Collection[str]) -> dict[str, AtDoor]:
    """Return the parties of tickets of this project, by ticket, in one statement."""
    found = _parties_with_seats(
        Registration.project_id == project_id, Registration.ticket.in_(tickets)
    )
    return {each.registration.ticket: each for each in found}


def all_at_door(occurrence: Occurrence) -> list[AtDoor]:
    """Return every party of an activity, also who cancelled: a phone at the door knows them all."""
    return _parties_with_seats(Registration.occurrence_id == occurrence.id)


def by_name(occurrence: Occurrence, name: str) -> list[AtDoor]:
    """Return up to 20 parties of an activity in which somebody is called like that."""
    called = SeatRow.name.contains(name, autoescape=True)
    mine = sa.select(SeatRow.registration_id).where(SeatRow.occurrence_id == occurrence.id, called)
    ids = mine.where(SeatRow.state.in_(LIVE)).distinct().limit(20)
    return _parties_with_seats(Registration.id.in_(ids))


def _parties_with_seats(*conditions: sa.ColumnElement[bool]) -> list[AtDoor]:
    rows = db.session.execute(
        sa.select(Registration, SeatRow)
        .options(joinedload(Registration.occurrence), *with_said())
        .join(SeatRow, SeatRow.registration_id == Registration.id)
        .where(*conditions)
        .order_by(Registration.created_at, Registration.id, SeatRow.id)
        # Whoever has locked the quotas reads how things stand.
        .execution_options(populate_existing=True)
    )
    parties: dict[int, AtDoor] = {}
    for registration, seat in rows:
        parties.setdefault(registration.id, AtDoor(registration, [])).seats.append(seat)
    return list(parties.values())


def came_in(occurrence: Occurrence) -> tuple[int, int]:
    """Return how many persons are in, and how many are expected in all."""
    inside = sa.func.count(SeatRow.id).filter(SeatRow.state == Seat.ATTENDED)
    row = db.session.execute(
        sa.select(inside, sa.func.count(SeatRow.id)).where(
            SeatRow.occurrence_id == occurrence.id, SeatRow.state.in_(AT_THE_DOOR)
        )
    ).one()
    return row[0], row[1]
