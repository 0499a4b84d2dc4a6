"""What a withdrawn consent does to rewards: what was not given lapses, what was given stays."""

import sqlalchemy as sa

from plugins.referrals.models import Lead, Reward
from plugins.referrals.models.rewards import RewardState
from plugins.referrals.room import give_back
from portal.sdk import db

WITHDRAWN = "withdrawn"
_NOT_GIVEN = (RewardState.EARNED, RewardState.HELD, RewardState.APPROVED)


def lapse_rewards(leads: sa.ColumnElement[bool]) -> None:
    """Let the rewards of withdrawn leads lapse that are not posted and stand in no payout; budget
    and cap get their room back. What takes a posted one back stays a debt. `leads`: which."""
    waiting = db.session.scalars(
        sa.select(Reward)
        .join(Lead, Lead.id == Reward.lead_id)
        .where(
            leads,
            Lead.withdrawn_at.is_not(None),
            Reward.reverses_id.is_(None),
            Reward.state.in_(_NOT_GIVEN),
            Reward.batch_id.is_(None),
        )
        .order_by(Reward.id)
        .with_for_update(of=Reward)
    ).all()
    for reward in waiting:
        give_back(reward=reward)
        reward.state, reward.reason, reward.approved_by = RewardState.VOID, WITHDRAWN, None
    db.session.flush()


def stands_in(batch_id: int) -> bool:
    """Tell whether a payout that is not paid has a reward of a withdrawn lead."""
    found = db.session.scalar(
        sa.select(Reward.id)
        .join(Lead, Lead.id == Reward.lead_id)
        .where(
            Reward.batch_id == batch_id,
            Reward.reverses_id.is_(None),
            Lead.withdrawn_at.is_not(None),
        )
        .limit(1)
    )
    return found is not None
