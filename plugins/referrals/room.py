"""Room for rewards: an owner's cap of the calendar year and the budget of the day, taken up and
given back by guarded statements."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.models import Campaign
from plugins.referrals.models.rewards import (
    Beneficiary,
    Budget,
    Kind,
    Quota,
    Reward,
    RewardState,
)
from portal.sdk import db

NO_BUDGET, NO_ROOM = "CampaignLimitReached", "ProfileLimitReached"


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


def give_back(*, reward: Reward) -> None:
    """Let a reward count no more in its budget and cap."""
    if reward.budget_id is not None:
        _give_back(Budget, reward.budget_id, reward.amount)
    if reward.quota_id is not None:
        _give_back(Quota, reward.quota_id, reward.amount)
