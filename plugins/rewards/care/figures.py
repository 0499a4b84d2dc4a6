"""How well care is kept to: done in time, late, missed, open, and the money for it, by month."""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from plugins.rewards.care.states import Care, Closing, TaskState
from plugins.rewards.charts import Bar, columns
from plugins.rewards.figures import Span
from plugins.rewards.models import CareBudget, CareTask
from portal.sdk import db


@dataclass(frozen=True)
class Kept:
    """Care of a kind that was due in a month, by its last day. `missed`: skipped, or the next one
    came before it was done; `overdue` ones are `open` too. Fen; money counts in its budget's
    month."""

    month: str
    kind: str
    in_time: int = 0
    late: int = 0
    missed: int = 0
    open: int = 0
    overdue: int = 0
    planned: int = 0
    committed: int = 0
    spent: int = 0

    @property
    def done(self) -> int:
        """Return how many were done at all."""
        return self.in_time + self.late

    @property
    def percent(self) -> int | None:
        """Return how many of those that are over, or should be, were done in time: whole percent,
        None where there are none."""
        judged = self.done + self.missed + self.overdue
        return self.in_time * 100 // judged if judged else None

    def __add__(self, other: "Kept") -> "Kept":
        """Return both together, under the first's month and kind."""
        both = zip(astuple(self)[2:], astuple(other)[2:], strict=True)
        return Kept(self.month, self.kind, *(mine + theirs for mine, theirs in both))


def kept(project_id: int, span: Span, today: date) -> list[Kept]:
    """Return what became of care by month and kind with its budget, in one statement. What was
    closed because nobody needs it any more counts nowhere."""
    parts = sa.union_all(_tasks(project_id, span, today), _money(project_id, span))
    found: dict[tuple[str, str], Kept] = {}
    for row in db.session.execute(parts):
        each = Kept(row[0], row[1], *(int(value or 0) for value in row[2:]))
        before = found.get((each.month, each.kind))
        found[each.month, each.kind] = before + each if before else each
    return [found[key] for key in sorted(found)]


def by_month(found: Sequence[Kept], span: Span) -> list[Kept]:
    """Return one row for each month, those without any included."""
    return [sum((row for row in found if row.month == key), Kept(key, "")) for key in span.keys]


def by_kind(found: Sequence[Kept]) -> list[Kept]:
    """Return one row for each kind of care there was."""
    rows = {kind: [row for row in found if row.kind == kind] for kind in Care}
    return [sum(some, Kept("", kind)) for kind, some in rows.items() if some]


def bars(months: Sequence[Kept]) -> list[Bar]:
    """Return how much care was done in each month as columns."""
    return columns([(month.month, month.done) for month in months], str)


def _tasks(project_id: int, span: Span, today: date) -> sa.Select[Any]:
    month = sa.func.substr(sa.cast(CareTask.due_on, sa.String), 1, 7)
    done, open_ = CareTask.state == TaskState.DONE, CareTask.state == TaskState.OPEN
    missed = sa.or_(CareTask.state == TaskState.SKIPPED, CareTask.reason == Closing.MISSED)
    conditions = (
        sa.and_(done, CareTask.ended_on <= CareTask.due_on),
        sa.and_(done, CareTask.ended_on > CareTask.due_on),
        sa.and_(~done, ~open_, missed),
        open_,
        sa.and_(open_, CareTask.due_on < today),
    )
    none = sa.literal(0)
    return (
        sa.select(
            month, CareTask.kind,
            *(sa.func.sum(sa.case((each, 1), else_=0)) for each in conditions), none, none, none,
        )
        .where(
            CareTask.project_id == project_id,
            CareTask.due_on >= date.fromisoformat(f"{span.first}-01"),
            month <= span.last,
            sa.or_(done, open_, missed),
        )
        .group_by(month, CareTask.kind)
    )  # fmt: skip


def _money(project_id: int, span: Span) -> sa.Select[Any]:
    none = sa.literal(0)
    return sa.select(
        CareBudget.month, CareBudget.kind, none, none, none, none, none,
        CareBudget.planned, CareBudget.committed, CareBudget.spent,
    ).where(
        CareBudget.project_id == project_id, CareBudget.month.between(span.first, span.last)
    )  # fmt: skip
