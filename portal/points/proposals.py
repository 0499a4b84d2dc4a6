"""Adjusting points by hand: up to a limit of the day at once, beyond it by two people."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.points import service
from portal.points.accounts import REDEEMABLE
from portal.points.errors import PointsError
from portal.points.expiring import club_today
from portal.points.kinds import Kind, ProposalState
from portal.points.ledger import check_amount
from portal.points.models import Currency, Proposal, Transaction
from portal.points.models.currencies import ALONE
from portal.points.terms import Holder, Posting, Why

SOURCE = "manual"
KEY = "manual:"
"""How the keys of what one person adjusts begin."""


@dataclass(frozen=True)
class Deed:
    """What a proposal may be for besides plain points: something that a member did.

    `record` keeps it, now that the actor agrees, and returns the id of a posting that the rules
    made of it; raises PointsError. `describe` says what it is, for staff.
    """

    record: Callable[[Account, Proposal, Member], int]
    describe: Callable[[Mapping[str, Any]], str]


DEEDS: dict[str, Deed] = {}
"""By the fact's source; a feature that knows how to record it adds itself."""
ALONE_KEYS = [KEY]
"""How the keys of all postings begin that one person makes by hand."""


def adjust(
    *,
    actor: Account,
    member: Member,
    project_id: int,
    kind: Kind,
    amount: int,
    reason: str,
    key: str,
) -> Posting | Proposal:
    """Award or deduct by hand, with a reason that the member reads; beyond the limit, propose it.

    The limit is what one person gives to and takes from one member in a day of the club. Raises
    PointsError: amount_invalid, not_enough, key_used, reason_needed, own_points.
    """
    check_amount(amount)
    _check_other(actor, member)
    if not reason:
        raise PointsError("reason_needed")
    limit = db.session.scalars(sa.select(alone_limit())).one()
    if amount <= limit:
        with db.session.begin_nested() as alone:
            posting = _post(actor, member, project_id, kind, amount, reason, f"{KEY}{key}")
            if not posting.is_new or _by_hand_today(actor.id, posting) <= limit:
                return posting
            alone.rollback()
    return propose(
        actor=actor,
        member=member,
        project_id=project_id,
        kind=kind,
        amount=amount,
        reason=reason,
    )


def propose(
    *,
    actor: Account,
    member: Member,
    project_id: int,
    kind: Kind,
    amount: int,
    reason: str,
    fact: dict[str, Any] | None = None,
) -> Proposal:
    """Ask a second person to give or take points, or to agree to a deed of the member (`fact`)."""
    proposal = Proposal(
        member_id=member.id,
        project_id=project_id,
        kind=kind,
        amount=amount,
        reason=reason,
        made_by_id=actor.id,
        fact=fact,
    )
    db.session.add(proposal)
    db.session.flush()
    record(
        actor=actor,
        action="points.proposed",
        subject=("member", member.public_id),
        project_id=project_id,
        facts={"proposal": proposal.public_id, "kind": str(kind), "amount": amount},
    )
    return proposal


def by_hand_today(actor_id: int, account_id: Any) -> sa.Select[tuple[int]]:
    """Return the statement of the milli-points that somebody has given to and taken from an
    account today, without a second person.
    """
    return sa.select(sa.func.coalesce(sa.func.sum(Transaction.amount), 0)).where(
        Transaction.account_id == account_id,
        Transaction.booked_on == club_today(),
        Transaction.kind.in_([Kind.AWARD, Kind.DEDUCT, Kind.EARN]),
        Transaction.actor_id == actor_id,
        sa.or_(*(Transaction.key.startswith(key, autoescape=True) for key in ALONE_KEYS)),
    )


def _by_hand_today(actor_id: int, posting: Posting) -> int:
    """Return the day's sum, this posting's own row among it.

    Its balance is locked: whoever adjusts the same account at once waits, and counts it.
    """
    return int(db.session.connection().scalar(by_hand_today(actor_id, posting.account_id)) or 0)


