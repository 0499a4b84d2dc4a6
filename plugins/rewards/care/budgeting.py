"""The money for care: planned for a month and a kind, committed by tasks, spent; in fen.

Every change is one guarded UPDATE of the month's row: it never holds more than is planned.
Never commits.
"""

import re
from typing import Any

import sqlalchemy as sa

from plugins.rewards.care.states import Care
from plugins.rewards.errors import RewardError
from plugins.rewards.models import CareBudget, CareTask
from portal.sdk import ProjectRef, db, record

MOST = 10_000_000_00
"""Fen that a month's budget has at most: ten million yuan."""
_MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])")


def set_budget(*, actor: Any, project: ProjectRef, month: str, kind: str, planned: int) -> None:
    """Plan the money of a month ("2026-12") for a kind.

    Raises RewardError: BAD_CARE_MONTH, BAD_AMOUNT, BELOW_SPENT.
    """
    if not _MONTH.fullmatch(month) or kind not in set(Care):
        raise RewardError("BAD_CARE_MONTH")
    if not 0 <= planned <= MOST:
        raise RewardError("BAD_AMOUNT")
    mine = _row(project.id, month, kind)
    before = db.session.scalar(sa.select(CareBudget.planned).where(*mine))
    if before is None:
        _begin(project.id, month, kind, 0)
    enough = CareBudget.committed + CareBudget.spent <= planned
    _change(project.id, month, kind, enough, "BELOW_SPENT", planned=planned)
    record(
        actor=actor,
        action="rewards.care_budget",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"month": month, "kind": kind, "before": before or 0, "planned": planned},
    )


def hold(task: CareTask, month: str) -> None:
    """Commit what a locked task may cost in a month's budget, unless it is already.

    Raises RewardError NO_BUDGET when less is left of it.
    """
    if task.held or not task.amount:
        return
    if db.session.get(CareBudget, (task.project_id, month, task.kind)) is None:
        _begin(task.project_id, month, task.kind, _usual(task.project_id, month, task.kind))
    left = CareBudget.committed + CareBudget.spent + task.amount <= CareBudget.planned
    more = CareBudget.committed + task.amount
    _change(task.project_id, month, task.kind, left, "NO_BUDGET", committed=more)
    task.held, task.month = task.amount, month


def let_go(task: CareTask) -> None:
    """Give back what a locked task holds of its month's budget."""
    if task.held and task.month:
        less = CareBudget.committed - task.held
        _change(task.project_id, task.month, task.kind, sa.true(), "NO_BUDGET", committed=less)
    task.held = 0


def spend(task: CareTask, spent: int) -> None:
    """Turn what a locked task holds into what it cost, at most that much.

    Raises RewardError OVER_AMOUNT.
    """
    if spent > task.held:
        raise RewardError("OVER_AMOUNT")
    if task.held and task.month:
        _change(
            task.project_id, task.month, task.kind, sa.true(), "NO_BUDGET",
            committed=CareBudget.committed - task.held, spent=CareBudget.spent + spent,
        )  # fmt: skip
    task.held, task.spent = 0, spent


def unspend(task: CareTask) -> None:
    """Give back what a locked task cost."""
    if task.spent and task.month:
        less = CareBudget.spent - task.spent
        _change(task.project_id, task.month, task.kind, sa.true(), "NO_BUDGET", spent=less)
    task.spent = 0


def _usual(project_id: int, month: str, kind: str) -> int:
    """Return what was planned for the newest month before: it goes on until somebody says else."""
    before = sa.select(CareBudget.planned).where(
        CareBudget.project_id == project_id, CareBudget.kind == kind, CareBudget.month < month
    )
    return db.session.scalar(before.order_by(CareBudget.month.desc()).limit(1)) or 0


def _begin(project_id: int, month: str, kind: str, planned: int) -> None:
    savepoint = db.session.begin_nested()
    try:
        values = {"project_id": project_id, "month": month, "kind": kind, "planned": planned}
        db.session.execute(sa.insert(CareBudget).values(**values, committed=0, spent=0))
        savepoint.commit()
    except sa.exc.IntegrityError:
        # Somebody else has begun the month meanwhile.
        savepoint.rollback()


def _row(project_id: int, month: str, kind: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        CareBudget.project_id == project_id, CareBudget.month == month, CareBudget.kind == kind,
    )  # fmt: skip


def _change(
    project_id: int,
    month: str,
    kind: str,
    fits: sa.ColumnElement[bool],
    refusal: str,
    **values: Any,
) -> None:
    mine = sa.update(CareBudget).where(*_row(project_id, month, kind), fits)
    done = db.session.execute(mine.values(**values))
    if not getattr(done, "rowcount", 0):
        raise RewardError(refusal)
