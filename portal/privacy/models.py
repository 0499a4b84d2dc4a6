"""Members ask for their data, or to be erased; what the club keeps for how long."""

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
from portal.projects.models import Project


class RequestKind(StrEnum):
    """What a member asks for."""

    EXPORT = "export"
    ERASURE = "erasure"


class RequestState(StrEnum):
    """Where a request stands."""

    BUILDING = "building"
    READY = "ready"
    EXPIRED = "expired"
    AWAITING = "awaiting"
    WAITING = "waiting"
    HELD = "held"
    DONE = "done"
    CANCELLED = "cancelled"


OPEN_STATES = (
    RequestState.BUILDING,
    RequestState.AWAITING,
    RequestState.WAITING,
    RequestState.HELD,
)
CANCELLABLE = OPEN_STATES
TRANSITIONS: dict[RequestState, tuple[RequestState, ...]] = {
    RequestState.BUILDING: (RequestState.READY, RequestState.CANCELLED),
    RequestState.READY: (RequestState.EXPIRED,),
    RequestState.EXPIRED: (),
    # Staff asked for it: a second person confirms.
    RequestState.AWAITING: (RequestState.WAITING, RequestState.CANCELLED),
    RequestState.WAITING: (RequestState.HELD, RequestState.DONE, RequestState.CANCELLED),
    # Due, and something stands in the way: it is tried again.
    RequestState.HELD: (RequestState.HELD, RequestState.DONE, RequestState.CANCELLED),
    RequestState.DONE: (),
    RequestState.CANCELLED: (),
}


class RequestReason(StrEnum):
    """Why a request moved, in a word that reports can count."""

    ASKED = "asked"
    BUILT = "built"
    TOO_OLD = "too_old"
    LETTER = "letter"
    AT_DESK = "at_desk"
    DEATH = "death"
    CONFIRMED = "confirmed"
    CHANGED_MIND = "changed_mind"
    NOT_ENTITLED = "not_entitled"
    IN_THE_WAY = "in_the_way"
    TIME_OVER = "time_over"
    MEMBER_ERASED = "member_erased"


class PrivacyRequest(Identified, db.Model):
    """One request of one member; at most one of a kind is open at a time."""

    __tablename__ = "privacy_request"
    __table_args__ = (
        one_of("kind", RequestKind),
        one_of("state", RequestState),
        sa.CheckConstraint("kind <> 'erasure' OR due_at IS NOT NULL", name="erasure_has_date"),
        unique_where(
            "uq_privacy_request_open",
            "member_id",
            "kind",
            where="state IN ('building', 'awaiting', 'waiting', 'held')",
        ),
        sa.Index("ix_privacy_request_created_at_id", "created_at", "id"),
        sa.Index("ix_privacy_request_state_due_at", "state", "due_at"),
    )

    kind: Mapped[str] = mapped_column(sa.String(20))
    member_id: Mapped[int] = foreign_key("member.id")
    project_id: Mapped[int | None] = foreign_key("project.id")
    """Where staff asked for it; None for the member's own request."""
    started_by_id: Mapped[int] = foreign_key("account.id")
    confirmed_by_id: Mapped[int | None] = foreign_key("account.id")
    state: Mapped[str] = mapped_column(sa.String(20))
    language: Mapped[str] = mapped_column(sa.String(12), default="")
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    """When an erasure is due, or tried next; when an export goes."""
    obstacles: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    """Sentences: why an erasure is held, or which parts an export lacks."""
    tries: Mapped[int] = mapped_column(default=0)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    file_id: Mapped[int | None] = foreign_key("stored_file.id")
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    member: Mapped[Member] = relationship(lazy="raise")
    project: Mapped[Project | None] = relationship(lazy="raise")
    started_by: Mapped[Account] = relationship(lazy="raise", foreign_keys=[started_by_id])


class PrivacyEvent(db.Model):
    """One step of a request: append-only. The note is staff's, and goes with the member."""

    __tablename__ = "privacy_event"
    __table_args__ = (one_of("to_state", RequestState), one_of("reason", RequestReason))

    id: Mapped[primary_key]
    request_id: Mapped[int] = foreign_key("privacy_request.id")
    to_state: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.String(40))
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    actor_id: Mapped[int | None] = foreign_key("account.id")
    created_at: Mapped[created_at]

    actor: Mapped[Account | None] = relationship(lazy="raise")


class PrivacySettings(db.Model):
    """How long an erasure waits, and how long rows are kept: always row 1, or none."""

    __tablename__ = "privacy_settings"
    __table_args__ = (
        sa.CheckConstraint("id = 1", name="single_row"),
        sa.CheckConstraint("waiting_days BETWEEN 1 AND 60", name="waiting_days_sensible"),
    )

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False, default=1)
    waiting_days: Mapped[int]
    days: Mapped[dict[str, int]] = mapped_column(sa.JSON, default=dict)
    """Retention rule -> days."""
