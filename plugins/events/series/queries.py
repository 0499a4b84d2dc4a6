"""What is read of series: one row of a list for all of its dates, the other dates of one."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from plugins.events.models import Event, Occurrence, Quota
from plugins.events.series.models import Series, SeriesChange
from plugins.events.states import COMING, State
from portal.sdk import Page, db, page_of

_OVER = (State.ENDED, State.SETTLED, State.ARCHIVED, State.CANCELLED)
FEW = 5


def next_dates(*conditions: sa.ColumnElement[bool], latest: bool = False) -> sa.Subquery:
    """Select (id, dates) of one date of each series among those that fulfil the conditions: the
    next, or else the first or the `latest`; `dates`: how many there are. What is in no series is
    there, too."""
    of_one = sa.func.coalesce(Occurrence.series_id, -Occurrence.id)
    over = sa.case((Occurrence.state.in_(_OVER), 1), else_=0)
    start = (Occurrence.starts_at, Occurrence.id)
    order = (over, *((each.desc() for each in start) if latest else start))
    place = sa.func.row_number().over(partition_by=of_one, order_by=order)
    dates = sa.func.count().over(partition_by=of_one)
    each = (
        sa.select(Occurrence.id, place.label("place"), dates.label("dates"))
        .join(Event, Event.id == Occurrence.event_id)
        .where(*conditions)
        .subquery()
    )
    return sa.select(each.c.id, each.c.dates).where(each.c.place == 1).subquery()


OTHER, OTHERS_SEATS = aliased(Occurrence), aliased(Quota)


def with_others(statement: sa.Select[Any], project_id: int, public_id: str) -> sa.Select[Any]:
    """Add (date, its seats, how many there are) of the next dates of the same series that owners
    see: a row for each, within the statement that reads an activity."""
    its = sa.select(Occurrence.series_id).where(
        Occurrence.public_id == public_id, Occurrence.project_id == project_id
    )
    dates = (
        sa.select(
            Occurrence.id,
            sa.func.row_number()
            .over(order_by=(Occurrence.starts_at, Occurrence.id))
            .label("place"),
            sa.func.count().over().label("dates"),
        )
        .where(
            Occurrence.series_id == its.scalar_subquery(),
            Occurrence.public_id != public_id,
            Occurrence.state.in_(COMING),
        )
        .subquery()
    )
    total = sa.and_(OTHERS_SEATS.occurrence_id == OTHER.id, OTHERS_SEATS.key == "total")
    return (
        statement.add_columns(OTHER, OTHERS_SEATS, dates.c.dates)
        # There may be none: what follows must not ask for one.
        .options(joinedload(OTHER.event, innerjoin=False))
        .outerjoin(dates, dates.c.place <= FEW)
        .outerjoin(OTHER, OTHER.id == dates.c.id)
        .outerjoin(OTHERS_SEATS, total)
    )


def others_in(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Occurrence, Quota]]:
    """Return (date, seats), in their order, of what was added, in any number of rows."""
    found = {date.id: (date, seats) for date, seats in rows if date is not None}
    return sorted(found.values(), key=lambda each: (each[0].starts_at, each[0].id))


def dates_of(series_id: int) -> Page[Any]:
    """Return a page of (date, seats) of a series, the first first."""
    return page_of(
        sa.select(Occurrence, Quota)
        .join(Quota, sa.and_(Quota.occurrence_id == Occurrence.id, Quota.key == "total"))
        .where(Occurrence.series_id == series_id),
        Occurrence.starts_at,
        Occurrence.id,
    )


def following(occurrence: Occurrence) -> dict[str, int]:
    """Return how many dates of a series, from this one on, stand in each state."""
    rows = db.session.execute(
        sa.select(Occurrence.state, sa.func.count())
        .where(
            Occurrence.series_id == occurrence.series_id,
            sa.or_(Occurrence.starts_at > occurrence.starts_at, Occurrence.id == occurrence.id),
        )
        .group_by(Occurrence.state)
    )
    return {row[0]: row[1] for row in rows}


def find_with_series(project_id: int, public_id: str) -> Occurrence | None:
    """Return an activity of this project with its series."""
    mine = sa.select(Occurrence).where(
        Occurrence.public_id == public_id, Occurrence.project_id == project_id
    )
    return db.session.scalar(mine.options(joinedload(Occurrence.series)))


def find_with_change(project_id: int, public_id: str) -> tuple[Occurrence, Any] | None:
    """Return an activity of this project with its series, and the change of many dates of it that
    is under way, or else the last one, or None."""
    order = (SeriesChange.finished_at.is_not(None), SeriesChange.created_at.desc())
    newest = sa.select(SeriesChange.id).where(SeriesChange.series_id == Occurrence.series_id)
    newest = newest.order_by(*order, SeriesChange.id.desc()).limit(1).correlate(Occurrence)
    mine = (
        sa.select(Occurrence, SeriesChange)
        .outerjoin(SeriesChange, SeriesChange.id == newest.scalar_subquery())
        .where(Occurrence.public_id == public_id, Occurrence.project_id == project_id)
        .options(joinedload(Occurrence.series))
    )
    found = db.session.execute(mine).one_or_none()
    return (found[0], found[1]) if found else None


def skipped_of(series: Series | None) -> set[date]:
    """Return the days that staff left out."""
    return {date.fromisoformat(day) for day in series.skipped} if series else set()
