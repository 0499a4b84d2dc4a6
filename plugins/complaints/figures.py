"""Honest figures: how cases ended, each way counted apart; promises, first answers, defects.

"Closed" is no figure here: satisfied, not satisfied, lapsed, taken back and joined never add up to
"solved". Where an owner does not tell the staff the home, no figure has its building.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from plugins.complaints.models import Case, Category, Clock, Promise
from plugins.complaints.states import LIVE, Frontline, PromiseState, Ring, State
from portal.sdk import ProjectRef, business_date, db

BY = ("category", "building", "contractor", "defect")
MONTHS = 12
_ROWS_MOST = 200
_WIDTH, _BASE, _TOP, _GAP = 660, 150, 24, 8


@dataclass(frozen=True)
class Tally:
    """Cases of one kind by how they stand; `late`: a deadline of theirs was missed.

    `again`: refused by the owner at least once; `stars`: the sum of `rated` ratings.
    """

    key: str
    handed_in: int = 0
    running: int = 0
    satisfied: int = 0
    unsatisfied: int = 0
    lapsed: int = 0
    withdrawn: int = 0
    joined: int = 0
    late: int = 0
    again: int = 0
    rated: int = 0
    stars: int = 0

    @property
    def rating(self) -> float | None:
        """The mean rating, None before the first."""
        return round(self.stars / self.rated, 1) if self.rated else None


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
class Defect:
    """How often a defect was found at a place; `recurred`: after a case about it was over there."""

    code: str
    building: str
    contractor: str
    cases: int
    recurred: int
    last_at: datetime


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


def since(project: ProjectRef) -> datetime:
    """Return when the last twelve months began in a project: the first of a month."""
    return _starts(project)[0]


def tallies(
    projects: Collection[int], by: str, after: datetime, *, public: bool = False
) -> list[Tally]:
    """Return figures of cases handed in since then, the largest first: one statement.

    `by`: one of BY, or "project"; keys are codes, names, or the project's id. `public`: without
    what only the staff read.
    """
    key = _dimension(by)
    statement = (
        sa.select(key, *_sums())
        .join(Category, Category.id == Case.category_id)
        .where(Case.project_id.in_(projects), Case.created_at >= after)
        .group_by(key)
        .order_by(sa.func.count(Case.id).desc())
        .limit(_ROWS_MOST)
    )
    if public:
        statement = statement.where(Case.ring != Ring.PRIVATE)
    return [
        Tally(str(row[0]), *(int(number or 0) for number in row[1:]))
        for row in db.session.execute(statement)
    ]


def category_titles(project_id: int) -> Mapping[str, Mapping[str, str]]:
    """Return the titles of a project's categories by key, those out of use included."""
    mine = sa.select(Category.key, Category.title).where(Category.project_id == project_id)
    return {row[0]: row[1] for row in db.session.execute(mine)}


def whole(found: Sequence[Tally]) -> Tally:
    """Return several figures as one."""
    names = list(Tally.__dataclass_fields__)[1:]
    return Tally("", **{name: sum(getattr(each, name) for each in found) for name in names})


def promises(projects: Collection[int], *, public: bool = False) -> Mapping[int, Share]:
    """Return how promises of each project ended, ever; open ones have no verdict."""
    kept, broken = (
        sa.func.count(sa.case((Promise.state == state, 1)))
        for state in (PromiseState.KEPT, PromiseState.BROKEN)
    )
    statement = (
        sa.select(Promise.project_id, kept, broken)
        .where(Promise.project_id.in_(projects))
        .group_by(Promise.project_id)
    )
    if public:
        statement = statement.join(Case, Case.id == Promise.case_id)
        statement = statement.where(Case.ring != Ring.PRIVATE)
    return {row[0]: Share(row[1], row[2]) for row in db.session.execute(statement)}


