"""Adjusting points and taking lines back by hand: up to a limit of the day at once, beyond it by
two people.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.points.by_hand import Wish, limit_alone, post, post_alone
from portal.points.errors import PointsError
from portal.points.kinds import Kind, ProposalState
from portal.points.ledger import check_amount
from portal.points.models import Proposal, Transaction
from portal.points.reversal import GIVEN
from portal.points.terms import Posting


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
    wish = Wish(member, project_id, kind, reason, amount)
    if amount <= limit_alone():
        done = post_alone(actor, wish, key)
        if done.may_stay:
            return done.posting
    return propose(
        actor=actor,
        member=member,
        project_id=project_id,
        kind=kind,
        amount=amount,
        reason=reason,
    )


def take_back(
    *, actor: Account, member: Member, project_id: int, posting_id: int, reason: str, key: str
) -> Posting | Proposal:
    """Reverse the rest of a posting, with a reason that the member reads; beyond the limit of
    `adjust`, propose it.

    Raises PointsError like `reverse`, and reason_needed, own_points, proposed_already.
    """
    _check_other(actor, member)
    if not reason:
        raise PointsError("reason_needed")
    gives = db.session.scalars(
        sa.select(Transaction.kind.not_in(GIVEN)).where(Transaction.id == posting_id)
    ).first()
    kind = Kind.AWARD if gives else Kind.DEDUCT
    done = post_alone(actor, Wish(member, project_id, kind, reason, None, posting_id), key)
    if done.may_stay:
        return done.posting
    try:
        with db.session.begin_nested():
            return propose(
                actor=actor,
                member=member,
                project_id=project_id,
                kind=kind,
                amount=done.posting.amount,
                reason=reason,
                reverses_id=posting_id,
            )
    except IntegrityError as error:
        raise PointsError("proposed_already") from error


def propose(
    *,
    actor: Account,
    member: Member,
    project_id: int,
    kind: Kind,
    amount: int,
    reason: str,
    fact: dict[str, Any] | None = None,
    reverses_id: int | None = None,
) -> Proposal:
    """Ask a second person to give or take points, to agree to a deed of the member (`fact`), or
    to take so much of a posting back (`reverses_id`).
    """
    proposal = Proposal(
        member_id=member.id,
        project_id=project_id,
        kind=kind,
        amount=amount,
        reason=reason,
        made_by_id=actor.id,
        fact=fact,
        reverses_id=reverses_id,
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
    wish = Wish(
        member,
        proposal.project_id,
        Kind(proposal.kind),
        proposal.reason,
        proposal.amount,
        proposal.reverses_id,
    )
    return post(actor, wish, f"proposal:{proposal.public_id}").id


def describe(proposal: Proposal) -> str:
    """Say for which deed a proposal is; "" for plain points."""
    return DEEDS[proposal.fact["source"]].describe(proposal.fact) if proposal.fact else ""


def _check_other(actor: Account, member: Member) -> None:
    """Staff who are members have their points from colleagues."""
    if member.account_id == actor.id:
        raise PointsError("own_points")
