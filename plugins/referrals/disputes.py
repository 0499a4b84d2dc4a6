"""Disputes: opened once a lead, decided by somebody not in the sale, appealed once, final."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.earning import DISPUTED
from plugins.referrals.errors import ReferralError
from plugins.referrals.evidence.service import say
from plugins.referrals.exclusions import EXCLUDED_FOR_EVER, excluded
from plugins.referrals.history import log
from plugins.referrals.models import Campaign, Dispute, Lead, Referrer, Reward, Step
from plugins.referrals.models.disputes import DisputeState, Outcome
from plugins.referrals.models.rewards import RewardState
from plugins.referrals.posting import owner_of
from plugins.referrals.settling import settle
from plugins.referrals.shares.drawing import WHOLE
from plugins.referrals.shares.service import owners_of
from plugins.referrals.states import ACTIVE, DISPUTABLE, OBJECTABLE
from portal.sdk import Picture, ProjectRef, db, find_members, housemates, notify

MOST_OTHERS = 4
"""Third and further owners of a split."""
HEARD = (DisputeState.OPEN, DisputeState.APPEALED)
"""When evidence is taken."""


def may_object(lead: Lead) -> bool:
    """Return whether the owner of a lead may object to how it ended."""
    return lead.state in OBJECTABLE and lead.phone is not None and lead.disputed_at is None


def open_dispute(
    *,
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    words: str,
    side: str,
    at: datetime,
    pictures: Sequence[Picture] = (),
) -> Dispute:
    """Open a dispute about a lead: its clock stops, its rewards that are not paid are frozen, and
    so are those of another owner's lead of the same friend.

    `side`: who speaks, `owner` or `staff`. Raises ReferralError: NO_REASON, NOT_DISPUTABLE,
    ALREADY_DISPUTED.
    """
    if not words:
        raise ReferralError("NO_REASON", state=lead.state)
    if lead.state not in (DISPUTABLE if side == "staff" else OBJECTABLE) or lead.phone is None:
        raise ReferralError("NOT_DISPUTABLE", state=lead.state)
    rival = db.session.scalar(
        sa.select(Lead)
        .where(
            Lead.project_id == project.id,
            Lead.phone_hash == lead.phone_hash,
            Lead.id != lead.id,
            Lead.state.in_(ACTIVE),
        )
        .limit(1)
    )
    made = Dispute(
        project_id=project.id,
        lead_id=lead.id,
        rival_id=rival.id if rival else None,
        state=DisputeState.OPEN,
        opened_by=actor.id,
    )
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError as error:
        raise ReferralError("ALREADY_DISPUTED", state=lead.state) from error
    for each in filter(None, (lead, rival)):
        _freeze(each, at)
    say(
        actor=actor, project=project, lead=lead, step="disputed", words=words, side=side, at=at,
        pictures=pictures,
    )  # fmt: skip
    if rival:
        _log(actor, project, rival, "disputed", "", {"side": "other"}, at)
        _tell(project, made, [rival])
    return made


def add_evidence(
    *,
    actor: Any,
    project: ProjectRef,
    dispute: Dispute,
    lead: Lead,
    words: str,
    side: str,
    at: datetime,
    pictures: Sequence[Picture] = (),
) -> None:
    """Add what somebody has to say. `lead`: the one of the owner who speaks. Raises
    ReferralError."""
    if not words:
        raise ReferralError("NO_REASON")
    _in(dispute, *HEARD)
    say(
        actor=actor, project=project, lead=lead, step="evidence", words=words, side=side, at=at,
        pictures=pictures,
    )  # fmt: skip


def decide(
    *,
    actor: Any,
    project: ProjectRef,
    dispute: Dispute,
    outcome: Outcome,
    words: str,
    at: datetime,
    appeal_days: int,
    share: int | None = None,
    other: Referrer | None = None,
    others: Sequence[tuple[Referrer | None, int]] = (),
) -> None:
    """Decide a dispute: it may be appealed for some days; on an appeal, for good.

    `share`: of a split, for the owner of the disputed lead, in percent. `other`: who else, where
    nobody else has the friend. `others`: third and further owners with their percents; what is
    left is the other's. Raises ReferralError: IN_THE_SALE, NO_REASON, NO_OTHER, BAD_SHARE,
    whatever excludes the other owner, NOT_NOW.
    """
    lead, rival = parties(dispute)
    if not words:
        raise ReferralError("NO_REASON")
    _in(dispute, *HEARD)
    if actor.id in in_the_sale(dispute, lead, rival):
        raise ReferralError("IN_THE_SALE")
    others = others if outcome == Outcome.SPLIT else ()
    if outcome == Outcome.SPLIT:
        _check_shares(share or 0, [each for _, each in others])
    if outcome in (Outcome.MOVE, Outcome.SPLIT) and rival is None:
        _check_other(project, lead, other, at)
    named = {lead.referrer_id, rival.referrer_id if rival else other.id if other else 0}
    for third, _ in others:
        _check_other(project, lead, third, at, named)
    final = dispute.state == DisputeState.APPEALED
    values: dict[str, Any] = {
        "outcome": outcome,
        "share": share if outcome == Outcome.SPLIT else None,
        "other_id": other.id if other and rival is None else None,
        "others": [[third.id, part] for third, part in others if third],
    }
    if final:
        values |= {"state": DisputeState.FINAL, "final_by": actor.id, "final_at": at}
    else:
        until = at + timedelta(days=appeal_days)
        decided = {"state": DisputeState.DECIDED, "decided_by": actor.id, "appeal_until": until}
        values |= decided
    _move(dispute, HEARD, values)
    facts = {"outcome": str(outcome), "side": "judge"}
    _log(actor, project, lead, "final" if final else "decided", words, facts, at)
    if rival:
        _log(actor, project, rival, "final" if final else "decided", words, facts, at)
    if final:
        settle(actor=actor, project=project, dispute=dispute, lead=lead, rival=rival, at=at)
    _tell(project, dispute, [each for each in (lead, rival) if each])


def appeal(
    *,
    actor: Any,
    project: ProjectRef,
    dispute: Dispute,
    lead: Lead,
    words: str,
    side: str,
    at: datetime,
    pictures: Sequence[Picture] = (),
) -> None:
    """Ask for another judge, once and in time. Raises ReferralError: NO_REASON, TOO_LATE,
    NOT_NOW."""
    if not words:
        raise ReferralError("NO_REASON")
    if dispute.state == DisputeState.DECIDED and (dispute.appeal_until or at) <= at:
        raise ReferralError("TOO_LATE")
    values = {"state": DisputeState.APPEALED, "appealed_by": actor.id}
    _move(dispute, (DisputeState.DECIDED,), values)
    say(
        actor=actor, project=project, lead=lead, step="appealed", words=words, side=side, at=at,
        pictures=pictures,
    )  # fmt: skip


def close(*, project: ProjectRef, dispute: Dispute, at: datetime) -> None:
    """Let a decision stand that nobody appealed against in time. Raises ReferralError."""
    lead, rival = parties(dispute)
    _move(dispute, (DisputeState.DECIDED,), {"state": DisputeState.FINAL, "final_at": at})
    for each in filter(None, (lead, rival)):
        _log(None, project, each, "final", "", {"outcome": str(dispute.outcome)}, at)
    settle(actor=None, project=project, dispute=dispute, lead=lead, rival=rival, at=at)


def end_with_friend(*, project: ProjectRef, lead: Lead, at: datetime) -> None:
    """Close the dispute about a lead whose friend has withdrawn: nobody is left to decide about,
    and another owner's lead of the same friend goes on."""
    dispute = db.session.scalar(
        sa.select(Dispute).where(Dispute.lead_id == lead.id, Dispute.state != DisputeState.FINAL)
    )
    if dispute is None:
        return
    _, rival = parties(dispute)
    ended = {"state": DisputeState.FINAL, "outcome": Outcome.KEEP, "share": None, "final_at": at}
    _move(dispute, (*HEARD, DisputeState.DECIDED), ended)
    for each in filter(None, (lead, rival)):
        _log(None, project, each, "final", "", {"outcome": str(Outcome.KEEP)}, at)
    settle(actor=None, project=project, dispute=dispute, lead=lead, rival=rival, at=at)


