"""What is read: lists, one activity, one's own registrations. Every statement is bounded."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.events.models import Event, LogEntry, Occurrence, Quota, Registration, SeatRow
from plugins.events.states import COMING, LIVE, PUBLIC, State
from plugins.events.words import CATEGORIES
from portal.sdk import Page, db, page_of

_AT_ONCE = 500
_GONE = tuple(state for state in PUBLIC if state not in COMING)


@dataclass(frozen=True)
class ListFilter:
    """What a list is narrowed to, read from an address; what is unknown counts as not given."""

    search: str = ""
    state: str = ""
    category: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str], states: Sequence[str]) -> "ListFilter":
        """Read `?q=`, `?state=` and `?category=`."""
        state, category = args.get("state", ""), args.get("category", "")
        return cls(
            args.get("q", "").strip()[:60].replace("\0", ""),
            state if state in states else "",
            category if category in CATEGORIES else "",
        )

    def args(self, **changed: str) -> dict[str, str]:
        """Return the filter as an address' arguments, some of them changed."""
        mine = {"q": self.search, "state": self.state, "category": self.category} | changed
        return {key: value for key, value in mine.items() if value}


def coming(project_id: int, member_id: int, wanted: ListFilter) -> Page[Any]:
    """Return a page of (activity, quota, whether the member goes) of what owners may look forward
    to, or (`past`) look back on."""
    past = wanted.state == "past"
    return page_of(
        _narrowed(project_id, wanted)
        .add_columns(_goes(member_id))
        .where(Occurrence.state.in_(_GONE if past else COMING)),
        Occurrence.starts_at,
        Occurrence.id,
        descending=past,
    )


def managed(project_id: int, wanted: ListFilter) -> Page[Any]:
    """Return a page of (activity, quota) for the staff, the latest date first."""
    statement = _narrowed(project_id, wanted)
    if wanted.state:
        statement = statement.where(Occurrence.state == wanted.state)
    return page_of(statement, Occurrence.starts_at, Occurrence.id, descending=True)


def _narrowed(project_id: int, wanted: ListFilter) -> sa.Select[Any]:
    statement = (
        sa.select(Occurrence, Quota)
        .join(Event, Event.id == Occurrence.event_id)
        .join(Quota, sa.and_(Quota.occurrence_id == Occurrence.id, Quota.key == "total"))
        .where(Occurrence.project_id == project_id)
    )
    if wanted.category:
        statement = statement.where(Event.category == wanted.category)
    for word in wanted.search.lower().split():
        statement = statement.where(Event.words.contains(word, autoescape=True))
    return statement


def find(project_id: int, public_id: str) -> Occurrence | None:
    """Return an activity of this project."""
    return db.session.scalar(
        sa.select(Occurrence).where(
            Occurrence.public_id == public_id, Occurrence.project_id == project_id
        )
    )


def find_with_quotas(project_id: int, public_id: str) -> tuple[Occurrence, list[Quota]] | None:
    """Return an activity of this project with its quotas, in one statement."""
    rows = db.session.execute(
        sa.select(Occurrence, Quota)
        .join(Quota, Quota.occurrence_id == Occurrence.id)
        .where(Occurrence.public_id == public_id, Occurrence.project_id == project_id)
        .order_by(Quota.id)
    ).all()
    return (rows[0][0], [row[1] for row in rows]) if rows else None


def live_registration(occurrence_id: int, member_id: int) -> Registration | None:
    """Return a member's registration that counts."""
    return db.session.scalar(
        sa.select(Registration).where(
            Registration.occurrence_id == occurrence_id,
            Registration.member_id == member_id,
            Registration.state.in_(LIVE),
        )
    )


def _goes(member_id: int) -> sa.ColumnElement[bool]:
    mine = sa.select(Registration.id).where(
        Registration.occurrence_id == Occurrence.id,
        Registration.member_id == member_id,
        Registration.state.in_(LIVE),
    )
    return mine.exists()


def mine(project_id: int, member_id: int) -> Page[Any]:
    """Return a page of a member's registrations, the newest first."""
    return page_of(
        sa.select(Registration)
        .options(joinedload(Registration.occurrence))
        .where(Registration.member_id == member_id, Registration.project_id == project_id),
        Registration.created_at,
        Registration.id,
        descending=True,
    )


def ticket(project_id: int, member_id: int, public_id: str) -> Registration | None:
    """Return a member's own registration with its activity."""
    return db.session.scalar(
        sa.select(Registration)
        .options(joinedload(Registration.occurrence))
        .where(
            Registration.public_id == public_id,
            Registration.project_id == project_id,
            Registration.member_id == member_id,
        )
    )


def seats_of(registration: Registration) -> Sequence[SeatRow]:
    """Return the seats of a party."""
    mine = sa.select(SeatRow).where(SeatRow.registration_id == registration.id)
    return db.session.scalars(mine.order_by(SeatRow.id)).all()


def parties(occurrence: Occurrence, wanted: ListFilter) -> sa.Select[Any]:
    """Select (registration, name of its first seat) of an activity, as filtered."""
    statement = (
        sa.select(Registration, SeatRow.name)
        .join(
            SeatRow,
            sa.and_(
                SeatRow.registration_id == Registration.id,
                SeatRow.member_id == Registration.member_id,
            ),
        )
        .where(Registration.occurrence_id == occurrence.id)
    )
    if wanted.state:
        statement = statement.where(Registration.state == wanted.state)
    if wanted.search:
        plain = wanted.search.replace(" ", "").replace("-", "").upper()
        statement = statement.where(
            sa.or_(
                SeatRow.name.contains(wanted.search, autoescape=True),
                Registration.ticket.contains(plain, autoescape=True),
            )
        )
    return statement


def page_of_parties(occurrence: Occurrence, wanted: ListFilter) -> Page[Any]:
    """Return a page of an activity's registrations, the oldest first."""
    return page_of(parties(occurrence, wanted), Registration.created_at, Registration.id)


def all_parties(occurrence: Occurrence, wanted: ListFilter) -> Iterator[tuple[Registration, str]]:
    """Return every registration as filtered, read 500 at a time."""
    statement = parties(occurrence, wanted).order_by(Registration.created_at, Registration.id)
    for row in db.session.execute(statement.execution_options(yield_per=_AT_ONCE)):
        yield row[0], row[1]


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


def log_of(occurrence: Occurrence) -> Sequence[LogEntry]:
    """Return the newest steps of an activity's life."""
    mine = sa.select(LogEntry).where(LogEntry.occurrence_id == occurrence.id)
    return db.session.scalars(mine.order_by(LogEntry.at.desc(), LogEntry.id.desc()).limit(30)).all()


def next_for_home(project_id: int, member_id: int) -> Sequence[tuple[Occurrence, Quota, bool]]:
    """Return the next three activities, their seats, and whether the member goes: one statement."""
    statement = (
        _narrowed(project_id, ListFilter())
        .add_columns(_goes(member_id))
        .where(Occurrence.state.in_((State.SCHEDULED, State.OPEN, State.CLOSED)))
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(3)
    )
    return [(row[0], row[1], bool(row[2])) for row in db.session.execute(statement)]


def in_review(project_id: int) -> int:
    """Return how many activities wait for a review."""
    waiting = sa.select(sa.func.count(Occurrence.id)).where(
        Occurrence.project_id == project_id, Occurrence.state == State.IN_REVIEW
    )
    return db.session.scalar(waiting) or 0
