"""Paying rewards: approved by a second person, points through the ledger, and taken back there."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from plugins.referrals.errors import ReferralError
from plugins.referrals.exclusions import EXCLUDED_FOR_EVER, excluded
from plugins.referrals.models import Campaign, Lead, Referrer
from plugins.referrals.models.rewards import Beneficiary, Kind, Reward, RewardState
from plugins.referrals.shares.service import owners_of
from portal.sdk import (
    MemberRef,
    PointsError,
    ProjectRef,
    db,
    earn_points,
    emit,
    find_members,
    now,
    record,
    reverse_points,
)

SOURCE = "referrals.reward"


def approve(*, actor: Any, project: ProjectRef, reward: Reward) -> None:
    """Approve a reward that somebody else brought about; points are given at once. One whose friend
    is excluded by now is held instead.

    Raises ReferralError: SAME_PERSON, NOT_EARNED.
    """
    if reward.made_by == actor.id:
        raise ReferralError("SAME_PERSON")
    lead = db.session.get_one(Lead, reward.lead_id)
    if reward.state == RewardState.EARNED and hold_excluded(
        project=project, lead=lead, rewards=[reward]
    ):
        return
    done = db.session.execute(
        sa.update(Reward)
        .where(Reward.id == reward.id, Reward.state == RewardState.EARNED)
        .values(state=RewardState.APPROVED, approved_by=actor.id)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(reward)
    if not getattr(done, "rowcount", 0):
        raise ReferralError("NOT_EARNED")
    note(actor, "referrals.reward_approved", reward)
    if reward.kind == Kind.POINTS:
        post_points(project=project, reward=reward, member=owner_of(reward.referrer_id))


def hold_excluded(*, project: ProjectRef, lead: Lead, rewards: Sequence[Reward]) -> bool:
    """Hold those of the rewards that are a lead's, when its friend belongs to the owner's household
    or to the staff by now; whether it does."""
    if lead.phone is None:
        return False
    rules = db.session.get_one(Campaign, lead.campaign_id)
    codes = (
        excluded(
            project=project, referrer=owner_of(referrer_id), phone=lead.phone, rules=rules, at=now()
        )
        for referrer_id in owners_of(lead)
    )
    code = next((code for code in codes if code in EXCLUDED_FOR_EVER), None)
    if code is None:
        return False
    for reward in rewards:
        if reward.lead_id == lead.id and reward.reverses_id is None:
            reward.state, reward.reason, reward.approved_by = RewardState.HELD, code, None
    db.session.flush()
    return True


def hold(*, actor: Any, reward: Reward, reason: str) -> None:
    """Hold a reward that is not paid yet, until somebody releases it. Raises ReferralError."""
    done = db.session.execute(
        sa.update(Reward)
        .where(Reward.id == reward.id, Reward.state == RewardState.EARNED)
        .values(state=RewardState.HELD, reason=reason)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(reward)
    if not getattr(done, "rowcount", 0):
        raise ReferralError("NOT_EARNED")
    note(actor, "referrals.reward_held", reward)


def post_points(*, project: ProjectRef, reward: Reward, member: MemberRef) -> None:
    """Give the points of a reward, once whatever happens: the key is the reward's own."""
    try:
        posting = earn_points(
            member=member,
            amount=reward.amount,
            key=f"referrals:reward:{reward.public_id}",
            source=SOURCE,
            project=project,
            facts={"lead": reward.lead_id, "line": reward.line_id, "nth": reward.nth},
        )
    except PointsError:
        # Another plugin objects, or the member's account is closed: people look at it.
        reward.state, reward.reason, reward.approved_by = RewardState.HELD, "REFUSED", None
        return
    reward.state, reward.posting_id, reward.posted_at = RewardState.POSTED, posting.id, now()
    db.session.flush()
    _told(reward)


def take_back_posted(*, project: ProjectRef, reward: Reward, on: date, reason: str) -> Reward:
    """Add the row that takes a posted reward back: points in the ledger now, cash as a debt in the
    next payout."""
    made = Reward(
        project_id=reward.project_id,
        lead_id=reward.lead_id,
        line_id=reward.line_id,
        referrer_id=reward.referrer_id,
        reverses_id=reward.id,
        beneficiary=reward.beneficiary,
        kind=reward.kind,
        amount=-reward.amount,
        state=RewardState.APPROVED,
        reason=reason,
        earned_on=on,
        nth=reward.nth,
        reckoning=reward.reckoning,
    )
    db.session.add(made)
    db.session.flush()
    if reward.kind == Kind.POINTS and reward.posting_id is not None:
        try:
            posting = reverse_points(
                posting_id=reward.posting_id,
                key=f"referrals:reward:{made.public_id}",
                source=SOURCE,
            )
        except PointsError:
            # The club lets nobody owe points: the row shows what is still to be taken back.
            made.reason = "REFUSED"
            return made
        made.state, made.posting_id, made.posted_at = RewardState.POSTED, posting.id, now()
        db.session.flush()
        _told(made)
    return made


def owner_of(referrer_id: int) -> MemberRef:
    """Return the member who referred."""
    member_id = db.session.get_one(Referrer, referrer_id).member_id
    return find_members([member_id])[member_id]


def note(actor: Any, action: str, reward: Reward) -> None:
    """Write an act about a reward into the audit trail."""
    record(
        actor=actor,
        action=action,
        subject=("referrals_reward", reward.public_id),
        project_id=reward.project_id,
        facts={
            "kind": str(reward.kind),
            "amount": reward.amount,
            "side": str(Beneficiary(reward.beneficiary)),
        },
    )


def _told(reward: Reward) -> None:
    emit(
        kind="referrals.reward_posted",
        project_id=reward.project_id,
        subject=("referrals_reward", reward.public_id),
        data={"kind": str(reward.kind), "amount": reward.amount},
    )
