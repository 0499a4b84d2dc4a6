"""A member says "this home is mine"; the roster or staff confirm it."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Account
from portal.columns import (
    Identified,
    UtcDateTime,
    created_at,
    foreign_key,
    one_of,
    primary_key,
    unique_where,
)
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Project, Role, Unit


class ClaimState(StrEnum):
    """Where a claim stands."""

    PENDING = "pending"
    NEEDS_MORE = "needs_more"
    DISPUTED = "disputed"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


FILE_OWNER = "claim"
"""The owner kind of photos of proof; their owner key is the claim's public id."""

OPEN_STATES = (ClaimState.PENDING, ClaimState.NEEDS_MORE, ClaimState.DISPUTED)

TRANSITIONS: dict[ClaimState, tuple[ClaimState, ...]] = {
    ClaimState.PENDING: (
        ClaimState.APPROVED,
        ClaimState.REFUSED,
        ClaimState.NEEDS_MORE,
        ClaimState.WITHDRAWN,
    ),
    ClaimState.NEEDS_MORE: (
        ClaimState.PENDING,
        ClaimState.DISPUTED,
        ClaimState.REFUSED,
        ClaimState.WITHDRAWN,
    ),
    ClaimState.DISPUTED: (
        ClaimState.APPROVED,
        ClaimState.REFUSED,
        ClaimState.NEEDS_MORE,
        ClaimState.WITHDRAWN,
    ),
    ClaimState.APPROVED: (),
    ClaimState.REFUSED: (),
    ClaimState.WITHDRAWN: (),
}
"""What may follow what; an approved claim ends by ending the ownership, not by going back."""


class ClaimReason(StrEnum):
    """Why a claim moved, in a word that reports can count."""

    ROSTER_MATCH = "roster_match"
    PROOF_GOOD = "proof_good"
    PHONE_CHANGED = "phone_changed"
    PROOF_UNREADABLE = "proof_unreadable"
    NAME_DIFFERS = "name_differs"
    UNIT_UNKNOWN = "unit_unknown"
    NOT_ENTITLED = "not_entitled"
    OWNER_EXISTS = "owner_exists"
    SUBMITTED = "submitted"
    ADDED_PROOF = "added_proof"
    WITHDRAWN = "withdrawn"
    OTHER = "other"


class UnitClaim(Identified, db.Model):
    """One member's claim of one home. `address` is the one form of what the member typed; the unit
    may be unknown."""

    __tablename__ = "unit_claim"
    __table_args__ = (
        one_of("state", ClaimState),
        one_of("role", Role),
        sa.CheckConstraint("state <> 'approved' OR unit_id IS NOT NULL", name="approved_has_unit"),
        unique_where(
            "uq_unit_claim_open",
            "member_id",
            "project_id",
            "address",
            where="state IN ('pending', 'needs_more', 'disputed')",
        ),
        sa.Index("ix_unit_claim_project_id_state_created_at", "project_id", "state", "created_at"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    member_id: Mapped[int] = foreign_key("member.id")
    unit_id: Mapped[int | None] = foreign_key("unit.id")
    building: Mapped[str] = mapped_column(sa.String(40))
    entrance: Mapped[str] = mapped_column(sa.String(20), default="")
    number: Mapped[str] = mapped_column(sa.String(20))
    address: Mapped[str] = mapped_column(sa.String(260))
    name: Mapped[str] = mapped_column(sa.String(80))
    role: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(20), default=ClaimState.PENDING)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    member: Mapped[Member] = relationship(lazy="raise")
    unit: Mapped[Unit | None] = relationship(lazy="raise")
    project: Mapped[Project] = relationship(lazy="raise")


class ClaimEvent(db.Model):
    """One step of a claim: append-only. The note is read by the claimant."""

    __tablename__ = "claim_event"
    __table_args__ = (one_of("to_state", ClaimState), one_of("reason", ClaimReason))

    id: Mapped[primary_key]
    claim_id: Mapped[int] = foreign_key("unit_claim.id")
    to_state: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.String(40))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    actor_id: Mapped[int | None] = foreign_key("account.id")
    created_at: Mapped[created_at]

    actor: Mapped[Account | None] = relationship(lazy="raise")
