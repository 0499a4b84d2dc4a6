"""The queue of proposals: what waits for a second person, and what became of the others."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload

from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member, MemberState
from portal.pagination import Page, page_of
from portal.points import queries
from portal.points.kinds import Kind, ProposalState
from portal.points.models import Proposal, Reversed, Transaction
from portal.points.queries import Figures
from portal.points.terms import Holder

_Decider = aliased(Account)
LONGEST_SEARCH = 60


@dataclass(frozen=True)
class Wanted:
    """What of the queue is asked for; an empty word asks for everything."""

    state: str = ProposalState.PROPOSED
    kind: str = ""
    search: str = ""

    def args(self, **changes: str) -> dict[str, str]:
        """Return the address's conditions, without the empty ones."""
        values = {"state": self.state, "kind": self.kind, "q": self.search} | changes
        return {name: value for name, value in values.items() if value}


@dataclass(frozen=True)
class Case:
    """A proposal with its member, who made and who decided it, and what it would leave.

    `origin`: the line that it takes back, of which `reversed` is taken back already.
    """

    proposal: Proposal
    member: Member
    decided_by: Account | None
    figures: Figures
    origin: Transaction | None = None
    reversed: int = 0

    @property
    def change(self) -> int:
        """Return what it does to the available points, in milli-points."""
        amount = self.proposal.amount
        return amount if self.proposal.kind == Kind.AWARD else -amount

    @property
    def stale(self) -> str:
        """Return why it cannot be agreed to any more, as a code of `sentences`; "" if it can."""
        if self.member.state != MemberState.ACTIVE:
            return "member_gone"
        if self.origin is not None:
            # Beyond the balance it is owed, if the club's rules allow that: `reverse` tells.
            left = self.origin.amount - self.reversed
            return "reversed_already" if left < self.proposal.amount else ""
        return "not_enough" if self.figures.spendable + self.change < 0 else ""

    @property
    def afterwards(self) -> int | None:
        """Return what would be available; None for a reversal, which reaches pending, expired and
        owed points as well.
        """
        return None if self.origin else self.figures.available + self.change


def wanted(state: str, kind: str, search: str) -> Wanted:
    """Return what is asked for; unknown words are left out."""
    return Wanted(
        state if state in set(ProposalState) else ProposalState.PROPOSED,
        kind if kind in (Kind.AWARD, Kind.DEDUCT) else "",
        search.strip()[:LONGEST_SEARCH],
    )


def proposals_page(project_id: int, asked: Wanted) -> Page[tuple[Proposal, Member]]:
    """Return a page of a project's proposals: what waits oldest first, the others newest first."""
    statement = (
        sa.select(Proposal, Member)
        .join(Member, Member.id == Proposal.member_id)
        .options(joinedload(Proposal.made_by, innerjoin=True))
        .where(Proposal.project_id == project_id, Proposal.state == asked.state)
    )
    if asked.kind:
        statement = statement.where(Proposal.kind == asked.kind)
    if asked.search:
        statement = statement.where(
            sa.or_(
                Member.name.contains(asked.search, autoescape=True),
                Member.card_number == asked.search,
            )
        )
    newest = asked.state != ProposalState.PROPOSED
    return page_of(statement, Proposal.created_at, Proposal.id, descending=newest)


def counts(project_id: int) -> Mapping[str, int]:
    """Return how many proposals of a project are in each state."""
    rows = db.session.execute(
        sa.select(Proposal.state, sa.func.count())
        .where(Proposal.project_id == project_id)
        .group_by(Proposal.state)
    )
    return {row[0]: row[1] for row in rows}


def waiting_for(project_id: int, account_id: int) -> int:
    """Return how many proposals an account may decide on: its own are a colleague's."""
    found = db.session.scalar(
        sa.select(sa.func.count())
        .select_from(Proposal)
        .where(
            Proposal.project_id == project_id,
            Proposal.state == ProposalState.PROPOSED,
            Proposal.made_by_id != account_id,
        )
    )
    return found or 0


def case_of(project_id: int, public_id: str) -> Case | None:
    """Return a proposal of a project with what decides it."""
    row: Any = db.session.execute(
        sa.select(Proposal, Member, _Decider, Transaction, Reversed.reversed)
        .join(Member, Member.id == Proposal.member_id)
        .outerjoin(Transaction, Transaction.id == Proposal.reverses_id)
        .outerjoin(Reversed, Reversed.transaction_id == Proposal.reverses_id)
        .outerjoin(_Decider, _Decider.id == Proposal.decided_by_id)
        .options(joinedload(Proposal.made_by, innerjoin=True))
        .where(Proposal.public_id == public_id, Proposal.project_id == project_id)
    ).first()
    if row is None:
        return None
    proposal, member, decided_by, origin, done = row
    figures = queries.balance(Holder.member(member.id))
    return Case(proposal, member, decided_by, figures, origin, done or 0)


def next_after(proposal: Proposal, account_id: int) -> str | None:
    """Return the public id of the proposal of the project that an account decides on next."""
    return db.session.scalar(
        sa.select(Proposal.public_id)
        .where(
            Proposal.project_id == proposal.project_id,
            Proposal.state == ProposalState.PROPOSED,
            Proposal.made_by_id != account_id,
            Proposal.id != proposal.id,
        )
        .order_by(Proposal.created_at, Proposal.id)
        .limit(1)
    )
