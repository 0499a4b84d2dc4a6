"""What is read of care: lists of tasks, one with its history, figures, rules and budgets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from plugins.rewards.care.states import Care, TaskState
from plugins.rewards.care.words import VIEWS, WHO, what
from plugins.rewards.models import CareBudget, CareRule, CareStep, CareTask, CareTerms
from portal.sdk import HomeRef, Page, ProjectRef, colleagues, db, find_members, page_of

CARE = "rewards.care"
_MOST = 20_000
_HISTORY = 50


@dataclass(frozen=True)
class TaskFilter:
    """What the list is narrowed to: `view`: now, overdue, coming or ended; `who`: mine, free (not
    taken) or everybody's; `search`: a building or a number of a home."""

    view: str = "now"
    kind: str = ""
    who: str = ""
    search: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "TaskFilter":
        """Read the arguments of an address; what is unknown counts as not given."""
        view, kind, who = args.get("view", "now"), args.get("kind", ""), args.get("who", "")
        return cls(
            view if view in VIEWS else "now",
            kind if kind in set(Care) else "",
            who if who in WHO else "",
            args.get("q", "").strip()[:60].replace("\0", ""),
        )

    def args(self, **other: str) -> dict[str, str]:
        """Return the filter as an address' arguments, with others in place of some."""
        mine = {"view": self.view, "kind": self.kind, "who": self.who, "q": self.search, **other}
        return {key: value for key, value in mine.items() if value}


@dataclass(frozen=True)
class TaskRow:
    """A task as lists show it. `late`: days past its last one; `assigned`: who does it, by name;
    fen."""

    key: str
    kind: str
    what: str
    name: str
    home: str
    tier: str
    opens_on: date
    due_on: date
    late: int
    state: str
    outcome: str | None
    reason: str
    ended_on: date | None
    assigned_to: int | None
    assigned: str
    amount: int
    spent: int
    note: str
    escalated: bool


@dataclass(frozen=True)
class StepRow:
    """A step in the life of a task, and who took it ("": the clock)."""

    act: str
    name: str
    at: datetime


def counts(project_id: int, today: date, account_id: int) -> dict[str, int]:
    """Return how many tasks there are by view, and of them `mine`: the reader's."""
    begun = CareTask.opens_on <= today
    conditions = {
        "now": sa.and_(begun, CareTask.due_on >= today),
        "overdue": CareTask.due_on < today,
        "coming": CareTask.opens_on > today,
        "mine": sa.and_(begun, CareTask.assigned_to == account_id),
        "escalated": CareTask.escalated_at.is_not(None),
        "due": CareTask.due_on == today,
    }
    sums = [sa.func.sum(sa.case((each, 1), else_=0)) for each in conditions.values()]
    mine = sa.select(*sums).where(
        CareTask.project_id == project_id, CareTask.state == TaskState.OPEN
    )
    row = db.session.execute(mine).one()
    return {key: int(value or 0) for key, value in zip(conditions, row, strict=True)}


def tasks(project_id: int, wanted: TaskFilter, today: date, account_id: int) -> Page[Any]:
    """Return a page of tasks, what is due first at the top; of those that are over, the newest."""
    statement = sa.select(CareTask).where(*_narrowed(project_id, wanted, today, account_id))
    if wanted.view == "ended":
        return page_of(statement, CareTask.ended_on, CareTask.id, descending=True)
    return page_of(statement, CareTask.due_on, CareTask.id)


def all_tasks(
    project_id: int, wanted: TaskFilter, today: date, account_id: int
) -> Sequence[CareTask]:
    """Return every task of the list: 20,000 at most."""
    statement = sa.select(CareTask).where(*_narrowed(project_id, wanted, today, account_id))
    return db.session.scalars(statement.order_by(CareTask.due_on, CareTask.id).limit(_MOST)).all()


def rows_of(found: Sequence[CareTask], today: date) -> list[TaskRow]:
    """Return tasks as lists show them: one statement for each 500 members."""
    names: dict[int, str] = {}
    ids = sorted({task.member_id for task in found})
    for at in range(0, len(ids), 500):
        names |= {key: who.name for key, who in find_members(ids[at : at + 500]).items()}
    return [row_of(task, names.get(task.member_id, ""), today) for task in found]


def find_task(project_id: int, public_id: str) -> CareTask | None:
    """Return a task of a project by its public id."""
    mine = sa.select(CareTask).where(
        CareTask.project_id == project_id, CareTask.public_id == public_id
    )
    return db.session.scalars(mine).one_or_none()


def history_of(project_id: int, public_id: str) -> Sequence[CareTask]:
    """Return all the tasks of the member of a task, the newest first: 50 at most."""
    other = sa.orm.aliased(CareTask)
    whose = sa.select(other.member_id).where(
        other.project_id == project_id, other.public_id == public_id
    )
    mine = sa.select(CareTask).where(
        CareTask.project_id == project_id, CareTask.member_id == whose.scalar_subquery()
    )
    newest = mine.order_by(CareTask.due_on.desc(), CareTask.id.desc())
    return db.session.scalars(newest.limit(_HISTORY)).all()