def first_answers(
    projects: Collection[int], after: datetime, *, public: bool = False
) -> Mapping[int, Share]:
    """Return how many first answers of each project came in time."""
    met, missed = (
        sa.func.count(sa.case((column.is_not(None), 1)))
        for column in (Clock.met_at, Clock.breached_at)
    )
    statement = (
        sa.select(Case.project_id, met, missed)
        .join(Clock, Clock.case_id == Case.id)
        .where(
            Case.project_id.in_(projects),
            Case.created_at >= after,
            Clock.kind == "first_reply",
            Clock.turn == 1,
        )
        .group_by(Case.project_id)
    )
    if public:
        statement = statement.where(Case.ring != Ring.PRIVATE)
    return {row[0]: Share(row[1], row[2]) for row in db.session.execute(statement)}


def defects(project_id: int, after: datetime) -> list[Defect]:
    """Return what engineering has to know: named defects by place, those that came again first."""
    earlier = aliased(Case)
    before = sa.exists().where(
        earlier.project_id == Case.project_id,
        earlier.defect == Case.defect,
        earlier.building == Case.building,
        earlier.closed_at < Case.created_at,
    )
    again = sa.func.count(sa.case((before, 1)))
    building = _told_building()
    rows = db.session.execute(
        sa.select(
            Case.defect,
            building,
            Case.contractor,
            sa.func.count(Case.id),
            again,
            sa.func.max(Case.created_at),
        )
        .where(Case.project_id == project_id, Case.defect != "", Case.created_at >= after)
        .group_by(Case.defect, building, Case.contractor)
        .order_by(again.desc(), sa.func.count(Case.id).desc(), Case.defect)
        .limit(_ROWS_MOST)
    )
    return [Defect(*row) for row in rows]


def months(project: ProjectRef) -> list[Month]:
    """Return the last twelve months of a project as columns of a chart: one statement."""
    starts = _starts(project)
    ends = [*starts[1:], datetime.max.replace(tzinfo=UTC)]
    counted: list[Any] = []
    for start, end in zip(starts, ends, strict=True):
        within = sa.and_(Case.created_at >= start, Case.created_at < end)
        for where in (within, sa.and_(within, Case.state == State.CLOSED_SATISFIED)):
            counted.append(sa.func.count(sa.case((where, 1))))
    row = db.session.execute(
        sa.select(*counted).where(Case.project_id == project.id, Case.created_at >= starts[0])
    ).one()
    most = max(*row, 1)
    width = _WIDTH / MONTHS - _GAP
    zone = ZoneInfo(project.time_zone)
    return [
        Month(
            str(start.astimezone(zone).month),
            row[2 * place],
            row[2 * place + 1],
            place * (width + _GAP),
            width,
            row[2 * place] / most * (_BASE - _TOP),
            row[2 * place + 1] / most * (_BASE - _TOP),
        )
        for place, start in enumerate(starts)
    ]


def _told_building() -> sa.ColumnElement[str]:
    return sa.case((Case.frontline == Frontline.HOME, Case.building), else_="")


def _dimension(by: str) -> sa.ColumnElement[Any]:
    found: Mapping[str, Any] = {
        "category": Category.key,
        "building": _told_building(),
        "contractor": Case.contractor,
        "defect": Case.defect,
        "project": Case.project_id,
    }
    column: sa.ColumnElement[Any] = found[by]
    return column


def _sums() -> list[sa.ColumnElement[Any]]:
    def many(where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.case((where, 1)))

    missed = sa.exists().where(Clock.case_id == Case.id, Clock.breached_at.is_not(None))
    return [
        sa.func.count(Case.id),
        many(Case.state.in_(LIVE)),
        many(Case.state == State.CLOSED_SATISFIED),
        many(Case.state == State.CLOSED_UNSATISFIED),
        many(Case.state == State.CLOSED_LAPSED),
        many(Case.state == State.WITHDRAWN),
        many(Case.state == State.MERGED),
        many(missed),
        many(Case.round > 1),
        sa.func.count(Case.rating),
        sa.func.sum(Case.rating),
    ]


def _starts(project: ProjectRef) -> list[datetime]:
    zone, today = ZoneInfo(project.time_zone), business_date(project.time_zone)
    last = today.year * 12 + today.month - 1
    return [
        datetime.combine(date(n // 12, n % 12 + 1, 1), time(), zone).astimezone(UTC)
        for n in range(last - MONTHS + 1, last + 1)
    ]
