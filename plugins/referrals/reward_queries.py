"""What is read of rewards, budgets and payouts. Every statement is bounded."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.referrals.models import Lead, PayeeLine, Referrer
from plugins.referrals.models.rewards import Batch, Budget, Kind, Reward, RewardState
from portal.sdk import Page, db, page_of


def rewards(project_id: int, state: str, kind: str) -> Page[Any]:
    """Return a page of (reward, lead, referrer), the newest first."""
    return page_of(_rewards(project_id, state, kind), Reward.created_at, Reward.id, descending=True)


def all_rewards(project_id: int, state: str, kind: str) -> Iterator[tuple[Reward, Lead, Referrer]]:
    """Return every reward as filtered, read 500 at a time."""
    statement = _rewards(project_id, state, kind).order_by(Reward.created_at, Reward.id)
    for row in db.session.execute(statement.execution_options(yield_per=500)):
        yield row[0], row[1], row[2]


def _rewards(project_id: int, state: str, kind: str) -> sa.Select[Any]:
    statement = (
        sa.select(Reward, Lead, Referrer)
        .join(Lead, Lead.id == Reward.lead_id)
        .join(Referrer, Referrer.id == Reward.referrer_id)
        .options(joinedload(Reward.line))
        .where(Reward.project_id == project_id)
    )
    if state:
        statement = statement.where(Reward.state == state)
    if kind:
        statement = statement.where(Reward.kind == kind)
    return statement


def found_rewards(project_id: int, public_ids: Sequence[str]) -> Sequence[Reward]:
    """Return rewards of this project by their public ids, in a fixed order."""
    return db.session.scalars(
        sa.select(Reward)
        .where(Reward.project_id == project_id, Reward.public_id.in_(public_ids))
        .order_by(Reward.id)
    ).all()


def rewards_of(lead: Lead, *, owner: int | None = None) -> Sequence[Reward]:
    """Return a lead's rewards, the oldest first. `owner`: those of this referrer alone, also from
    the lead that this one was merged into."""
    statement = (
        sa.select(Reward)
        .options(joinedload(Reward.line))
        .where(Reward.lead_id.in_([lead.id, lead.merged_into_id]))
    )
    if owner is not None:
        statement = statement.where(Reward.beneficiary == "owner", Reward.referrer_id == owner)
    else:
        statement = statement.where(Reward.lead_id == lead.id)
    return db.session.scalars(statement.order_by(Reward.created_at, Reward.id).limit(100)).all()


def sums(project_id: int) -> Mapping[tuple[str, str], int]:
    """Return the sum of every (kind, state); posted ones less what was taken back."""
    rows = db.session.execute(
        sa.select(Reward.kind, Reward.state, sa.func.sum(Reward.amount))
        .where(Reward.project_id == project_id)
        .group_by(Reward.kind, Reward.state)
    )
    return {(row[0], row[1]): int(row[2]) for row in rows}


def due_sum(project_id: int) -> int:
    """Return the fen that are approved and in no payout yet; below nought: owed by payees."""
    total = db.session.scalar(
        sa.select(sa.func.sum(Reward.amount)).where(
            Reward.project_id == project_id,
            Reward.kind == Kind.CASH,
            Reward.state == RewardState.APPROVED,
            Reward.batch_id.is_(None),
        )
    )
    return int(total or 0)


def debts(project_id: int) -> Sequence[Any]:
    """Return who owes cash: (referrer, lead of the friend or None, fen below nought)."""
    friend = sa.case((Reward.beneficiary == "friend", Reward.lead_id))
    total = sa.func.sum(Reward.amount)
    owed = (
        sa.select(Reward.referrer_id, friend.label("lead_id"), total.label("total"))
        .where(
            Reward.project_id == project_id,
            Reward.kind == Kind.CASH,
            Reward.state == RewardState.APPROVED,
            Reward.batch_id.is_(None),
        )
        .group_by(Reward.referrer_id, friend)
        .having(total < 0)
        .subquery()
    )
    return db.session.execute(
        sa.select(Referrer, Lead, owed.c.total)
        .join(owed, owed.c.referrer_id == Referrer.id)
        .outerjoin(Lead, Lead.id == owed.c.lead_id)
        .order_by(owed.c.total)
        .limit(100)
    ).all()


def payee_lines(found: Batch) -> Sequence[Any]:
    """Return the (line, lead of a friend or None, referrer) of a payout."""
    return db.session.execute(
        sa.select(PayeeLine, Lead, Referrer)
        .join(Referrer, Referrer.id == PayeeLine.referrer_id)
        .outerjoin(Lead, Lead.id == PayeeLine.lead_id)
        .where(PayeeLine.batch_id == found.id)
        .order_by(PayeeLine.referrer_id, PayeeLine.lead_id, PayeeLine.id)
    ).all()


def budgets(project_id: int) -> Sequence[Budget]:
    """Return a project's budgets, the latest first."""
    return db.session.scalars(
        sa.select(Budget)
        .where(Budget.project_id == project_id)
        .order_by(Budget.starts_on.desc(), Budget.kind)
        .limit(50)
    ).all()


def batches(project_id: int) -> Page[Any]:
    """Return a page of a project's payouts, the newest first."""
    return page_of(
        sa.select(Batch).where(Batch.project_id == project_id),
        Batch.number,
        Batch.id,
        descending=True,
    )


def batch(project_id: int, public_id: str) -> Batch | None:
    """Return a payout of this project."""
    return db.session.scalar(
        sa.select(Batch).where(Batch.public_id == public_id, Batch.project_id == project_id)
    )


def rows_of(found: Batch) -> Sequence[Any]:
    """Return the (reward, lead, referrer) of a payout, by who gets it."""
    return db.session.execute(
        _rewards(found.project_id, "", "")
        .where(Reward.batch_id == found.id)
        .order_by(Reward.referrer_id, Reward.beneficiary, Reward.created_at, Reward.id)
    ).all()
