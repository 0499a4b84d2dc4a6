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

from plugins.complaints.models import Case, Category, Clock
from plugins.complaints.states import LIVE, Frontline, Ring, State
from portal.sdk import ProjectRef, business_date, db

BY = ("category", "building", "contractor", "defect")
MONTHS = 12
_ROWS_MOST = 200


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
class Defect:
    """How often a defect was found at a place; `recurred`: after a case about it was over there."""

    code: str
    building: str
    contractor: str
    cases: int
    recurred: int
    last_at: datetime


def since(project: ProjectRef) -> datetime:
    """Return when the last twelve months began in a project: the first of a month."""
    return starts_of(project)[0]


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


def many_if(where: Any) -> sa.ColumnElement[int]:
    """Return how many rows meet a condition."""
    return sa.func.count(sa.case((where, 1)))


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
    many = many_if
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


def starts_of(project: ProjectRef) -> list[datetime]:
    """Return when each of the last twelve months began in a project."""
    zone, today = ZoneInfo(project.time_zone), business_date(project.time_zone)
    last = today.year * 12 + today.month - 1
    return [
        datetime.combine(date(n // 12, n % 12 + 1, 1), time(), zone).astimezone(UTC)
        for n in range(last - MONTHS + 1, last + 1)
    ]
