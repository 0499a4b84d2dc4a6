"""What is read: lists, one activity, one's own registrations. Every statement is bounded."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager, joinedload

from plugins.events.asking.queries import with_said
from plugins.events.ladder.models import Penalty, Policy
from plugins.events.ladder.queries import counting, in_force, standing_from
from plugins.events.ladder.rules import CLEAN, Standing
from plugins.events.models import LogEntry, Occurrence, Quota, Registration, SeatRow, Window
from plugins.events.series.queries import others_in, with_others
from plugins.events.states import LIVE, Counts, Seat
from plugins.events.words import CATEGORIES
from portal.sdk import Housemate, MemberRef, Page, UtcDateTime, db, page_of

_TOTAL_FIRST = (Quota.key != "total", Quota.key)
_QUEUED = aliased(Registration)


@dataclass(frozen=True)
class ListFilter:
    """What a list is narrowed to, read from an address; what is unknown counts as not given."""

    search: str = ""
    state: str = ""
    category: str = ""
    series: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str], states: Sequence[str]) -> "ListFilter":
        """Read `?q=`, `?state=`, `?category=` and `?series=`."""
        state, category = args.get("state", ""), args.get("category", "")
        return cls(
            args.get("q", "").strip()[:60].replace("\0", ""),
            state if state in states else "",
            category if category in CATEGORIES else "",
            args.get("series", "")[:22].replace("\0", ""),
        )

    def args(self, **changed: str) -> dict[str, str]:
        """Return the filter as an address' arguments, some of them changed."""
        mine = {"q": self.search, "state": self.state, "category": self.category}
        mine |= {"series": self.series} | changed
        return {key: value for key, value in mine.items() if value}


def find(project_id: int, public_id: str) -> Occurrence | None:
    """Return an activity of this project."""
    return db.session.scalar(
        sa.select(Occurrence).where(
            Occurrence.public_id == public_id, Occurrence.project_id == project_id
        )
    )


@dataclass(frozen=True)
class Found:
    """An activity with its quotas, how many parties wait, the live seats of a household, and when
    the member was at it the last time; `window`: that of the member's tier; `ladder`: the marks;
    `others`: the next of the other `dates` of its series."""

    occurrence: Occurrence
    quotas: list[Quota]
    waiting: int
    seats: list[tuple[SeatRow, Registration]]
    came_on: datetime | None = None
    window: Window | None = None
    ladder: Standing = CLEAN
    others: Sequence[tuple[Occurrence, Quota]] = ()
    dates: int = 0


def find_with_seats(
    project_id: int, public_id: str, member: MemberRef, tier: str | None, at: datetime
) -> Found | None:
    """Return an activity of this project with its quotas, the window of a tier, the live seats of a
    member and the member's household, and the member's marks at a time, in one statement."""
    theirs = sa.and_(
        Registration.occurrence_id == Occurrence.id,
        Registration.state.in_(LIVE),
        sa.or_(
            Registration.household_id == member.household_id, Registration.member_id == member.id
        ),
    )
    live = sa.and_(SeatRow.registration_id == Registration.id, SeatRow.state.in_(LIVE))
    statement = (
        sa.select(
            Occurrence, Quota, SeatRow, Registration, _parties_waiting(), _last_time(member), Window
        )
        .options(joinedload(Occurrence.series))
        .join(Quota, Quota.occurrence_id == Occurrence.id)
        .outerjoin(
            Window, sa.and_(Window.occurrence_id == Occurrence.id, Window.tier == (tier or ""))
        )
        .outerjoin(Registration, theirs)
        .outerjoin(SeatRow, live)
        .outerjoin(Policy, Policy.id == in_force(project_id, at).scalar_subquery())
        .outerjoin(Penalty, counting(member.id, at))
        .where(Occurrence.public_id == public_id, Occurrence.project_id == project_id)
        .order_by(*_TOTAL_FIRST, SeatRow.id)
    )
    # The marks stand last, see standing_from.
    whole = with_others(statement, project_id, public_id).add_columns(Policy, Penalty)
    rows = db.session.execute(whole).all()
    if not rows:
        return None
    quotas = {row[1].id: row[1] for row in rows}
    seats = {row[2].id: (row[2], row[3]) for row in rows if row[2] is not None}
    return Found(
        rows[0][0],
        list(quotas.values()),
        rows[0][4],
        list(seats.values()),
        came_on=rows[0][5],
        window=rows[0][6],
        ladder=standing_from(rows),
        others=others_in((row[7], row[8]) for row in rows),
        dates=rows[0][9] or 0,
    )


def _parties_waiting() -> sa.ColumnElement[int]:
    queue = sa.select(sa.func.count()).select_from(_QUEUED)
    waiting = queue.where(_QUEUED.occurrence_id == Occurrence.id, _QUEUED.state == Seat.WAITING)
    return waiting.scalar_subquery()


def _last_time(member: MemberRef) -> sa.ColumnElement[datetime]:
    earlier = aliased(Occurrence)
    return (
        sa.select(sa.func.max(earlier.starts_at, type_=UtcDateTime))
        .join(SeatRow, SeatRow.occurrence_id == earlier.id)
        .where(
            SeatRow.member_id == member.id,
            SeatRow.state == Seat.ATTENDED,
            sa.or_(
                earlier.event_id == Occurrence.event_id, earlier.series_id == Occurrence.series_id
            ),
            earlier.id != Occurrence.id,
        )
        .correlate(Occurrence)
        .scalar_subquery()
    )


def came_on(occurrence: Occurrence, member: MemberRef) -> datetime | None:
    """Return when a member was at the same activity the last time, on another date of it."""
    last = sa.select(_last_time(member)).where(Occurrence.id == occurrence.id)
    return db.session.scalar(last)


