"""The policy in versions, which of them a registration is judged by, marks and appeals."""

from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_REGISTRATION, _OCCURRENCE = "events_registration.id", "events_occurrence.id"
_POLICY = "events_ladder_policy.id"


class Version(StrEnum):
    """Where a version of the policy stands."""

    DRAFT = "draft"
    PUBLISHED = "published"


class Cause(StrEnum):
    """What a mark is for."""

    NO_SHOW = "no_show"
    LATE = "cancelled_late"


class Mark(StrEnum):
    """Whether a mark counts; it ends by its date besides."""

    LIVE = "live"
    VOID = "void"


class Voided(StrEnum):
    """Why a mark does not count any more."""

    EXCUSED = "excused"
    WEATHER = "weather"
    CALLED_OFF = "called_off"
    APPEAL = "appeal"


class Appealed(StrEnum):
    """Where an appeal stands."""

    OPEN = "open"
    GRANTED = "granted"
    REFUSED = "refused"


class Policy(Identified, db.Model):
    """A version of the ladder. `*_weight`: how many marks a cause counts, 0 for none; `*_from`: the
    number of marks from which a step begins; a mark counts `days`. Published ones never change."""

    __tablename__ = "events_ladder_policy"
    __table_args__ = (
        one_of("state", Version),
        sa.CheckConstraint(
            "no_show_weight BETWEEN 0 AND 5 AND late_weight BETWEEN 0 AND 5", name="weights"
        ),
        sa.CheckConstraint(
            "warn_from > 0 AND warn_from < later_from AND later_from < queue_from", name="steps"
        ),
        sa.CheckConstraint("later_hours > 0 AND days > 0 AND notice_hours >= 0", name="spans"),
        sa.CheckConstraint(
            "(state = 'draft') = (published_by IS NULL)", name="published_by_somebody"
        ),
        sa.CheckConstraint("published_by <> written_by", name="two_persons"),
        sa.UniqueConstraint("project_id", "version", name="uq_events_ladder_policy_version"),
        sa.Index("ix_events_ladder_policy_now", "project_id", "state", "starts_at"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    version: Mapped[int]
    state: Mapped[str] = mapped_column(sa.String(20), default=Version.DRAFT)
    starts_at: Mapped[datetime] = mapped_column(UtcDateTime)
    no_show_weight: Mapped[int]
    late_weight: Mapped[int]
    warn_from: Mapped[int]
    later_from: Mapped[int]
    queue_from: Mapped[int]
    later_hours: Mapped[int]
    days: Mapped[int]
    # Who took seats that came free fewer hours before the beginning may cancel without a mark.
    notice_hours: Mapped[int]
    # Accounts by id: tables of plugins refer to none.
    written_by: Mapped[int] = mapped_column(BIG)
    published_by: Mapped[int | None] = mapped_column(BIG)


class Pledge(db.Model):
    """By which version a registration is judged: the one shown when registering. `seated_at`: when
    a party that had waited took its seats; `marked_by`: the account that noted who came."""

    __tablename__ = "events_ladder_pledge"

    registration_id: Mapped[int] = foreign_key(_REGISTRATION, primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    policy_id: Mapped[int] = foreign_key(_POLICY)
    seated_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    marked_by: Mapped[int | None] = mapped_column(BIG)


class Penalty(Identified, db.Model):
    """A mark against a member for one registration, at most one. A void one stays, so that none is
    made again."""

    __tablename__ = "events_ladder_penalty"
    __table_args__ = (
        one_of("cause", Cause),
        one_of("state", Mark),
        one_of("voided_for", Voided),
        sa.CheckConstraint("weight > 0", name="weight_positive"),
        sa.CheckConstraint("(state = 'void') = (voided_for IS NOT NULL)", name="void_for_a_reason"),
        sa.UniqueConstraint("registration_id", name="uq_events_ladder_penalty_cause"),
        sa.Index("ix_events_ladder_penalty_member", "member_id", "project_id", "state"),
        sa.Index("ix_events_ladder_penalty_list", "project_id", "created_at", "id"),
        sa.Index("ix_events_ladder_penalty_live", "project_id", "state", "expires_at"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    member_id: Mapped[int] = foreign_key("member.id", index=False)
    occurrence_id: Mapped[int] = foreign_key(_OCCURRENCE)
    registration_id: Mapped[int] = foreign_key(_REGISTRATION, index=False)
    policy_id: Mapped[int] = foreign_key(_POLICY)
    cause: Mapped[str] = mapped_column(sa.String(20))
    weight: Mapped[int]
    # The day of the cause, by the project's calendar; it counts from the next day on.
    since: Mapped[date]
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(sa.String(20), default=Mark.LIVE)
    # Who settled the attendance and who noted it: neither decides an appeal.
    settled_by: Mapped[int | None] = mapped_column(BIG)
    marked_by: Mapped[int | None] = mapped_column(BIG)
    voided_for: Mapped[str | None] = mapped_column(sa.String(20))
    voided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    voided_by: Mapped[int | None] = mapped_column(BIG)
    voided_why: Mapped[str] = mapped_column(sa.String(200), default="")


class Appeal(Identified, db.Model):
    """What a member says against a mark, once; decided by who neither settled nor marked it."""

    __tablename__ = "events_ladder_appeal"
    __table_args__ = (
        one_of("state", Appealed),
        sa.CheckConstraint("(state = 'open') = (decided_by IS NULL)", name="decided_by_somebody"),
        sa.CheckConstraint(
            "decided_by <> settled_by AND decided_by <> marked_by", name="by_somebody_else"
        ),
        sa.UniqueConstraint("penalty_id", name="uq_events_ladder_appeal_once"),
        sa.Index("ix_events_ladder_appeal_open", "project_id", "state"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    penalty_id: Mapped[int] = foreign_key("events_ladder_penalty.id", index=False)
    text: Mapped[str] = mapped_column(sa.String(1000))
    state: Mapped[str] = mapped_column(sa.String(20), default=Appealed.OPEN)
    # 0 for nobody, so that the check above compares numbers.
    settled_by: Mapped[int] = mapped_column(BIG, default=0)
    marked_by: Mapped[int] = mapped_column(BIG, default=0)
    decided_by: Mapped[int | None] = mapped_column(BIG)
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answer: Mapped[str] = mapped_column(sa.String(500), default="")


class Pause(Identified, db.Model):
    """Days on which marks do not run down: public holidays, as the staff set them."""

    __tablename__ = "events_ladder_pause"
    __table_args__ = (
        sa.CheckConstraint("first <= last", name="ends_after_beginning"),
        sa.UniqueConstraint("project_id", "first", "last", name="uq_events_ladder_pause_days"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    title: Mapped[str] = mapped_column(sa.String(60))
    first: Mapped[date]
    last: Mapped[date]


class Waiver(db.Model):
    """An activity of which nobody is marked: rain, a road that was closed."""

    __tablename__ = "events_ladder_waiver"

    occurrence_id: Mapped[int] = foreign_key(_OCCURRENCE, primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    reason: Mapped[str] = mapped_column(sa.String(200))
    by: Mapped[int] = mapped_column(BIG)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
