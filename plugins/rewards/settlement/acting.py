"""What becomes of a statement: approved by a second person, sent back, paid; and rates."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, Order, Step
from plugins.rewards.settlement.drawing import ledger_points, lock, note
from plugins.rewards.settlement.models import Rate, Statement, StatementLine
from plugins.rewards.settlement.states import Stage
from plugins.rewards.states import State
from portal.sdk import ProjectRef, business_date, db, record

RATE_MOST = 100_000_000
"""Fen a piece: a million yuan."""


def approve(*, actor: Any, statement: Statement) -> None:
    """Approve what somebody else has drawn up, if the ledger has the same points.

    Raises RewardError: ILLEGAL_STEP, SAME_PERSON, NOT_TIED.
    """
    _must(statement, Stage.DRAFT)
    if statement.made_by == actor.id:
        raise RewardError("SAME_PERSON", state=statement.state)
    statement.ledger = ledger_points(_postings(statement))
    if statement.ledger != statement.points:
        raise RewardError("NOT_TIED", state=statement.state)
    statement.state, statement.approved_by = Stage.APPROVED, actor.id
    note(actor, statement, "statement_approved")


def send_back(*, actor: Any, statement: Statement) -> None:
    """Make an approved statement a draft again. Raises RewardError ILLEGAL_STEP."""
    _must(statement, Stage.APPROVED)
    statement.state, statement.approved_by = Stage.DRAFT, None
    note(actor, statement, "statement_sent_back")


def pay(
    *, actor: Any, project: ProjectRef, statement: Statement, on: date, proof: str, at: datetime
) -> None:
    """Note that an approved statement was paid; it never changes again.

    Raises RewardError: ILLEGAL_STEP, PAID_LATER.
    """
    if on > business_date(project.time_zone, at):
        raise RewardError("PAID_LATER", state=statement.state)
    _must(statement, Stage.APPROVED)
    statement.state, statement.paid_on, statement.paid_by = Stage.PAID, on, actor.id
    statement.proof = proof[:120]
    note(actor, statement, "statement_paid")


def set_rate(*, actor: Any, project: ProjectRef, item: Item, month: str, fen: int) -> None:
    """Say what a partner gets for a piece from a month on, in fen; said again, it is replaced.

    Statements that are there keep theirs. Raises RewardError BAD_RATE.
    """
    if not 0 <= fen <= RATE_MOST:
        raise RewardError("BAD_RATE")
    db.session.merge(Rate(item_id=item.id, month=month, project_id=project.id, fen=fen))
    db.session.flush()
    record(
        actor=actor,
        action="rewards.rate_set",
        subject=("rewards_item", item.public_id),
        project_id=project.id,
        facts={"month": month, "fen": fen},
    )


def _must(statement: Statement, stage: Stage) -> None:
    lock(statement)
    if statement.state != stage:
        raise RewardError("ILLEGAL_STEP", state=statement.state)


def _postings(statement: Statement) -> list[tuple[int | None, bool]]:
    rows = db.session.execute(
        sa.select(Order.capture_id, Step.state)
        .select_from(StatementLine)
        .join(Step, Step.id == StatementLine.step_id)
        .join(Order, Order.id == Step.order_id)
        .where(StatementLine.statement_id == statement.id)
    )
    return [(posting, state == State.RETURNED) for posting, state in rows]
