"""Rewards as stages are reached: each line of the rules once a lead, within caps and budget."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from plugins.referrals.errors import ReferralError
from plugins.referrals.measures.basis import lead_amount
from plugins.referrals.measures.fitting import fits
from plugins.referrals.models import Campaign, Lead, Referrer
from plugins.referrals.models.rewards import Beneficiary, Measure, Reward, RewardLine, RewardState
from plugins.referrals.posting import note, owner_of, post_points, take_back_posted
from plugins.referrals.room import give_back, reserve
from plugins.referrals.shares.drawing import parts
from plugins.referrals.shares.service import owners_of, shares_of
from plugins.referrals.states import OPEN, STAGES, State
from portal.sdk import ProjectRef, business_date, db, tier_of

DISPUTED = "DISPUTED"


@dataclass(frozen=True)
class Forecast:
    """A line that may still come. `amount`: milli-points or fen, None while a price or a fee is
    not known."""

    line: RewardLine
    amount: int | None


def lines_of(rules: Campaign) -> Sequence[RewardLine]:
    """Return what a version of the rules promises, in its order."""
    return db.session.scalars(
        sa.select(RewardLine)
        .where(RewardLine.campaign_id == rules.id)
        .order_by(RewardLine.place)
        .limit(50)
    ).all()


def coming(
    project: ProjectRef,
    lead: Lead,
    rewards: Sequence[Reward],
    sides: Sequence[Beneficiary] = (Beneficiary.OWNER,),
) -> Sequence[Forecast]:
    """Return what sides of a lead under way may still get, by its rules: a forecast. A stage that
    was reached stays in it while the price or the fee is not known."""
    if lead.campaign is None or lead.reason or lead.state not in OPEN:
        return []
    there = {reward.line_id for reward in rewards}
    passed = STAGES[: STAGES.index(State(lead.state)) + 1]
    today = business_date(project.time_zone)
    found = [
        Forecast(line, lead_amount(project, lead, lead.campaign, line))
        for line in lines_of(lead.campaign)
        if line.beneficiary in sides
        and line.id not in there
        and (line.until_on is None or line.until_on >= today)
    ]
    return [each for each in found if each.line.stage not in passed or each.amount is None]


def earn(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    rules: Campaign,
    stage: str,
    on: date,
    sides: Sequence[Beneficiary] = tuple(Beneficiary),
    reckoned: bool = False,
) -> None:
    """Write down what a stage that a lead has reached earns; the same stage again, nothing.

    Budgets and caps are taken up here, so that what is approved can be paid; what finds no room is
    held, and so is everything of a lead that is disputed. `sides`: for whom; `reckoned`: only what
    depends on a price or a fee. What does so waits until they are known.
    """
    lines = [
        line
        for line in lines_of(rules)
        if line.stage == stage
        and line.beneficiary in sides
        and not (reckoned and line.measure == Measure.FIXED)
    ]
    if not lines:
        return
    # One at a time for an owner, so that no two leads are the same rung of the ladder.
    db.session.execute(
        sa.select(Referrer.id)
        .where(Referrer.id.in_(owners_of(lead)))
        .order_by(Referrer.id)
        .with_for_update()
    )
    nth = rung(lead, stage)

    @cache
    def tier() -> str | None:
        return tier_of(owner_of(lead.referrer_id), on=on)

    for line in lines:
        if not fits(line, stage=stage, building=lead.building, nth=nth, tier=tier, on=on):
            continue
        whole = lead_amount(project, lead, rules, line)
        for referrer_id, amount in among(lead, line, whole or 0):
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


def among(lead: Lead, line: RewardLine, whole: int) -> list[tuple[int, int]]:
    """Return which owner gets how much of a line: the shares are the whole, to the fen."""
    if line.beneficiary == Beneficiary.FRIEND:
        return [(lead.referrer_id, whole)] if whole else []
    shares = shares_of(lead)
    cut = parts(whole, [share for _, share in shares])
    return [(owner, part) for (owner, _), part in zip(shares, cut, strict=True) if part]


def rung(lead: Lead, stage: str) -> int:
    """Return which of the owner's leads this is to reach the stage; what was taken back does not
    count. A lead that is reckoned anew keeps its rung."""
    kept = db.session.scalar(
        sa.select(sa.func.min(Reward.nth))
        .join(RewardLine, RewardLine.id == Reward.line_id)
        .where(
            Reward.lead_id == lead.id,
            Reward.referrer_id == lead.referrer_id,
            RewardLine.stage == stage,
        )
    )
    if kept is not None:
        return kept
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
