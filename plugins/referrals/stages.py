"""Leading a lead on: arrival, decision, the stages of the sale, follow-up, and its ends."""

from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.checks import Answer, Check, worst
from plugins.referrals.earning import take_back
from plugins.referrals.errors import ReferralError
from plugins.referrals.exclusions import excluded
from plugins.referrals.history import log, tell
from plugins.referrals.measures.entering import note_price
from plugins.referrals.models import Campaign, Lead
from plugins.referrals.posting import owner_of
from plugins.referrals.rewarding import take_back_rewards
from plugins.referrals.settling import SWAPPABLE
from plugins.referrals.states import ENDINGS, OPEN, SALES, Buyer, State
from plugins.referrals.stepping import guard, protected_until, reward_stage, told
from portal.sdk import ProjectRef, business_date, db

REASONS = (
    "LeadKnownToProject", "LeadProtectedByOther", "HouseholdOfReferrer", "StaffExcluded",
    "NoticeTooShort", "ConsentMissing", "ReferralExpired", "AdvocateNotFound",
)  # fmt: skip
"""Why a verifier may reject a lead."""
_PATH = (*OPEN, State.CLOSED)


def note_arrival(
    *, actor: Any, project: ProjectRef, lead: Lead, rules: Campaign, at: datetime
) -> None:
    """Write down that the friend stands at the desk; the answer is due from now at the latest.
    A second scan changes nothing. Raises ReferralError."""
    due = at + timedelta(minutes=rules.answer_minutes)
    values = {
        "arrived_at": at,
        "answer_by": sa.case((Lead.answer_by <= due, Lead.answer_by), else_=due),
    }
    done = guard(lead, (State.REPORTED,), values, Lead.arrived_at.is_(None))
    if done:
        log(actor=actor, project=project, lead=lead, at=at, step="arrived")
    elif lead.arrived_at is None:
        raise ReferralError("ILLEGAL_STEP", state=lead.state)


def accept(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    rules: Campaign,
    checks: list[Check],
    words: str,
    at: datetime,
    may_override: bool = False,
) -> None:
    """Accept a lead as the owner's; visited, too, when the friend is there.

    Raises ReferralError: CHECK_FAILED where only a manager may make an exception, NO_REASON for an
    exception without words.
    """
    result = worst(checks)
    if result is Answer.FAILED and not may_override:
        raise ReferralError("CHECK_FAILED", state=lead.state)
    if result is not Answer.PASSED and not words:
        raise ReferralError("NO_REASON", state=lead.state)
    today = business_date(project.time_zone, at)
    came = lead.arrived_at is not None
    values: dict[str, Any] = {"answer_by": None, "stage_on": today}
    if came:
        values["ends_at"] = protected_until(rules, lead.arrived_at or at, at)
    target = State.VISITED if came else State.ACCEPTED
    if not guard(lead, (State.REPORTED,), values | {"state": target}, Lead.stage_on <= today):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    facts = {check.code: str(check.answer) for check in checks}
    log(
        actor=actor, project=project, lead=lead, at=at, step="accepted", state=State.ACCEPTED,
        on=today, facts={"checks": facts}, words=words, version=rules.version,
    )  # fmt: skip
    if came:
        log(actor=actor, project=project, lead=lead, at=at, step="visited", on=today)
        reward_stage(actor, project, lead, rules, today)
    told(project, lead, "referrals.accepted")


def visit(*, actor: Any, project: ProjectRef, lead: Lead, rules: Campaign, at: datetime) -> None:
    """Write down the visit of a lead that was accepted before. Raises ReferralError."""
    today = business_date(project.time_zone, at)
    values = {
        "state": State.VISITED,
        "stage_on": today,
        "arrived_at": at,
        "ends_at": protected_until(rules, at, at),
    }
    if not guard(lead, (State.ACCEPTED,), values, Lead.stage_on <= today):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    log(actor=actor, project=project, lead=lead, at=at, step="visited", on=today)
    reward_stage(actor, project, lead, rules, today)


def reject(
    *, actor: Any, project: ProjectRef, lead: Lead, reason: str, words: str, at: datetime
) -> None:
    """Refuse to count a lead as the owner's. Raises ReferralError."""
    if reason not in REASONS:
        raise ReferralError("NO_REASON", state=lead.state)
    values = {"state": State.REJECTED, "reason": reason, "ends_at": None, "answer_by": None}
    if not guard(lead, (State.REPORTED,), values):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    log(actor=actor, project=project, lead=lead, at=at, step="rejected", reason=reason, words=words)
    told(project, lead, "referrals.rejected")


def escalate(*, actor: Any, project: ProjectRef, lead: Lead, words: str, at: datetime) -> None:
    """Hand a lead to the manager. `actor` None: the clock; never a refusal by itself."""
    done = guard(lead, (State.REPORTED,), {"escalated_at": at}, Lead.escalated_at.is_(None))
    if done:
        log(actor=actor, project=project, lead=lead, at=at, step="escalated", words=words)
    elif lead.state != State.REPORTED:
        raise ReferralError("ILLEGAL_STEP", state=lead.state)


