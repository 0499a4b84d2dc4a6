"""Price and area of the home that a friend buys: written down, and what waits for them reckoned."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.referrals.earning import earn, lines_of
from plugins.referrals.errors import ReferralError
from plugins.referrals.history import log
from plugins.referrals.models import Campaign, Lead
from plugins.referrals.models.rewards import Measure, Reward, RewardLine, RewardState
from plugins.referrals.settling import SWAPPABLE, reached, reckon_anew
from plugins.referrals.stepping import guard
from portal.sdk import ProjectRef, db


def note_price(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    price: int | None,
    area: int | None,
    at: datetime,
    words: str = "",
) -> bool:
    """Write down the price (fen) and the floor area (hundredths of a square metre); None leaves
    what is known. False when nothing is new.

    What waited for them is reckoned; what they had given already is taken back and reckoned anew.
    Raises ReferralError: ILLEGAL_STEP before a home is chosen.
    """
    values = {"price": price or lead.price, "area": area or lead.area}
    if (values["price"], values["area"]) == (lead.price, lead.area):
        return False
    if not guard(lead, SWAPPABLE, values):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    log(
        actor=actor, project=project, lead=lead, at=at, step="priced", words=words,
        facts={key: value for key, value in values.items() if value},
    )  # fmt: skip
    rules = db.session.get_one(Campaign, lead.campaign_id)
    if all(line.measure == Measure.FIXED for line in lines_of(rules)):
        return True
    if _given_by_price(lead):
        reckon_anew(actor=actor, project=project, lead=lead, at=at, reason="repriced")
        return True
    for step in reached(lead):
        earn(
            actor=actor, project=project, lead=lead, rules=rules, stage=step.step, on=step.on_day,
            reckoned=True,
        )  # fmt: skip
    return True


def _given_by_price(lead: Lead) -> bool:
    """Tell whether a reward of the present reckoning was reckoned from price or area."""
    found = db.session.scalar(
        sa.select(Reward.id)
        .join(RewardLine, RewardLine.id == Reward.line_id)
        .where(
            Reward.lead_id == lead.id,
            Reward.reckoning == lead.reckoning,
            Reward.reverses_id.is_(None),
            Reward.state != RewardState.VOID,
            RewardLine.measure != Measure.FIXED,
        )
        .limit(1)
    )
    return found is not None
