"""Rewards as stages are reached: each line of the rules once a lead, within caps and budget."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased

from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Campaign, Lead, Referrer
from plugins.referrals.models.rewards import (
    Beneficiary,
    Budget,
    Due,
    Kind,
    Quota,
    Reward,
    RewardLine,
    RewardState,
)
from plugins.referrals.posting import note, post_points, take_back_posted
from plugins.referrals.states import OPEN, STAGES, State
from portal.sdk import MemberRef, ProjectRef, db, tier_of

NO_BUDGET, NO_ROOM = "CampaignLimitReached", "ProfileLimitReached"


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
    member: MemberRef,
    on: date,
) -> None:
    """Write down what the stage that a lead has just reached earns; the same stage again, nothing.

    `member`: the owner of the lead. Budgets and caps are taken up here, so that what is approved
    can be paid; what finds no room is held.
    """
    if lead.state not in set(Due):
        return
    lines = [line for line in lines_of(rules) if line.stage == lead.state and _at(line, lead)]
    if not lines:
        return
    # One at a time for an owner, so that no two leads are the same rung of the ladder.
    db.session.execute(
        sa.select(Referrer.id).where(Referrer.id == lead.referrer_id).with_for_update()
    )
    tier, nth = tier_of(member, on=on), _rung(lead)
    for line in lines:
        if line.tiers and tier not in line.tiers:
            continue
        if nth < line.from_nth or (line.to_nth is not None and nth > line.to_nth):
            continue
        made = _add(actor, lead, line, on, nth)
        if made is None:
            continue
        reserve(reward=made, rules=rules)
        if made.state == RewardState.EARNED and line.at_once:
            post_points(project=project, reward=made, member=member)


def take_back(*, project: ProjectRef, lead: Lead, on: date) -> None:
    """Take back what the stages of a cancelled purchase gave: what waits ends, what was posted or
    stands in a payout gets a row with the negative amount."""
    taken_back = aliased(Reward)
    rewards = db.session.scalars(
        sa.select(Reward)
        .where(
            Reward.lead_id == lead.id,
            Reward.reverses_id.is_(None),
            Reward.state != RewardState.VOID,
            ~sa.exists().where(taken_back.reverses_id == Reward.id),
        )
        .with_for_update()
    ).all()
    for reward in rewards:
        _release(reward)
        if reward.state == RewardState.POSTED or reward.batch_id is not None:
            take_back_posted(project=project, reward=reward, on=on)
        else:
            reward.state, reward.reason = RewardState.VOID, "cancelled"
    db.session.flush()


def reserve(*, reward: Reward, rules: Campaign) -> bool:
    """Take up cap and budget for a reward that is earned or held; held, with its reason, without
    room."""
    quota = _take_quota(reward, rules)
    if quota is None:
        reward.state, reward.reason = RewardState.HELD, NO_ROOM
        return False
    budget = _budget(reward)
    if budget is not None and not _take(Budget, budget.id, reward.amount, Budget.amount):
        _give_back(Quota, quota, reward.amount)
        reward.state, reward.reason = RewardState.HELD, NO_BUDGET
        return False
    reward.quota_id, reward.budget_id = quota, budget.id if budget else None
    reward.state, reward.reason = RewardState.EARNED, ""
    return True


def release(*, actor: Any, project: ProjectRef, reward: Reward) -> None:
    """Let a held reward go on: room is looked for again. Raises ReferralError: NOT_HELD, and why
    it is still held."""
    db.session.refresh(reward, with_for_update=True)
    lead = db.session.get_one(Lead, reward.lead_id)
    rules = db.session.get_one(Campaign, lead.campaign_id)
    if reward.state != RewardState.HELD:
        raise ReferralError("NOT_HELD")
    if reward.quota_id is not None:
        reward.state, reward.reason = RewardState.EARNED, ""
    elif not reserve(reward=reward, rules=rules):
        raise ReferralError(reward.reason)
    note(actor, "referrals.reward_released", reward)


def _at(line: RewardLine, lead: Lead) -> bool:
    return not line.buildings or lead.building in line.buildings


def _rung(lead: Lead) -> int:
    """Return which of the owner's leads this is to reach the stage; cancelled ones do not count."""
    earlier = sa.select(sa.func.count(sa.distinct(Reward.lead_id))).where(
        Reward.referrer_id == lead.referrer_id,
        Reward.lead_id != lead.id,
        Reward.reverses_id.is_(None),
        Reward.state != RewardState.VOID,
        sa.exists().where(RewardLine.id == Reward.line_id, RewardLine.stage == lead.state),
        sa.not_(sa.exists().where(Lead.id == Reward.lead_id, Lead.state == "cancelled")),
    )
    return (db.session.scalar(earlier) or 0) + 1


def _add(actor: Any, lead: Lead, line: RewardLine, on: date, nth: int) -> Reward | None:
    made = Reward(
        project_id=lead.project_id,
        lead_id=lead.id,
        line_id=line.id,
        referrer_id=lead.referrer_id,
        beneficiary=line.beneficiary,
        kind=line.kind,
        amount=line.amount,
        state=RewardState.EARNED,
        earned_on=on,
        nth=nth,
        made_by=actor.id if actor else None,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        return None
    return made


def _take_quota(reward: Reward, rules: Campaign) -> int | None:
    """Count a reward in its owner's year; return the row, None when the cap leaves no room."""
    cap = rules.cap_points if reward.kind == Kind.POINTS else rules.cap_cash
    values = {
        "project_id": reward.project_id,
        "referrer_id": reward.referrer_id,
        "beneficiary": Beneficiary(reward.beneficiary),
        "kind": Kind(reward.kind),
        "year": reward.earned_on.year,
    }
    find = sa.select(Quota.id).filter_by(**values)
    found = db.session.scalar(find)
    if found is None:
        try:
            with db.session.begin_nested():
                db.session.add(Quota(**values, used=0))
        except IntegrityError:
            pass
        found = db.session.scalar(find)
    most = sa.literal(cap, sa.BigInteger) if cap is not None else None
    return found if found and _take(Quota, found, reward.amount, most) else None


def _budget(reward: Reward) -> Budget | None:
    """Return the budget that the day falls into; none: there is no limit."""
    return db.session.scalar(
        sa.select(Budget)
        .where(
            Budget.project_id == reward.project_id,
            Budget.kind == reward.kind,
            Budget.starts_on <= reward.earned_on,
        )
        .order_by(Budget.starts_on.desc())
        .limit(1)
    )


def _take(model: type[Budget] | type[Quota], id_: int, amount: int, most: Any) -> bool:
    """Count an amount in a row unless that would pass `most`: one guarded statement."""
    statement = sa.update(model).where(model.id == id_)
    if most is not None:
        statement = statement.where(model.used + amount <= most)
    done = db.session.execute(
        statement.values(used=model.used + amount).execution_options(synchronize_session=False)
    )
    return bool(getattr(done, "rowcount", 0))


def _give_back(model: type[Budget] | type[Quota], id_: int, amount: int) -> None:
    db.session.execute(
        sa.update(model)
        .where(model.id == id_)
        .values(used=model.used - amount)
        .execution_options(synchronize_session=False)
    )


def _release(reward: Reward) -> None:
    if reward.budget_id is not None:
        _give_back(Budget, reward.budget_id, reward.amount)
    if reward.quota_id is not None:
        _give_back(Quota, reward.quota_id, reward.amount)
