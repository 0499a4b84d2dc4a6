"""What stands beside the tallies: first answers in time, promises kept, months of a chart."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.complaints.figures import MONTHS, many_if, starts_of
from plugins.complaints.models import Case, Clock, Promise
from plugins.complaints.states import PromiseState, Ring, State
from portal.sdk import ProjectRef, db

_WIDTH, _BASE, _TOP, _GAP = 660, 150, 24, 8


@dataclass(frozen=True)
class Share:
    """How many of some kept what they should: first answers in time, promises kept."""

    kept: int = 0
    broken: int = 0

    @property
    def percent(self) -> int | None:
        """Percent that was kept, None before any verdict."""
        judged = self.kept + self.broken
        return round(100 * self.kept / judged) if judged else None

    @property
    def broken_percent(self) -> int | None:
        """Percent that was broken, None before any verdict."""
        return None if self.percent is None else 100 - self.percent


@dataclass(frozen=True)
class Month:
    """A month of the chart, in its units: handed in, and closed with a satisfied owner."""

    label: str
    handed_in: int
    satisfied: int
    x: float = 0
    width: float = 0
    high: float = 0
    low: float = 0


@dataclass(frozen=True)
class Beside:
    """What stands beside the tallies: first answers and promises of each project, and months."""

    answered: Mapping[int, Share]
    promised: Mapping[int, Share]
    months: Sequence[Month] = ()


def beside(
    projects: Collection[int],
    after: datetime,
    *,
    public: bool = False,
    months_of: ProjectRef | None = None,
) -> Beside:
    """Return first answers in time since then, how promises ended ever, and a project's last twelve
    months: one statement. `public`: without what only the staff read.
    """
    parts = [_answered(projects, after, public=public), _promised(projects, public=public)]
    starts = starts_of(months_of) if months_of else []
    if months_of is not None:
        parts.append(_by_month(months_of, starts))
    found: dict[str, dict[int, Share]] = {"answered": {}, "promised": {}, "month": {}}
    for what, number, kept, broken in db.session.execute(sa.union_all(*parts)):
        found[what][number] = Share(kept, broken)
    months = _columns(months_of, starts, found["month"]) if months_of else ()
    return Beside(found["answered"], found["promised"], months)


def _part(what: str, number: Any, first: Any, second: Any) -> sa.Select[Any]:
    return sa.select(
        sa.literal(what).label("what"), number.label("number"), many_if(first), many_if(second)
    )


def _answered(projects: Collection[int], after: datetime, *, public: bool) -> sa.Select[Any]:
    met, missed = Clock.met_at.is_not(None), Clock.breached_at.is_not(None)
    statement = _part("answered", Case.project_id, met, missed).join(
        Clock, Clock.case_id == Case.id
    )
    statement = statement.where(
        Case.project_id.in_(projects),
        Case.created_at >= after,
        Clock.kind == "first_reply",
        Clock.turn == 1,
    )
    if public:
        statement = statement.where(Case.ring != Ring.PRIVATE)
    return statement.group_by(Case.project_id)


def _promised(projects: Collection[int], *, public: bool) -> sa.Select[Any]:
    kept, broken = (Promise.state == each for each in (PromiseState.KEPT, PromiseState.BROKEN))
    statement = _part("promised", Promise.project_id, kept, broken)
    statement = statement.where(Promise.project_id.in_(projects)).group_by(Promise.project_id)
    if public:
        statement = statement.join(Case, Case.id == Promise.case_id)
        statement = statement.where(Case.ring != Ring.PRIVATE)
    return statement


def _by_month(project: ProjectRef, starts: Sequence[datetime]) -> sa.Select[Any]:
    later = [
        (Case.created_at >= start, place) for place, start in reversed(list(enumerate(starts)))
    ]
    place = sa.case(*later)
    cases = sa.select(place.label("place"), Case.state).where(
        Case.project_id == project.id, Case.created_at >= starts[0]
    )
    inner = cases.subquery()
    satisfied = inner.c.state == State.CLOSED_SATISFIED
    return _part("month", inner.c.place, sa.true(), satisfied).group_by(inner.c.place)


def _columns(
    project: ProjectRef, starts: Sequence[datetime], counted: Mapping[int, Share]
) -> list[Month]:
    """Return months as columns of a chart. `counted`: handed in, and of them satisfied."""
    most = max([1, *(each.kept for each in counted.values())])
    width = _WIDTH / MONTHS - _GAP
    zone = ZoneInfo(project.time_zone)
    found = []
    for place, start in enumerate(starts):
        each = counted.get(place, Share())
        found.append(
            Month(
                str(start.astimezone(zone).month),
                each.kept,
                each.broken,
                place * (width + _GAP),
                width,
                each.kept / most * (_BASE - _TOP),
                each.broken / most * (_BASE - _TOP),
            )
        )
    return found
