"""What becomes of a task of care: taken, done with proof, postponed, skipped, undone.

Whoever changes a task locks it first; then comes the budget. Never commits.
"""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.rewards.care import budgeting
from plugins.rewards.care.states import Act, Closing, Outcome, TaskState
from plugins.rewards.errors import RewardError
from plugins.rewards.models import CareStep, CareTask
from portal.sdk import Picture, ProjectRef, StaffRef, business_date, db, record, store_picture

PROOF = "rewards.care"
PICTURES_MOST = 3
MOVES_MOST = 3
MOVE_DAYS = 30
"""A task is postponed three times at most, and no longer than this after it was promised."""
UNDO_DAYS = 7


def lock_task(task_id: int) -> CareTask:
    """Return a task, locked until the transaction ends."""
    mine = sa.select(CareTask).where(CareTask.id == task_id).with_for_update()
    return db.session.scalars(mine.execution_options(populate_existing=True)).one()


def take(*, actor: Any, project: ProjectRef, task: CareTask, at: datetime) -> None:
    """Take a task on, and commit what it may cost. Raises RewardError: TASK_ENDED, TASK_TAKEN,
    NO_BUDGET."""
    locked = _open(task)
    if locked.assigned_to not in (None, actor.id):
        raise RewardError("TASK_TAKEN")
    budgeting.hold(locked, _month(project, at))
    _give(locked, actor)
    _step(locked, Act.TAKEN, actor, at)


def assign(*, actor: Any, task: CareTask, colleague: StaffRef | None, at: datetime) -> None:
    """Give a task to a colleague, or (None) back to everybody; what it holds is given back then.

    Raises RewardError TASK_ENDED.
    """
    locked = _open(task)
    if colleague is None:
        budgeting.let_go(locked)
    locked.assigned_to = colleague.id if colleague else None
    locked.assigned = colleague.name if colleague else ""
    _step(locked, Act.ASSIGNED if colleague else Act.GIVEN_BACK, actor, at)


def do(
    *,
    actor: Any,
    project: ProjectRef,
    task: CareTask,
    outcome: str,
    spent: int,
    note: str,
    pictures: list[Picture],
    at: datetime,
) -> None:
    """Say that a task is done: what came of it, what it cost (fen), and the proof of that.

    Raises RewardError: TASK_ENDED, NO_OUTCOME, BAD_AMOUNT, OVER_AMOUNT, NO_PROOF, NO_BUDGET.
    """
    locked = _open(task)
    if outcome not in set(Outcome):
        raise RewardError("NO_OUTCOME")
    if spent < 0:
        raise RewardError("BAD_AMOUNT")
    if spent > locked.amount:
        raise RewardError("OVER_AMOUNT")
    if spent and not pictures:
        raise RewardError("NO_PROOF")
    if spent:
        budgeting.hold(locked, _month(project, at))
        budgeting.spend(locked, spent)
    else:
        budgeting.let_go(locked)
    locked.state, locked.outcome, locked.note = TaskState.DONE, outcome, note
    if locked.assigned_to is None:
        _give(locked, actor)
    locked.ended_on = business_date(project.time_zone, at)
    for picture in pictures:
        store_picture(kind=PROOF, key=locked.public_id, picture=picture, project=project)
    _step(locked, Act.DONE, actor, at, outcome=outcome, spent=spent)


def postpone(
    *, actor: Any, project: ProjectRef, task: CareTask, to: date, reason: str, at: datetime
) -> None:
    """Put a task off to a later day, three times and thirty days after it was promised at most.

    Raises RewardError: TASK_ENDED, NO_REASON, BAD_DAY, MOVED_OFTEN.
    """
    locked = _open(task)
    if not reason:
        raise RewardError("NO_REASON")
    if locked.moved >= MOVES_MOST:
        raise RewardError("MOVED_OFTEN")
    today = business_date(project.time_zone, at)
    if not max(locked.due_on, today) < to <= last_day(locked, today):
        raise RewardError("BAD_DAY")
    locked.due_on, locked.reason, locked.moved = to, reason, locked.moved + 1
    _step(locked, Act.POSTPONED, actor, at, to=to.isoformat())


def last_day(task: CareTask, today: date) -> date:
    """Return the last day to which a task can be put off: thirty days after it was promised, and
    in a week at least for one that is overdue for longer."""
    return max(task.promised_on + timedelta(days=MOVE_DAYS), today + timedelta(days=7))


def skip(*, actor: Any, project: ProjectRef, task: CareTask, reason: str, at: datetime) -> None:
    """Leave a task out this time. Raises RewardError: TASK_ENDED, NO_REASON."""
    locked = _open(task)
    if not reason:
        raise RewardError("NO_REASON")
    budgeting.let_go(locked)
    locked.state, locked.reason = TaskState.SKIPPED, reason
    locked.ended_on = business_date(project.time_zone, at)
    _step(locked, Act.SKIPPED, actor, at)


def undo(*, actor: Any, project: ProjectRef, task: CareTask, at: datetime) -> None:
    """Open a task again that was done or skipped by mistake; what it cost goes back.

    Raises RewardError: NOT_TO_UNDO after seven days, NEXT_PLANNED.
    """
    locked = lock_task(task.id)
    today = business_date(project.time_zone, at)
    if locked.state not in (TaskState.DONE, TaskState.SKIPPED) or locked.ended_on is None:
        raise RewardError("NOT_TO_UNDO", state=locked.state)
    if today - locked.ended_on > timedelta(days=UNDO_DAYS):
        raise RewardError("NOT_TO_UNDO", state=locked.state)
    later = sa.select(CareTask.id).where(
        CareTask.rule_id == locked.rule_id,
        CareTask.member_id == locked.member_id,
        CareTask.turn > locked.turn,
    )
    if db.session.scalar(later.limit(1)) is not None:
        raise RewardError("NEXT_PLANNED", state=locked.state)
    budgeting.unspend(locked)
    reopen(locked)
    _step(locked, Act.UNDONE, actor, at)


def reopen(task: CareTask) -> None:
    """Let a task stand open again."""
    task.state, task.outcome, task.ended_on, task.reason = TaskState.OPEN, None, None, ""
    db.session.flush()


def close(*, task: CareTask, why: Closing, project: ProjectRef, at: datetime) -> None:
    """Close an open task that nobody needs any more; what it holds goes back to the budget."""
    locked = lock_task(task.id)
    if locked.state != TaskState.OPEN:
        return
    budgeting.let_go(locked)
    locked.state, locked.reason = TaskState.CLOSED, why
    locked.ended_on = business_date(project.time_zone, at)
    db.session.add(CareStep(task_id=locked.id, project_id=locked.project_id, act=Act.CLOSED, at=at))
    db.session.flush()


def _open(task: CareTask) -> CareTask:
    locked = lock_task(task.id)
    if locked.state != TaskState.OPEN:
        raise RewardError("TASK_ENDED", state=locked.state)
    return locked


def _give(task: CareTask, actor: Any) -> None:
    task.assigned_to, task.assigned = actor.id, actor.display_name


def _month(project: ProjectRef, at: datetime) -> str:
    return f"{business_date(project.time_zone, at):%Y-%m}"


def _step(task: CareTask, act: Act, actor: Any, at: datetime, **facts: Any) -> None:
    db.session.add(
        CareStep(task_id=task.id, project_id=task.project_id, act=act, by=actor.id, at=at)
    )
    record(
        actor=actor,
        action=f"rewards.care_{act}",
        subject=("rewards_care_task", task.public_id),
        project_id=task.project_id,
        facts={"kind": task.kind, **facts},
    )
    db.session.flush()