def steps_of(project: ProjectRef, public_id: str) -> list[StepRow]:
    """Return what became of a task, the first first, with who of today's staff did it."""
    staff = {each.id: each.name for each in colleagues(CARE, project)}
    mine = (
        sa.select(CareStep.act, CareStep.by, CareStep.at)
        .join(CareTask, CareTask.id == CareStep.task_id)
        .where(CareTask.project_id == project.id, CareTask.public_id == public_id)
    )
    rows = db.session.execute(mine.order_by(CareStep.at, CareStep.id))
    return [StepRow(act, staff.get(by or 0, ""), at) for act, by, at in rows]


def find_rule(project_id: int, public_id: str) -> CareRule | None:
    """Return a rule of a project by its public id."""
    mine = sa.select(CareRule).where(
        CareRule.project_id == project_id, CareRule.public_id == public_id
    )
    return db.session.scalars(mine).one_or_none()


def terms_of(rule_id: int) -> Sequence[CareTerms]:
    """Return what a rule has said, the newest first."""
    mine = sa.select(CareTerms).where(CareTerms.rule_id == rule_id)
    return db.session.scalars(mine.order_by(CareTerms.version.desc())).all()


def rules(project_id: int) -> list[tuple[CareRule, list[CareTerms], int]]:
    """Return the rules in force with their terms, the newest first, and how many tasks of each are
    open, by tier and kind: one statement, 1,000 terms at most."""
    open_ = (
        sa.select(sa.func.count())
        .where(CareTask.rule_id == CareRule.id, CareTask.state == TaskState.OPEN)
        .scalar_subquery()
    )
    mine = (
        sa.select(CareRule, CareTerms, open_)
        .join(CareTerms, CareTerms.rule_id == CareRule.id)
        .where(CareRule.project_id == project_id, CareRule.ended_at.is_(None))
        .order_by(CareRule.tier, CareRule.kind, CareRule.id, CareTerms.version.desc())
    )
    found: dict[int, tuple[CareRule, list[CareTerms], int]] = {}
    for rule, terms, many in db.session.execute(mine.limit(1000)):
        found.setdefault(rule.id, (rule, [], many))[1].append(terms)
    return list(found.values())


def budgets(project_id: int) -> Page[Any]:
    """Return a page of budgets, the newest month first."""
    mine = sa.select(CareBudget).where(CareBudget.project_id == project_id)
    return page_of(mine, CareBudget.month, CareBudget.kind, descending=True)


def all_budgets(project_id: int) -> Sequence[CareBudget]:
    """Return every budget of a project: 20,000 at most."""
    mine = sa.select(CareBudget).where(CareBudget.project_id == project_id)
    return db.session.scalars(mine.order_by(CareBudget.month, CareBudget.kind).limit(_MOST)).all()


def home_title(task: CareTask) -> str:
    """Return the address of a task's home as the reader writes it; "" for none."""
    if not task.number:
        return ""
    return HomeRef(0, "", task.building, task.entrance, task.number).title


def row_of(task: CareTask, name: str, today: date) -> TaskRow:
    """Return a task as lists show it."""
    open_ = task.state == TaskState.OPEN
    return TaskRow(
        key=task.public_id,
        kind=task.kind,
        what=what(task.kind, task.rhythm, task.title),
        name=name,
        home=home_title(task),
        tier=task.tier,
        opens_on=task.opens_on,
        due_on=task.due_on,
        late=max((today - task.due_on).days, 0) if open_ else 0,
        state=task.state,
        outcome=task.outcome,
        reason=task.reason,
        ended_on=task.ended_on,
        assigned_to=task.assigned_to,
        assigned=task.assigned,
        amount=task.amount,
        spent=task.spent,
        note=task.note,
        escalated=open_ and task.escalated_at is not None,
    )


def _narrowed(
    project_id: int, wanted: TaskFilter, today: date, account_id: int
) -> list[sa.ColumnElement[bool]]:
    open_ = CareTask.state == TaskState.OPEN
    found = [CareTask.project_id == project_id]
    found += {
        "now": [open_, CareTask.opens_on <= today, CareTask.due_on >= today],
        "overdue": [open_, CareTask.due_on < today],
        "coming": [open_, CareTask.opens_on > today],
        "ended": [~open_],
    }[wanted.view]
    if wanted.kind:
        found.append(CareTask.kind == wanted.kind)
    if wanted.who == "mine":
        found.append(CareTask.assigned_to == account_id)
    elif wanted.who == "free":
        found.append(CareTask.assigned_to.is_(None))
    if wanted.search:
        home = CareTask.building + " " + CareTask.number
        found.append(home.contains(wanted.search, autoescape=True))
    return found
