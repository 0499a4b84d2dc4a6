"""The club's books: a month's statement that ties, what is outstanding, what has expired.

Closed months are read as they were summed when they were sealed; only what came after is summed
from entries. So a page costs what the open months hold, however long the ledger is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.points.kinds import BEGINNING
from portal.points.models import Currency
from portal.points.models.reports import MOVES
from portal.points.months import following, last_sealed, month_start
from portal.points.moves import TYPES, moves_sql, tail_from
from portal.projects.models import Project

_MILLION = 1_000_000
LOOK = ""


@dataclass(frozen=True)
class Line:
    """A month of a currency and project (None: of no project) in milli-points, signed."""

    currency: Currency
    project: Project | None
    opening: int
    changes: dict[str, int]

    @property
    def closing(self) -> int:
        """Return what was outstanding at the month's end: the next one's opening."""
        return self.opening + sum(self.changes.values())


@dataclass(frozen=True)
class Share:
    """Points of one project, cohort or month of expiry: outstanding, given and expired so far."""

    key: str
    project: Project | None
    outstanding: int
    given: int
    expired: int

    @property
    def permille(self) -> int:
        """Return how much of what was given has expired, in thousandths."""
        return self.expired * 1000 // self.given if self.given > 0 else 0


@dataclass
class Liability:
    """What a currency's points outstanding may cost at a month's end, and where they stand."""

    currency: Currency
    cost_fen: int
    projects: list[Share] = field(default_factory=list)
    cohorts: list[Share] = field(default_factory=list)
    ends: list[Share] = field(default_factory=list)

    @property
    def outstanding(self) -> int:
        """Return the points outstanding, in milli-points."""
        return sum(each.outstanding for each in self.projects)

    def fen(self, milli: int) -> int:
        """Return what an amount of milli-points costs, in fen, rounded down."""
        return milli * self.cost_fen // _MILLION


def statement(month: str, last: str | None = LOOK) -> list[Line]:
    """Return a month of the whole club, a line for each currency and project that has any.

    `last`: the last sealed month, if the caller knows it. Raises PointsError("month_invalid").
    """
    text, parameters = _base(month, last_sealed() if last == LOOK else last)
    sums = ", ".join(
        f"sum(CASE WHEN month = :month THEN {name} ELSE 0 END) AS {name}" for name in MOVES
    )
    rows = _rows(
        f"""
        SELECT currency_id, project_id,
            sum(CASE WHEN month < :month THEN {"+".join(MOVES)} ELSE 0 END) AS opening, {sums}
        FROM ({text}) base WHERE month <= :month GROUP BY currency_id, project_id
        """,  # noqa: S608 - no value from outside
        parameters,
    )
    currencies, projects = _names(row.project_id for row in rows)
    lines = [
        Line(
            currencies[row.currency_id],
            projects.get(row.project_id),
            int(row.opening),
            {name: int(getattr(row, name)) for name in MOVES},
        )
        for row in rows
    ]
    return sorted(
        (line for line in lines if line.opening or any(line.changes.values())),
        key=lambda line: (line.currency.id, line.project.id if line.project else 0),
    )


def totals(lines: Iterable[Line]) -> list[Line]:
    """Return the lines of each currency as one."""
    found: dict[int, list[Line]] = {}
    for line in lines:
        found.setdefault(line.currency.id, []).append(line)
    return [
        Line(
            each[0].currency,
            None,
            sum(line.opening for line in each),
            {name: sum(line.changes[name] for line in each) for name in MOVES},
        )
        for each in found.values()
    ]


def liability(currency: Currency, month: str) -> Liability:
    """Return what was outstanding of a currency at the end of a month, and its breakage.

    Raises PointsError("month_invalid").
    """
    text, parameters = _base(month, last_sealed())
    by = {"project": "project_id", "cohort": "cohort", "ends": "ends"}
    groups = " UNION ALL ".join(
        f"""SELECT '{name}' AS kind, CAST({column} AS VARCHAR(20)) AS key,
            sum({"+".join(MOVES)}) AS outstanding, sum(issued + adjusted) AS given,
            -sum(expired) AS expired FROM base GROUP BY {column}"""  # noqa: S608
        for name, column in by.items()
    )
    rows = _rows(
        f"WITH base AS (SELECT * FROM ({text}) moves WHERE month <= :month"  # noqa: S608
        f" AND currency_id = :currency) {groups}",
        {**parameters, "currency": currency.id},
    )
    project_ids = [int(row.key) for row in rows if row.kind == "project" and row.key]
    _currencies, projects = _names(project_ids)
    found = Liability(currency, currency.cost_fen)
    shelves = {"project": found.projects, "cohort": found.cohorts, "ends": found.ends}
    for row in rows:
        project = projects.get(int(row.key)) if row.kind == "project" and row.key else None
        share = Share(row.key or "", project, *map(int, (row.outstanding, row.given, row.expired)))
        if share.outstanding or (row.kind == "cohort" and share.given):
            shelves[row.kind].append(share)
    for shelf in shelves.values():
        shelf.sort(key=lambda share: share.key)
    return found


def newest(shares: list[Share], count: int = 24) -> list[Share]:
    """Return the last of sorted shares, those before them together as one without a key."""
    older, kept = shares[:-count], shares[-count:]
    if not older:
        return kept
    sums = [
        sum(getattr(share, name) for share in older) for name in ("outstanding", "given", "expired")
    ]
    return [Share("", None, *sums), *kept]


def months_up_to(today_month: str, count: int = 24) -> list[str]:
    """Return the months that may be asked for, the newest first."""
    year, month = map(int, today_month.split("-"))
    first = year * 12 + month - 1
    return [f"{each // 12:04}-{each % 12 + 1:02}" for each in range(first, first - count, -1)]


def currencies() -> list[Currency]:
    """Return the club's currencies."""
    return list(db.session.scalars(sa.select(Currency).order_by(Currency.id)))


def _base(month: str, last: str | None) -> tuple[str, dict[str, object]]:
    """Return the statement of all moves up to a month, closed ones and the open tail."""
    end = month_start(following(month))
    columns = f"month, currency_id, project_id, cohort, ends, {', '.join(MOVES)}"
    closed = f"SELECT {columns} FROM points_move"  # noqa: S608
    if last is not None and month <= last:
        return closed, {"month": month}
    begin = month_start(following(last)) if last else BEGINNING
    text = f"{closed} UNION ALL SELECT {columns} FROM ({moves_sql()}) tail"  # noqa: S608
    return text, {"month": month, **tail_from(begin, end)}


def _rows(text: str, parameters: dict[str, Any]) -> Any:
    types = [each for each in TYPES if each.key in parameters]
    return db.session.execute(sa.text(text).bindparams(*types), parameters).all()


def _names(project_ids: Iterable[int | None]) -> tuple[dict[int, Currency], dict[int, Project]]:
    wanted = {id_ for id_ in project_ids if id_ is not None}
    found = {each.id: each for each in currencies()}
    if not wanted:
        return found, {}
    projects = db.session.scalars(sa.select(Project).where(Project.id.in_(wanted)))
    return found, {project.id: project for project in projects}