def find_with_quotas(project_id: int, public_id: str) -> tuple[Occurrence, list[Quota]] | None:
    """Return an activity of this project with its quotas, in one statement."""
    rows = db.session.execute(
        sa.select(Occurrence, Quota)
        .join(Quota, Quota.occurrence_id == Occurrence.id)
        .where(Occurrence.public_id == public_id, Occurrence.project_id == project_id)
        .order_by(*_TOTAL_FIRST)
    ).all()
    return (rows[0][0], [row[1] for row in rows]) if rows else None


def windows_of(occurrence: Occurrence) -> Sequence[Window]:
    """Return the windows of an activity's tiers."""
    mine = sa.select(Window).where(Window.occurrence_id == occurrence.id)
    return db.session.scalars(mine.order_by(Window.opens_at, Window.tier)).all()


def chosen_quotas(occurrence: Occurrence) -> Sequence[Quota]:
    """Return the quotas of what members may choose."""
    mine = sa.select(Quota).where(
        Quota.occurrence_id == occurrence.id, Quota.counts == Counts.CHOSEN
    )
    return db.session.scalars(mine.order_by(Quota.key)).all()


@dataclass(frozen=True)
class Seated:
    """What a household has at an activity: `mine` is the member's own registration, `with_me`
    one in which the member has a seat; `keys`: who has one; `seats`: how many count."""

    mine: Registration | None
    with_me: Registration | None
    keys: frozenset[str]
    seats: int


def seated(occurrence_id: int, member: MemberRef, mates: Sequence[Housemate]) -> Seated:
    """Return what a member's household has at an activity, in one statement."""
    keys = {mate.member_id: mate.key for mate in mates if mate.member_id is not None}
    persons = [mate.key for mate in mates if mate.member_id is None]
    theirs = sa.or_(
        Registration.household_id == member.household_id,
        SeatRow.member_id.in_(keys),
        SeatRow.person.in_(persons),
    )
    rows = db.session.execute(
        sa.select(SeatRow, Registration)
        .join(Registration, Registration.id == SeatRow.registration_id)
        .where(SeatRow.occurrence_id == occurrence_id, SeatRow.state.in_(LIVE), theirs)
        .execution_options(populate_existing=True)
    ).all()
    return seated_of([(seat, each) for seat, each in rows], member, mates)


def seated_of(
    rows: Sequence[tuple[SeatRow, Registration]], member: MemberRef, mates: Sequence[Housemate]
) -> Seated:
    """Return what live seats, each with its registration, mean for a member."""
    keys = {mate.member_id: mate.key for mate in mates}
    mine = next((each for _seat, each in rows if each.member_id == member.id), None)
    return Seated(
        mine=mine,
        with_me=mine or next((each for seat, each in rows if seat.member_id == member.id), None),
        keys=frozenset(seat.person or keys.get(seat.member_id, "") for seat, _each in rows),
        seats=sum(each.household_id == member.household_id for _seat, each in rows),
    )


def seat_state(member_id: int) -> sa.ColumnElement[str]:
    """Return what reads the state of a member's own seat at an activity."""
    return (
        sa.select(SeatRow.state)
        .where(
            SeatRow.occurrence_id == Occurrence.id,
            SeatRow.member_id == member_id,
            SeatRow.state.in_(LIVE),
        )
        .limit(1)
        .scalar_subquery()
    )


def _with(member_id: int) -> sa.ColumnElement[bool]:
    seats = sa.select(SeatRow.registration_id).where(SeatRow.member_id == member_id)
    return sa.or_(Registration.member_id == member_id, Registration.id.in_(seats))


def mine(project_id: int, member_id: int) -> Page[Any]:
    """Return a page of the registrations of a member, or with a seat for them, the newest first."""
    return page_of(
        sa.select(Registration)
        .options(joinedload(Registration.occurrence), *with_said())
        .where(_with(member_id), Registration.project_id == project_id),
        Registration.created_at,
        Registration.id,
        descending=True,
    )


def ticket(project_id: int, member_id: int, public_id: str) -> Registration | None:
    """Return a registration of a member's, or with a seat for them, with its activity."""
    return db.session.scalar(
        sa.select(Registration)
        .options(joinedload(Registration.occurrence), joinedload(Registration.window), *with_said())
        .where(
            Registration.public_id == public_id,
            Registration.project_id == project_id,
            _with(member_id),
        )
    )


def for_calendar(
    member_id: int, project_ids: Sequence[int], since: datetime
) -> Sequence[Registration]:
    """Return a member's registrations for activities since then: one for each, the newest, up to
    500 of them."""
    rows = db.session.scalars(
        sa.select(Registration)
        .join(Occurrence, Occurrence.id == Registration.occurrence_id)
        .options(contains_eager(Registration.occurrence))
        .where(
            _with(member_id),
            Registration.project_id.in_(project_ids),
            Occurrence.starts_at >= since,
        )
        .order_by(Registration.created_at, Registration.id)
        .limit(500)
    )
    return list({each.occurrence_id: each for each in rows}.values())


def seats_of(registration: Registration) -> Sequence[SeatRow]:
    """Return the seats of a party."""
    mine = sa.select(SeatRow).where(SeatRow.registration_id == registration.id)
    return db.session.scalars(mine.order_by(SeatRow.id)).all()


def log_of(occurrence: Occurrence) -> Sequence[LogEntry]:
    """Return the newest steps of an activity's life."""
    mine = sa.select(LogEntry).where(LogEntry.occurrence_id == occurrence.id)
    return db.session.scalars(mine.order_by(LogEntry.at.desc(), LogEntry.id.desc()).limit(30)).all()
