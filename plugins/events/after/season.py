"""What the activities of the last twelve months came to: each of them, and month by month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.events.models import Event, Occurrence, Registration, SeatRow
from plugins.events.states import AT_THE_DOOR, Seat, State
from portal.sdk import ProjectRef, db, localized

MONTHS = 12
_OVER = (State.ENDED, State.SETTLED, State.ARCHIVED)
_WIDTH, _BASE, _TOP, _GAP = 660, 150, 24, 8


@dataclass(frozen=True)
class Row:
    """An activity, or a month of `many` of them: persons with a seat, who came, who stayed away;
    milli-points that members paid, and that were kept of deposits."""

    title: str
    key: str
    starts_at: datetime | None
    many: int
    seats: int
    came: int
    away: int
    paid: int
    kept: int

    @property
    def show_rate(self) -> int | None:
        """Percent of the persons with a settled seat who came, None before anybody is marked."""
        judged = self.came + self.away
        return round(100 * self.came / judged) if judged else None


@dataclass(frozen=True)
class Bar:
    """A column of the chart, in its own units."""

    x: float
    y: float
    width: float
    height: float
    label: str
    text: str


def activities(project: ProjectRef, today: date) -> list[Row]:
    """Return every activity of the last twelve months that is over, the earliest first: two
    statements."""
    zone = ZoneInfo(project.time_zone)
    first = date.fromisoformat(f"{keys_until(today)[0]}-01")
    since = datetime(first.year, first.month, 1, tzinfo=zone)
    mine = sa.and_(
        Occurrence.project_id == project.id,
        Occurrence.state.in_(_OVER),
        Occurrence.starts_at >= since,
    )

    def persons(*states: str) -> sa.ColumnElement[int]:
        return sa.func.count(SeatRow.id).filter(SeatRow.state.in_(states))

    seats = db.session.execute(
        sa.select(
            Occurrence.id,
            persons(*AT_THE_DOOR),
            persons(Seat.ATTENDED),
            persons(Seat.NO_SHOW),
        )
        .outerjoin(SeatRow, SeatRow.occurrence_id == Occurrence.id)
        .where(mine)
        .group_by(Occurrence.id)
    )
    counted = {row[0]: row[1:] for row in seats}
    lost = Registration.state.in_((Seat.NO_SHOW, Seat.CANCELLED_LATE))
    kept = sa.case((lost, Registration.deposit), else_=0)
    sums = (
        sa.select(
            Registration.occurrence_id.label("number"),
            sa.func.sum(Registration.charged - Registration.refunded).label("paid"),
            sa.func.sum(kept).label("kept"),
        )
        .where(Registration.project_id == project.id)
        .group_by(Registration.occurrence_id)
        .subquery()
    )
    rows = db.session.execute(
        sa.select(Occurrence.id, Event.title, Occurrence.starts_at, sums.c.paid, sums.c.kept)
        .join(Event, Event.id == Occurrence.event_id)
        .outerjoin(sums, sums.c.number == Occurrence.id)
        .where(mine)
        .order_by(Occurrence.starts_at, Occurrence.id)
    )
    found = []
    for number, title, starts_at, paid, lost_ in rows:
        seats_, came, away = counted.get(number, (0, 0, 0))
        found.append(
            Row(
                title=localized(title),
                key=f"{starts_at.astimezone(zone):%Y-%m}",
                starts_at=starts_at,
                many=1,
                seats=seats_,
                came=came,
                away=away,
                paid=int(paid or 0),
                kept=int(lost_ or 0),
            )
        )
    return found


def months(found: Sequence[Row], today: date) -> list[Row]:
    """Return the last twelve months, the earliest first."""
    return [whole([row for row in found if row.key == key], key) for key in keys_until(today)]


def whole(found: Sequence[Row], key: str = "") -> Row:
    """Return several activities as one row."""
    sums = {
        name: sum(getattr(row, name) for row in found)
        for name in ("many", "seats", "came", "away", "paid", "kept")
    }
    return Row("", key, None, **sums)


def bars(found: Sequence[Row]) -> list[Bar]:
    """Return how many came in each month as columns, with the show rate above."""
    most = max((row.came for row in found), default=0) or 1
    width = _WIDTH / len(found) - _GAP
    drawn = []
    for place, row in enumerate(found):
        height = row.came / most * (_BASE - _TOP)
        text = "" if row.show_rate is None else f"{row.came} · {row.show_rate}%"
        x = place * (width + _GAP)
        drawn.append(Bar(x, _BASE - height, width, height, row.key[5:].lstrip("0"), text))
    return drawn


def keys_until(today: date) -> list[str]:
    """Return the last twelve months as "2026-03", this one at the end."""
    last = today.year * 12 + today.month - 1
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(last - MONTHS + 1, last + 1)]
