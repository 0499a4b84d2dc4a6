"""Rewards as stages are reached: each line of the rules once a lead, within caps and budget."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Campaign, Lead, Referrer
from plugins.referrals.models.rewards import Beneficiary, Reward, RewardLine, RewardState
from plugins.referrals.posting import note, owner_of, post_points, take_back_posted
from plugins.referrals.room import give_back, reserve
from plugins.referrals.states import OPEN, STAGES, State
from portal.sdk import ProjectRef, db, tier_of

DISPUTED = "DISPUTED"


def lines_of(rules: Campaign) -> Sequence[RewardLine]:
    """Return what a version of the rules promises, in its order."""
    return db.session.scalars(
        sa.select(RewardLine)
        .where(RewardLine.campaign_id == rules.id)
        .order_by(RewardLine.place)
        .limit(50)
    ).all()


def coming(lead: Lead, rewards: Sequence[Reward]) -> Sequence[RewardLine]:
    """Return what the owner of a lead under way may still get, by its rules: a forecast."""
    if lead.campaign is None or lead.reason or lead.state not in OPEN:
        return []
    there = {reward.line_id for reward in rewards}
    passed = STAGES[: STAGES.index(State(lead.state)) + 1]
    return [
        line
        for line in lines_of(lead.campaign)
        if line.beneficiary == Beneficiary.OWNER
        and line.id not in there
        and line.stage not in passed
    ]


def earn(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    rules: Campaign,
    stage: str,
    on: date,
    sides: Sequence[Beneficiary] = tuple(Beneficiary),
) -> None:
    """Write down what a stage that a lead has reached earns; the same stage again, nothing.

    Budgets and caps are taken up here, so that what is approved can be paid; what finds no room is
    held, and so is everything of a lead that is disputed. `sides`: for whom.
    """
    lines = [
        line
        for line in lines_of(rules)
        if line.stage == stage and line.beneficiary in sides and _at(line, lead)
    ]
    if not lines:
        return
    # One at a time for an owner, so that no two leads are the same rung of the ladder.
    db.session.execute(
        sa.select(Referrer.id)
        .where(Referrer.id.in_([lead.referrer_id, lead.partner_id]))
        .order_by(Referrer.id)
        .with_for_update()
    )
    tier, nth = tier_of(owner_of(lead.referrer_id), on=on), _rung(lead, stage)
    for line in lines:
        if line.tiers and tier not in line.tiers:
            continue
        if nth < line.from_nth or (line.to_nth is not None and nth > line.to_nth):
            continue
        for referrer_id, amount in _shares(lead, line):
            made = _add(actor, lead, line, referrer_id, amount, on, nth)
            if made is None:
                continue
            reserve(reward=made, rules=rules)
            if made.state == RewardState.EARNED and lead.disputed_at is not None:
                made.state, made.reason = RewardState.HELD, DISPUTED
            give_at_once(project=project, reward=made, line=line)


def give_at_once(*, project: ProjectRef, reward: Reward, line: RewardLine) -> None:
    """Post the points that need no approval, if nothing holds them."""
    if reward.state == RewardState.EARNED and line.at_once:
        post_points(project=project, reward=reward, member=owner_of(reward.referrer_id))


def take_back(
    *,
    project: ProjectRef,
    lead: Lead,
    on: date,
    reason: str = "cancelled",
    sides: Sequence[Beneficiary] = tuple(Beneficiary),
) -> None:
    """Take back what the stages of a lead gave: what waits ends, what was posted or stands in a
    payout gets a row with the negative amount."""
    taken_back = aliased(Reward)
    rewards = db.session.scalars(
        sa.select(Reward)
        .where(
            Reward.lead_id == lead.id,
            Reward.reverses_id.is_(None),
            Reward.beneficiary.in_(sides),
            Reward.state != RewardState.VOID,
            ~sa.exists().where(taken_back.reverses_id == Reward.id),
        )
        .with_for_update()
    ).all()
    for reward in rewards:
        give_back(reward=reward)
        if reward.state == RewardState.POSTED or reward.batch_id is not None:
            take_back_posted(project=project, reward=reward, on=on, reason=reason)
        else:
            reward.state, reward.reason = RewardState.VOID, reason
    db.session.flush()


def release(*, actor: Any, project: ProjectRef, reward: Reward) -> None:
    """Let a held reward go on: room is looked for again. Raises ReferralError: NOT_HELD, and why
    it is still held."""
    db.session.refresh(reward, with_for_update=True)
    lead = db.session.get_one(Lead, reward.lead_id)
    rules = db.session.get_one(Campaign, lead.campaign_id)
    if reward.state != RewardState.HELD:
        raise ReferralError("NOT_HELD")
    if lead.disputed_at is not None:
        raise ReferralError(DISPUTED)
    if reward.quota_id is not None:
        reward.state, reward.reason = RewardState.EARNED, ""
    elif not reserve(reward=reward, rules=rules):
        raise ReferralError(reward.reason)
    note(actor, "referrals.reward_released", reward)


def _at(line: RewardLine, lead: Lead) -> bool:
    return not line.buildings or lead.building in line.buildings


def _shares(lead: Lead, line: RewardLine) -> list[tuple[int, int]]:
    """Return which owner gets how much of a line: two shares are the whole, to the fen."""
    if lead.partner_id is None or lead.partner_share is None or line.beneficiary == "friend":
        return [(lead.referrer_id, line.amount)]
    theirs = line.amount * lead.partner_share // 100
    shares = [(lead.referrer_id, line.amount - theirs), (lead.partner_id, theirs)]
    return [share for share in shares if share[1]]


def _rung(lead: Lead, stage: str) -> int:
    """Return which of the owner's leads this is to reach the stage; what was taken back does not
    count."""
    taken_back = aliased(Reward)
    earlier = sa.select(sa.func.count(sa.distinct(Reward.lead_id))).where(
        Reward.referrer_id == lead.referrer_id,
        Reward.lead_id != lead.id,
        Reward.reverses_id.is_(None),
        Reward.state != RewardState.VOID,
        sa.exists().where(RewardLine.id == Reward.line_id, RewardLine.stage == stage),
        ~sa.exists().where(taken_back.reverses_id == Reward.id),
    )
    return (db.session.scalar(earlier) or 0) + 1


def _add(
    actor: Any, lead: Lead, line: RewardLine, referrer_id: int, amount: int, on: date, nth: int
) -> Reward | None:
    made = Reward(
        project_id=lead.project_id,
        lead_id=lead.id,
        line_id=line.id,
        referrer_id=referrer_id,
        beneficiary=line.beneficiary,
        kind=line.kind,
        amount=amount,
        state=RewardState.EARNED,
        earned_on=on,
        nth=nth,
        reckoning=lead.reckoning,
        made_by=actor.id if actor else None,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        return None
    return made