def parties(dispute: Dispute) -> tuple[Lead, Lead | None]:
    """Return the disputed lead, and the one of another owner."""
    rival = db.session.get_one(Lead, dispute.rival_id) if dispute.rival_id else None
    return db.session.get_one(Lead, dispute.lead_id), rival


def in_the_sale(dispute: Dispute, lead: Lead, rival: Lead | None) -> set[int]:
    """Return the accounts that may not decide: the owners' households, and whoever did anything
    about the leads, a first decision included."""
    leads = [each for each in (lead, rival) if each]
    steps = sa.select(Step.by).where(Step.lead_id.in_([each.id for each in leads]))
    acted = {by for by in db.session.scalars(steps.distinct()) if by is not None}
    sides = {referrer for each in leads for referrer in owners_of(each)}
    owners = [owner_of(each) for each in sorted(sides)]
    mates = {mate.member_id for owner in owners for mate in housemates(owner) if mate.member_id}
    homes = {each.account_id for each in find_members(mates).values()}
    return acted | homes | {dispute.opened_by}


def _check_shares(share: int, others: Sequence[int]) -> None:
    """Raise ReferralError unless everybody gets something, and together the whole."""
    if min(share, *others, 99) < 1 or share + sum(others) > WHOLE - 1 or len(others) > MOST_OTHERS:
        raise ReferralError("BAD_SHARE")


