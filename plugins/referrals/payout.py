"""Paying cash: a batch is proposed by one person, approved by another, and marked as paid."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Lead
from plugins.referrals.models.rewards import Batch, BatchState, Kind, Reward, RewardState
from plugins.referrals.posting import hold_excluded
from plugins.referrals.taxing import payee_of, write_lines
from plugins.referrals.withdrawing import lapse_rewards, stands_in
from portal.sdk import ProjectRef, business_date, db, record

MOST = 500


def due_rewards(project: ProjectRef) -> Sequence[Reward]:
    """Return the cash that may be paid: of everybody who gets more than is to be taken back. What
    is excluded by now is held."""
    found = db.session.execute(
        sa.select(Reward, Lead)
        .join(Lead, Lead.id == Reward.lead_id)
        .where(
            Reward.project_id == project.id,
            Reward.kind == Kind.CASH,
            Reward.state == RewardState.APPROVED,
            Reward.batch_id.is_(None),
        )
        .order_by(Reward.created_at, Reward.id)
        .limit(MOST)
        .with_for_update(of=Reward)
    ).all()
    for lead in {row[1].id: row[1] for row in found}.values():
        hold_excluded(project=project, lead=lead, rewards=[row[0] for row in found])
    rows = [row[0] for row in found if row[0].state == RewardState.APPROVED]
    by_payee: dict[object, list[Reward]] = defaultdict(list)
    for row in rows:
        by_payee[payee_of(row)].append(row)
    return [
        row for theirs in by_payee.values() if sum(r.amount for r in theirs) >= 0 for row in theirs
    ]


def propose(*, actor: Any, project: ProjectRef) -> Batch:
    """Put everything that is due into a payout. Raises ReferralError: NOTHING_DUE, CHANGED."""
    rows = due_rewards(project)
    if not rows:
        raise ReferralError("NOTHING_DUE")
    number = db.session.scalar(
        sa.select(sa.func.max(Batch.number)).where(Batch.project_id == project.id)
    )
    made = Batch(
        project_id=project.id,
        number=(number or 0) + 1,
        total=sum(row.amount for row in rows),
        rows=len(rows),
        made_by=actor.id,
        state=BatchState.PROPOSED,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError as error:
        raise ReferralError("CHANGED") from error
    done = db.session.execute(
        sa.update(Reward)
        .where(
            Reward.id.in_([row.id for row in rows]),
            Reward.batch_id.is_(None),
            Reward.state == RewardState.APPROVED,
        )
        .values(batch_id=made.id)
        .execution_options(synchronize_session=False)
    )
    if getattr(done, "rowcount", 0) != len(rows):
        raise ReferralError("CHANGED")
    write_lines(batch=made, rows=rows, on=business_date(project.time_zone))
    _note(actor, "referrals.payout_proposed", made)
    return made


def approve_batch(*, actor: Any, batch: Batch) -> None:
    """Approve a payout that somebody else has proposed. Raises ReferralError."""
    if batch.made_by == actor.id:
        raise ReferralError("SAME_PERSON")
    _move(batch, (BatchState.PROPOSED,), state=BatchState.APPROVED, approved_by=actor.id)
    _note(actor, "referrals.payout_approved", batch)


def pay(
    *, actor: Any, project: ProjectRef, batch: Batch, on: date, proof: str, at: datetime
) -> None:
    """Note that an approved payout was paid; its rows never change again. Raises ReferralError."""
    if on > business_date(project.time_zone, at):
        raise ReferralError("FUTURE")
    disputed = (
        sa.select(Reward.id)
        .join(Lead, Lead.id == Reward.lead_id)
        .where(Reward.batch_id == batch.id, Lead.disputed_at.is_not(None))
        .limit(1)
    )
    if db.session.scalar(disputed) is not None:
        raise ReferralError("PAYOUT_DISPUTED")
    if stands_in(batch.id):
        raise ReferralError("PAYOUT_WITHDRAWN")
    values = {"state": BatchState.PAID, "paid_on": on, "paid_by": actor.id, "proof": proof[:120]}
    _move(batch, (BatchState.APPROVED,), **values)
    done = db.session.execute(
        sa.update(Reward)
        .where(Reward.batch_id == batch.id, Reward.state == RewardState.APPROVED)
        .values(state=RewardState.POSTED, posted_at=at)
        .execution_options(synchronize_session=False)
    )
    if getattr(done, "rowcount", 0) != batch.rows:
        raise ReferralError("CHANGED")
    _note(actor, "referrals.payout_paid", batch)


def drop(*, actor: Any, batch: Batch) -> None:
    """Give a payout up that was not paid; its rewards wait for the next, but for those of friends
    who withdrew meanwhile, which lapse. Raises ReferralError."""
    _move(batch, (BatchState.PROPOSED, BatchState.APPROVED), state=BatchState.DROPPED)
    held = db.session.scalars(sa.select(Reward.lead_id).where(Reward.batch_id == batch.id))
    leads = sorted(set(held))
    db.session.execute(
        sa.update(Reward)
        .where(Reward.batch_id == batch.id)
        .values(batch_id=None)
        .execution_options(synchronize_session=False)
    )
    lapse_rewards(Lead.id.in_(leads))
    _note(actor, "referrals.payout_dropped", batch)


def _move(batch: Batch, sources: tuple[BatchState, ...], **values: Any) -> None:
    done = db.session.execute(
        sa.update(Batch)
        .where(Batch.id == batch.id, Batch.state.in_(sources))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(batch)
    if not getattr(done, "rowcount", 0):
        raise ReferralError("ILLEGAL_STEP", state=batch.state)


def _note(actor: Any, action: str, batch: Batch) -> None:
    record(
        actor=actor,
        action=action,
        subject=("referrals_batch", batch.public_id),
        project_id=batch.project_id,
        facts={"number": batch.number, "total": batch.total, "rows": batch.rows},
    )
