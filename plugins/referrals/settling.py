"""What a final decision does: leads come back, change hands, are shared or merged; rewards are
reckoned anew."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.earning import DISPUTED, earn, give_at_once, take_back
from plugins.referrals.errors import ReferralError
from plugins.referrals.history import log
from plugins.referrals.models import Campaign, Dispute, Lead, Reward, RewardLine, Step
from plugins.referrals.models.disputes import Outcome
from plugins.referrals.models.rewards import Beneficiary, RewardState
from plugins.referrals.posting import owner_of
from plugins.referrals.rewarding import take_back_rewards, tell_rules
from plugins.referrals.room import reserve
from plugins.referrals.shares.service import share_among
from plugins.referrals.states import ACTIVE, OBJECTABLE, OPEN, State
from plugins.referrals.stepping import guard, protected_until, reward_stage
from portal.sdk import ProjectRef, business_date, db

SWAPPABLE = (State.SUBSCRIBED, State.SIGNED, State.PAID, State.CLOSED)
"""When there is a home to swap."""
_CLOCKS = (State.REPORTED, State.ACCEPTED, State.VISITED, State.PRE_REGISTERED)


def settle(
    *,
    actor: Any,
    project: ProjectRef,
    dispute: Dispute,
    lead: Lead,
    rival: Lead | None,
    at: datetime,
) -> None:
    """Carry a final decision out, and let clocks and rewards go on. Raises ReferralError."""
    outcome, here = dispute.outcome, rival is None
    if outcome == Outcome.DENY:
        _refuse(project, rival or lead, at)
    elif rival is None:
        if outcome == Outcome.MOVE:
            _move_to(lead, dispute.other_id or lead.referrer_id)
        elif outcome == Outcome.SPLIT:
            rest = 100 - (dispute.share or 0) - sum(share for _, share in dispute.others)
            share_among(lead, _owners([(dispute.other_id, rest), *dispute.others]))
    elif outcome != Outcome.KEEP and rival.state in ACTIVE:
        if outcome == Outcome.MOVE:
            _move_to(rival, lead.referrer_id)
        else:
            share_among(rival, _owners([(lead.referrer_id, dispute.share), *dispute.others]))
        _merge(project, lead, rival, at)
    holder = rival or lead
    counts = holder.withdrawn_at is None and (here or holder.state in ACTIVE)
    if outcome in (Outcome.MOVE, Outcome.SPLIT) and counts:
        sides = (Beneficiary.OWNER,)
        reckon_anew(actor=actor, project=project, lead=holder, at=at, reason="moved", sides=sides)
    if here and outcome != Outcome.DENY:
        _bring_back(actor, project, lead, at)
    for each in filter(None, (lead, rival)):
        _thaw(each, project, at)


def _move_to(lead: Lead, referrer_id: int) -> None:
    share_among(lead, ())
    lead.referrer_id = referrer_id


def _owners(named: Sequence[Sequence[int | None]]) -> list[tuple[int, int]]:
    return [(owner, share) for owner, share in named if owner and share]


def reckon_anew(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    at: datetime,
    reason: str,
    sides: Sequence[Beneficiary] = tuple(Beneficiary),
) -> None:
    """Take back what a lead's stages gave and let them earn again, by what holds now."""
    db.session.flush()
    rules = db.session.get_one(Campaign, lead.campaign_id)
    today = business_date(project.time_zone, at)
    take_back(project=project, lead=lead, on=today, reason=reason, sides=sides)
    take_back_rewards(lead=lead)
    lead.reckoning += 1
    db.session.flush()
    owner = owner_of(lead.referrer_id)
    for step in reached(lead):
        tell_rules(project=project, lead=lead, stage=step.step, referrer=owner, on=step.on_day)
        earn(
            actor=actor, project=project, lead=lead, rules=rules, stage=step.step, on=step.on_day,
            sides=sides,
        )  # fmt: skip