def advance(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    rules: Campaign,
    to: State,
    on: date,
    at: datetime,
    buyer: str = "",
    building: str = "",
    evidence: str = "",
    key: str | None = None,
    price: int | None = None,
    area: int | None = None,
) -> bool:
    """Write down a stage of the sale with its day; False when it was written down before. `price`
    of the contract in fen and `area` in hundredths of a square metre, where they are known.

    Raises ReferralError: ILLEGAL_STEP, FUTURE, DATE_BEFORE, IdentityMismatchAtContract and, at the
    contract, whatever excludes the friend.
    """
    if to not in SALES:
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    if on > business_date(project.time_zone, at):
        raise ReferralError("FUTURE", state=lead.state)
    values: dict[str, Any] = {"state": to, "stage_on": on}
    if to == State.SUBSCRIBED:
        # A home is chosen: from now on the sale ends it, not the clock.
        values["ends_at"] = None
        values["building"] = building
    if to == State.SIGNED:
        _check_contract(project, lead, rules, buyer, at)
        values["buyer"] = buyer
    try:
        with db.session.begin_nested():
            done = guard(lead, SALES[to], values, Lead.stage_on <= on)
            if done:
                log(
                    actor=actor, project=project, lead=lead, at=at, step=str(to), on=on, key=key,
                    version=rules.version, words=evidence,
                    facts={"buyer": buyer} if to == State.SIGNED else {},
                )  # fmt: skip
                db.session.flush()
    except IntegrityError:
        db.session.refresh(lead)
        return False
    if lead.state in SWAPPABLE:
        note_price(actor=actor, project=project, lead=lead, price=price, area=area, at=at)
    if not done:
        if lead.state in _PATH and _PATH.index(State(lead.state)) >= _PATH.index(to):
            return False
        code = "DATE_BEFORE" if lead.state in SALES[to] else "ILLEGAL_STEP"
        raise ReferralError(code, state=lead.state)
    reward_stage(actor, project, lead, rules, on)
    tell("referrals.stage_reached", lead, on=on.isoformat())
    told(project, lead, "referrals.moved_on")
    return True


def follow_up(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    rules: Campaign,
    kind: str,
    words: str,
    at: datetime,
) -> None:
    """Write down that people met: it renews the protection, and nothing else does."""
    until = protected_until(rules, lead.arrived_at or at, at)
    values = {"ends_at": sa.case((Lead.ends_at > until, Lead.ends_at), else_=until)}
    if not guard(lead, (State.VISITED, State.PRE_REGISTERED), values, Lead.ends_at > at):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    log(
        actor=actor, project=project, lead=lead, at=at, step="follow_up", words=words,
        facts={"kind": kind},
    )  # fmt: skip


def end(
    *, actor: Any, project: ProjectRef, lead: Lead, to: State, words: str, at: datetime
) -> None:
    """End a lead as lost, or as cancelled after it had begun to buy. Raises ReferralError."""
    if not words:
        raise ReferralError("NO_REASON", state=lead.state)
    if to not in ENDINGS:
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    values = {"state": to, "reason": str(to), "ends_at": None, "answer_by": None}
    if not guard(lead, ENDINGS[to], values):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    log(actor=actor, project=project, lead=lead, at=at, step=str(to), reason=str(to), words=words)
    if to == State.CANCELLED:
        take_back_rewards(lead=lead)
        take_back(project=project, lead=lead, on=business_date(project.time_zone, at))
    tell("referrals.lead_ended", lead)
    told(project, lead, "referrals.ended")


def lapse(*, project: ProjectRef, lead: Lead, at: datetime) -> None:
    """End a lead whose time has run out; one that waits for an answer of ours does not lapse."""
    clocks = (State.ACCEPTED, State.VISITED, State.PRE_REGISTERED)
    values = {"state": State.LAPSED, "reason": "ReferralExpired", "ends_at": None}
    done = guard(
        lead,
        (*clocks, State.REPORTED),
        values | {"answer_by": None},
        Lead.ends_at <= at,
        Lead.disputed_at.is_(None),
        sa.or_(Lead.state.in_(clocks), Lead.arrived_at.is_(None)),
    )
    if done:
        log(actor=None, project=project, lead=lead, at=at, step="lapsed", reason="ReferralExpired")
        tell("referrals.lead_ended", lead)
        told(project, lead, "referrals.ended")


def _check_contract(
    project: ProjectRef, lead: Lead, rules: Campaign, buyer: str, at: datetime
) -> None:
    if buyer not in {*rules.kin, Buyer.FRIEND}:
        raise ReferralError("IdentityMismatchAtContract", state=lead.state)
    member = owner_of(lead.referrer_id)
    code = excluded(project=project, referrer=member, phone=lead.phone or "", rules=rules, at=at)
    # The buyer is known to the project by now: that is the aim.
    if code and code != "LeadKnownToProject":
        raise ReferralError(code, state=lead.state)