def _check_other(
    project: ProjectRef,
    lead: Lead,
    other: Referrer | None,
    at: datetime,
    named: set[int] | None = None,
) -> None:
    """Raise ReferralError unless another owner may have a part; `named`: who has one already, to
    whom this one is added."""
    named = {lead.referrer_id} if named is None else named
    if other is None or other.id in named or other.closed_at:
        raise ReferralError("NO_OTHER")
    named.add(other.id)
    rules = db.session.get_one(Campaign, lead.campaign_id)
    member = owner_of(other.id)
    code = excluded(project=project, referrer=member, phone=lead.phone or "", rules=rules, at=at)
    if code in EXCLUDED_FOR_EVER:
        raise ReferralError(code)


def _freeze(lead: Lead, at: datetime) -> None:
    db.session.execute(
        sa.update(Lead)
        .where(Lead.id == lead.id)
        .values(disputed_at=at)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(lead)
    waiting = sa.select(Reward).where(
        Reward.lead_id == lead.id,
        Reward.state.in_((RewardState.EARNED, RewardState.APPROVED)),
        Reward.reverses_id.is_(None),
        Reward.batch_id.is_(None),
    )
    for reward in db.session.scalars(waiting.with_for_update()).all():
        reward.state, reward.reason, reward.approved_by = RewardState.HELD, DISPUTED, None
    db.session.flush()


def _in(dispute: Dispute, *states: DisputeState) -> None:
    if dispute.state not in states:
        raise ReferralError("NOT_NOW", state=dispute.state)


def _move(dispute: Dispute, sources: tuple[DisputeState, ...], values: dict[str, Any]) -> None:
    _in(dispute, *sources)
    done = db.session.execute(
        sa.update(Dispute)
        .where(Dispute.id == dispute.id, Dispute.state == dispute.state)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(dispute)
    if not getattr(done, "rowcount", 0):
        raise ReferralError("NOT_NOW", state=dispute.state)


def _log(
    actor: Any,
    project: ProjectRef,
    lead: Lead,
    step: str,
    words: str,
    facts: dict[str, str],
    at: datetime,
) -> None:
    log(actor=actor, project=project, lead=lead, step=step, facts=facts, words=words, at=at)


def _tell(project: ProjectRef, dispute: Dispute, leads: list[Lead]) -> None:
    for lead in leads:
        notify(
            members=[owner_of(lead.referrer_id)],
            kind="referrals.dispute",
            cause=f"dispute:{dispute.public_id}:{dispute.state}:{lead.public_id}",
            project=project,
            values={"friend": lead.phone_masked},
            url=f"/p/{project.slug}/referrals/leads/{lead.public_id}/dispute",
        )