def alone_limit() -> sa.ColumnElement[int]:
    """Return the expression of the milli-points that one person may give and take in a day."""
    limit = sa.select(Currency.alone_limit).where(Currency.key == REDEEMABLE).scalar_subquery()
    return sa.func.coalesce(limit, ALONE)


def decide(
    *,
    actor: Account,
    proposal: Proposal,
    member: Member,
    approve: bool,
    note: str = "",
    at: datetime | None = None,
) -> None:
    """Approve a proposal, which posts it, or refuse it with a reason.

    Raises PointsError: own_proposal, own_points, decided_already (with its state), reason_needed
    (of a refusal), member_gone, not_enough, award_changed, and what else may be wrong with its
    posting.
    """
    if proposal.made_by_id == actor.id:
        raise PointsError("own_proposal")
    _check_other(actor, member)
    if proposal.state != ProposalState.PROPOSED:
        raise PointsError("decided_already", state=proposal.state)
    if not approve and not note:
        raise PointsError("reason_needed")
    posting_id = _agree(actor, proposal, member) if approve else None
    state = ProposalState.APPROVED if approve else ProposalState.REFUSED
    done = db.session.execute(
        sa.update(Proposal)
        .where(Proposal.id == proposal.id, Proposal.state == ProposalState.PROPOSED)
        .values(
            state=state,
            decided_by_id=actor.id,
            decided_at=at or clock.now(),
            decision_note=note,
            posting_id=posting_id,
        )
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(proposal, ["state"])
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise PointsError("decided_already", state=proposal.state)
    if not approve:
        record(
            actor=actor,
            action="points.proposal_refused",
            subject=("member", member.public_id),
            project_id=proposal.project_id,
            facts={"proposal": proposal.public_id},
            reason=note,
        )


def _agree(actor: Account, proposal: Proposal, member: Member) -> int:
    """Do what is proposed; return the id of its posting."""
    if member.state != MemberState.ACTIVE:
        raise PointsError("member_gone")
    if proposal.fact is not None:
        return DEEDS[proposal.fact["source"]].record(actor, proposal, member)
    posting = _post(
        actor,
        member,
        proposal.project_id,
        Kind(proposal.kind),
        proposal.amount,
        proposal.reason,
        f"proposal:{proposal.public_id}",
    )
    return posting.id


def describe(proposal: Proposal) -> str:
    """Say for which deed a proposal is; "" for plain points."""
    return DEEDS[proposal.fact["source"]].describe(proposal.fact) if proposal.fact else ""


def take_back(
    *, actor: Account, member: Member, project_id: int, posting_id: int, reason: str, key: str
) -> Posting:
    """Reverse the rest of a posting, with a reason that the member reads.

    Raises PointsError like `reverse`, and reason_needed, own_points.
    """
    _check_other(actor, member)
    if not reason:
        raise PointsError("reason_needed")
    posting = service.reverse(
        actor=actor,
        posting_id=posting_id,
        key=key,
        why=Why(SOURCE, project_id=project_id, note=reason),
    )
    _note(actor, member, project_id, "points.reversed", posting)
    return posting


def _check_other(actor: Account, member: Member) -> None:
    """Staff who are members have their points from colleagues."""
    if member.account_id == actor.id:
        raise PointsError("own_points")


def _post(
    actor: Account,
    member: Member,
    project_id: int,
    kind: Kind,
    amount: int,
    reason: str,
    key: str,
) -> Posting:
    why = Why(SOURCE, project_id=project_id, note=reason)
    holder = Holder.member(member.id)
    if kind == Kind.AWARD:
        posting = service.post(
            actor=actor, holder=holder, amount=amount, key=key, why=why, by_hand=True
        )
    else:
        posting = service.deduct(actor=actor, holder=holder, amount=amount, key=key, why=why)
    _note(actor, member, project_id, f"points.{kind}ed", posting)
    return posting


def _note(actor: Account, member: Member, project_id: int, action: str, posting: Posting) -> None:
    if posting.is_new:
        record(
            actor=actor,
            action=action,
            subject=("member", member.public_id),
            project_id=project_id,
            facts={"posting": posting.public_id, "amount": posting.amount},
        )
