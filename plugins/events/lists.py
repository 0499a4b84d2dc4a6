"""The lists of activities: of a series one date stands for all of them."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.events.models import Event, Occurrence, Quota
from plugins.events.queries import ListFilter, seat_state
from plugins.events.series.models import Series
from plugins.events.series.queries import next_dates
from plugins.events.states import COMING, PUBLIC, State
from portal.sdk import Page, db, page_of

_GONE = tuple(state for state in PUBLIC if state not in COMING)


def coming(project_id: int, member_id: int, wanted: ListFilter) -> Page[Any]:
    """Return a page of (activity, quota, state of the member's seat or None, further dates) of what
    owners may look forward to, or (`past`) look back on; of a series one date."""
    past = wanted.state == "past"
    shown = Occurrence.state.in_(_GONE if past else COMING)
    return page_of(
        _one_a_series(project_id, wanted, shown, latest=past, mine=seat_state(member_id)),
        Occurrence.starts_at,
        Occurrence.id,
        descending=past,
    )


def managed(project_id: int, wanted: ListFilter) -> Page[Any]:
    """Return a page of (activity, quota, further dates) for the staff, the latest date first; of a
    series one date."""
    shown = Occurrence.state == wanted.state if wanted.state else sa.true()
    statement = _one_a_series(project_id, wanted, shown)
    return page_of(statement, Occurrence.starts_at, Occurrence.id, descending=True)


def _one_a_series(
    project_id: int,
    wanted: ListFilter,
    shown: sa.ColumnElement[bool],
    *,
    latest: bool = False,
    mine: sa.ColumnElement[str] | None = None,
) -> sa.Select[Any]:
    conditions = [Occurrence.project_id == project_id, shown, *_narrowed(wanted)]
    columns = [] if mine is None else [mine]
    statement = _with_total().add_columns(*columns)
    if wanted.series:
        return statement.add_columns(sa.literal(0)).where(*conditions)
    dates = next_dates(*conditions, latest=latest)
    return statement.add_columns(dates.c.dates - 1).join(dates, dates.c.id == Occurrence.id)


def _with_total() -> sa.Select[Any]:
    return (
        sa.select(Occurrence, Quota)
        .options(joinedload(Occurrence.series))
        .join(Event, Event.id == Occurrence.event_id)
        .join(Quota, sa.and_(Quota.occurrence_id == Occurrence.id, Quota.key == "total"))
    )


def _narrowed(wanted: ListFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.category:
        found.append(Event.category == wanted.category)
    if wanted.series:
        its = sa.select(Series.id).where(Series.public_id == wanted.series)
        found.append(Occurrence.series_id == its.scalar_subquery())
    words = wanted.search.lower().split()
    return found + [Event.words.contains(word, autoescape=True) for word in words]


def next_for_home(
    project_id: int, member_id: int
) -> Sequence[tuple[Occurrence, Quota, str | None]]:
    """Return the next three activities, their seats, and the state of the member's own: one
    statement."""
    # Of the first sixty dates only: the home page need not look through all of them.
    soon = (
        sa.select(Occurrence.id)
        .where(
            Occurrence.project_id == project_id,
            Occurrence.state.in_((State.SCHEDULED, State.OPEN, State.CLOSED)),
        )
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(60)
    )
    dates = next_dates(Occurrence.id.in_(soon))
    statement = (
        _with_total()
        .add_columns(seat_state(member_id))
        .join(dates, dates.c.id == Occurrence.id)
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(3)
    )
    return [(row[0], row[1], row[2]) for row in db.session.execute(statement)]
