"""The nightly reconciliation: what proving the ledger found is kept, shown, and told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account, AccountState
from portal.extensions import db
from portal.i18n import lazy
from portal.members.models import Member
from portal.notifications.kinds import NotificationKind
from portal.notifications.service import notify
from portal.permissions.models import RoleGrant
from portal.permissions.roles import RoleName
from portal.points import chain, walls
from portal.points.faults import Fault
from portal.points.models import Currency, PointsAccount, Proof, ProofFault
from portal.points.rules import RULES
from portal.points.verify import NOTES_RULE
from portal.projects.models import Ownership, Project, ProjectInterest

NAMES = (*RULES, NOTES_RULE, chain.RULE, walls.RULE)
"""Every rule that a proof tries."""
KIND = "points.ledger_fault"
MOST_TOLD = 50
_MOST_FAULTS = 500
_FIGURES = 500
KINDS = [
    NotificationKind(
        KIND,
        title=lazy("A fault in the points ledger"),
        subject=lazy("The points ledger breaks a rule"),
        body=lazy(
            "The nightly check found {count} faults. The page names the accounts and the rules; "
            "nothing is put right by itself."
        ),
        sample={"count": 2},
        icon="alert-triangle",
        tone="rose",
        staff_only=True,
    )
]


@dataclass(frozen=True)
class Found:
    """A fault of a run, with whose account it is and where its ledger can be read."""

    fault: ProofFault
    currency: Currency | None
    holder_kind: str
    member: Member | None
    project: Project | None


def keep(*, started_at: datetime, found: Sequence[Fault], error: str = "") -> Proof:
    """Write down what a proof found, and tell the administrators of faults. The caller commits."""
    proof = Proof(
        started_at=started_at,
        ended_at=max(clock.now(), started_at),
        rules=0 if error else len(NAMES),
        faults=len(found),
        error=error[:200],
    )
    db.session.add(proof)
    db.session.flush()
    db.session.add_all(
        ProofFault(
            proof_id=proof.id,
            rule=fault.rule,
            account_id=fault.account_id or None,
            figures=fault.text[:_FIGURES],
        )
        for fault in found[:_MOST_FAULTS]
    )
    if found:
        notify(
            account_ids=_administrators(),
            kind=KIND,
            cause=proof.public_id,
            values={"count": len(found)},
            url=f"/centre/points/proofs/{proof.public_id}",
        )
    return proof


def last_proof() -> Proof | None:
    """Return the newest run."""
    return db.session.scalar(sa.select(Proof).order_by(Proof.started_at.desc()).limit(1))


def faults_of(proof: Proof) -> list[Found]:
    """Return what a run found, rule by rule: two statements."""
    rows = db.session.execute(
        sa.select(ProofFault, PointsAccount.holder_kind, Currency, Member)
        .outerjoin(PointsAccount, PointsAccount.id == ProofFault.account_id)
        .outerjoin(Currency, Currency.id == PointsAccount.currency_id)
        .outerjoin(Member, Member.id == PointsAccount.member_id)
        .where(ProofFault.proof_id == proof.id)
        .order_by(ProofFault.rule, ProofFault.account_id, ProofFault.id)
    ).all()
    homes = _projects({row.Member.id for row in rows if row.Member is not None})
    return [
        Found(
            row.ProofFault,
            row.Currency,
            row.holder_kind or "",
            row.Member,
            homes.get(row.Member.id) if row.Member else None,
        )
        for row in rows
    ]


def _projects(member_ids: set[int]) -> dict[int, Project]:
    """Return one project for each member in which staff can read their ledger."""
    if not member_ids:
        return {}
    pairs: Any = sa.union_all(
        sa.select(Ownership.member_id, Ownership.project_id).where(
            Ownership.member_id.in_(member_ids), Ownership.until.is_(None)
        ),
        sa.select(ProjectInterest.member_id, ProjectInterest.project_id).where(
            ProjectInterest.member_id.in_(member_ids)
        ),
    ).subquery()
    rows = db.session.execute(
        sa.select(pairs.c.member_id, Project)
        .join(Project, Project.id == pairs.c.project_id)
        .order_by(Project.id.desc())
    )
    return {row.member_id: row.Project for row in rows}


def _administrators() -> Sequence[int]:
    return db.session.scalars(
        sa.select(Account.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            RoleGrant.role == RoleName.ADMINISTRATOR,
            RoleGrant.project_id.is_(None),
            RoleGrant.revoked_at.is_(None),
            Account.state == AccountState.ACTIVE,
        )
        .distinct()
        .order_by(Account.id)
        .limit(MOST_TOLD)
    ).all()