def swap_home(
    *, actor: Any, project: ProjectRef, lead: Lead, building: str, words: str, at: datetime
) -> None:
    """Note that the friend buys another home: rewards are taken back and reckoned by the new one.

    Raises ReferralError: NO_REASON, NOTHING_NEW, ILLEGAL_STEP.
    """
    if not words or not building:
        raise ReferralError("NO_REASON", state=lead.state)
    if building == lead.building:
        raise ReferralError("NOTHING_NEW", state=lead.state)
    if not guard(lead, SWAPPABLE, {"building": building}, Lead.building != building):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    log(
        actor=actor, project=project, lead=lead, at=at, step="swapped", words=words,
        facts={"building": building},
    )  # fmt: skip
    reckon_anew(actor=actor, project=project, lead=lead, at=at, reason="swapped")


def reached(lead: Lead) -> Sequence[Step]:
    """Return the stages that a lead has reached, the earliest first."""
    return db.session.scalars(
        sa.select(Step)
        .where(Step.lead_id == lead.id, Step.stage)
        .order_by(Step.on_day, Step.created_at, Step.id)
        .limit(20)
    ).all()


def _refuse(project: ProjectRef, lead: Lead, at: datetime) -> None:
    values = {"state": State.REJECTED, "reason": "denied", "ends_at": None, "answer_by": None}
    if guard(lead, ACTIVE, values):
        log(actor=None, project=project, lead=lead, at=at, step="rejected", reason="denied")
        take_back_rewards(lead=lead)
        day = business_date(project.time_zone, at)
        take_back(project=project, lead=lead, on=day, reason="denied")


def _bring_back(actor: Any, project: ProjectRef, lead: Lead, at: datetime) -> None:
    """Let a lead that had been refused, or ran out, stand where it stood."""
    if lead.state not in (*OBJECTABLE, State.REPORTED):
        return
    rules = db.session.get_one(Campaign, lead.campaign_id)
    passed = {step.step for step in reached(lead)}
    today = business_date(project.time_zone, at)
    standing = [state for state in OPEN[1:] if state in passed]
    came = lead.arrived_at is not None
    target = standing[-1] if standing else State.VISITED if came else State.ACCEPTED
    ends = at + timedelta(days=rules.visit_days)
    if target != State.ACCEPTED:
        ends = protected_until(rules, at, at)
    last = lead.stage_on or today
    values = {
        "state": target, "reason": "", "answer_by": None, "stage_on": max(today, last),
        "ends_at": ends if target in _CLOCKS else None, "disputed_at": None,
    }  # fmt: skip
    try:
        with db.session.begin_nested():
            guard(lead, (*OBJECTABLE, State.REPORTED), values)
    except IntegrityError as error:
        raise ReferralError("LeadProtectedByOther", state=lead.state) from error
    for state in (State.ACCEPTED, State.VISITED):
        if state in passed or (state == State.VISITED and not came):
            continue
        log(
            actor=actor, project=project, lead=lead, at=at, step=str(state), state=state, on=today,
            version=rules.version,
        )  # fmt: skip
        if state == State.VISITED:
            reward_stage(actor, project, lead, rules, today)


def _merge(project: ProjectRef, lead: Lead, into: Lead, at: datetime) -> None:
    values = {"state": State.MERGED, "reason": "merged", "merged_into_id": into.id}
    if guard(lead, OBJECTABLE, values | {"ends_at": None, "answer_by": None}):
        log(actor=None, project=project, lead=lead, at=at, step="merged", reason="merged")


def _thaw(lead: Lead, project: ProjectRef, at: datetime) -> None:
    """Let the clock go on where it stopped, and what was frozen wait for its approval."""
    if lead.ends_at is not None and lead.disputed_at is not None and lead.state in _CLOCKS:
        lead.ends_at += at - lead.disputed_at
    lead.disputed_at = None
    db.session.flush()
    rules = db.session.get_one(Campaign, lead.campaign_id)
    held = db.session.execute(
        sa.select(Reward, RewardLine)
        .join(RewardLine, RewardLine.id == Reward.line_id)
        .where(
            Reward.lead_id == lead.id,
            Reward.state == RewardState.HELD,
            Reward.reason == DISPUTED,
        )
        .limit(100)
    ).all()
    for reward, line in held:
        if reward.quota_id is None:
            reserve(reward=reward, rules=rules)
        else:
            reward.state, reward.reason = RewardState.EARNED, ""
        give_at_once(project=project, reward=reward, line=line)
    db.session.flush()
