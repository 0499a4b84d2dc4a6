"""Cases with their threads, the log that they are folded from, clocks, and me-too."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.complaints.models.setting import Category
from plugins.complaints.states import Frontline, Kind, PostState, Ring, State, Veil
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OWN_CASE = "complaints_case.id"
_OWN_POST = "complaints_post.id"


class Series(Identified, db.Model):
    """The last case number of a project."""

    __tablename__ = "complaints_series"

    project_id: Mapped[int] = foreign_key("project.id", index=False, unique=True)
    last: Mapped[int] = mapped_column(default=0)


class Case(Identified, db.Model):
    """A complaint: the owner's words and where the case stands, folded from its log."""

    __tablename__ = "complaints_case"
    __table_args__ = (
        one_of("state", State),
        one_of("ring", Ring),
        one_of("frontline", Frontline),
        one_of("veil", Veil),
        sa.CheckConstraint("(merged_into_id IS NOT NULL) = (state = 'merged')", name="merged"),
        sa.CheckConstraint("merged_into_id <> id", name="not_into_itself"),
        sa.CheckConstraint("level BETWEEN 0 AND 3", name="level"),
        sa.CheckConstraint("ring <> 'home' OR frontline = 'home'", name="staff_see_no_less"),
        sa.CheckConstraint("round >= 1 AND version >= 1 AND pauses >= 0", name="counts"),
        sa.CheckConstraint("replies >= 0 AND households >= 1", name="counters"),
        sa.CheckConstraint("rating BETWEEN 1 AND 5", name="rating"),
        sa.CheckConstraint("length(title) > 0", name="title_given"),
        sa.UniqueConstraint("project_id", "number", name="uq_complaints_case_number"),
        # The owners' lists: all that they see, and their own household's, newest first.
        sa.Index("ix_complaints_case_list", "project_id", "active_at", "id"),
        sa.Index("ix_complaints_case_home", "household_id", "project_id", "active_at", "id"),
        # The staff's queue: by time left.
        sa.Index("ix_complaints_case_queue", "project_id", "state", "due_at", "id"),
        sa.Index("ix_complaints_case_waits", "state", "waits_until"),
        # Figures by when it was handed in; what came again at the same place.
        sa.Index("ix_complaints_case_handed", "project_id", "created_at", "id"),
        sa.Index("ix_complaints_case_defect", "project_id", "defect", "building"),
    )

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    category_id: Mapped[int] = foreign_key("complaints_category.id")
    member_id: Mapped[int] = foreign_key("member.id")
    household_id: Mapped[int] = foreign_key("household.id", index=False)
    unit_id: Mapped[int | None] = foreign_key("unit.id")
    number: Mapped[int]
    title: Mapped[str] = mapped_column(sa.String(200))
    body: Mapped[str] = mapped_column(sa.Text)
    building: Mapped[str] = mapped_column(sa.String(40), default="")
    home: Mapped[str] = mapped_column(sa.String(120), default="")
    place: Mapped[str] = mapped_column(sa.String(80), default="")
    contractor: Mapped[str] = mapped_column(sa.String(60), default="")
    batch: Mapped[str] = mapped_column(sa.String(60), default="")
    # What engineering calls it, once somebody has looked: a code of words.DEFECTS.
    defect: Mapped[str] = mapped_column(sa.String(20), default="", server_default="")
    # How it came in: the forum, the hotline, the desk.
    channel: Mapped[str] = mapped_column(sa.String(10), default="forum", server_default="forum")
    ring: Mapped[str] = mapped_column(sa.String(10))
    frontline: Mapped[str] = mapped_column(sa.String(10))
    state: Mapped[str] = mapped_column(sa.String(20))
    level: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    round: Mapped[int] = mapped_column(sa.SmallInteger, default=1)
    # Every step raises it: who acts on an older one is told so. It is the last log entry's number.
    version: Mapped[int] = mapped_column(default=1)
    head: Mapped[str] = mapped_column(sa.String(64), default="")
    assignee_id: Mapped[int | None] = mapped_column(BIG)
    assignee: Mapped[str] = mapped_column(sa.String(80), default="")
    merged_into_id: Mapped[int | None] = foreign_key(_OWN_CASE)
    # What neighbours read instead of a public complaint, while a moderator looks or after it.
    veil: Mapped[str] = mapped_column(sa.String(10), default=Veil.NONE, server_default="")
    tomb: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON, default=dict, server_default="{}")
    # Neighbours do not reply any more; the household does.
    locked: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    replies: Mapped[int] = mapped_column(default=0)
    voices: Mapped[int] = mapped_column(default=0)
    households: Mapped[int] = mapped_column(default=1)
    # Addresses of the photos, and the last steps of the log: a page asks for neither.
    photos: Mapped[Sequence[str]] = mapped_column(sa.JSON, default=list)
    story: Mapped[Sequence[Mapping[str, Any]]] = mapped_column(sa.JSON, default=list)
    active_at: Mapped[datetime] = mapped_column(UtcDateTime)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    first_reply_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The next deadline of a running clock; none while the case waits for the owner or is over.
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Until when the owner may answer: a proposal lapses then, a pause ends, a reopening is over.
    waits_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    pauses: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    pause_seconds: Mapped[int] = mapped_column(default=0)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    rating: Mapped[int | None] = mapped_column(sa.SmallInteger)
    # Set in the transaction of a purge: only then may the log be deleted.
    purging: Mapped[bool] = mapped_column(default=False)
    category: Mapped[Category] = relationship(lazy="raise")

    @property
    def code(self) -> str:
        """The number as people say it: TS-0318."""
        return f"TS-{self.number:04d}"


class LogEntry(Identified, db.Model):
    """A step of a case: append-only, numbered without a gap, each hashed over the one before."""

    __tablename__ = "complaints_log"
    __table_args__ = (
        sa.CheckConstraint("seq > 0", name="seq_positive"),
        sa.UniqueConstraint("case_id", "seq", name="uq_complaints_log_seq"),
    )

    case_id: Mapped[int] = foreign_key(_OWN_CASE, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    seq: Mapped[int]
    step: Mapped[str] = mapped_column(sa.String(20))
    state: Mapped[str] = mapped_column(sa.String(20))
    level: Mapped[int] = mapped_column(sa.SmallInteger)
    round: Mapped[int] = mapped_column(sa.SmallInteger)
    by: Mapped[str] = mapped_column(sa.String(10))
    account_id: Mapped[int | None] = mapped_column(BIG)
    # Ids and codes, no words of people: those are in posts, where they can be taken back.
    facts: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    previous: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))

    @property
    def told(self) -> Mapping[str, Any]:
        """What owners read of it."""
        told = {"step": self.step, "level": int(self.level), "at": self.at.isoformat()}
        return told | ({"clock": self.facts["clock"]} if "clock" in self.facts else {})


class Post(Identified, db.Model):
    """What somebody said in a thread. `voice`: 0 is the owner who complained, else a neighbour's
    number in this thread. `by`: the name that staff sign with."""

    __tablename__ = "complaints_post"
    __table_args__ = (
        one_of("kind", Kind),
        one_of("state", PostState),
        sa.CheckConstraint("(kind = 'reply') = (member_id IS NOT NULL)", name="members_reply"),
        sa.Index("ix_complaints_post_thread", "case_id", "created_at", "id"),
    )

    case_id: Mapped[int] = foreign_key(_OWN_CASE, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    kind: Mapped[str] = mapped_column(sa.String(10))
    state: Mapped[str] = mapped_column(sa.String(10), default=PostState.SHOWN)
    step: Mapped[str] = mapped_column(sa.String(20), default="")
    member_id: Mapped[int | None] = foreign_key("member.id")
    account_id: Mapped[int | None] = mapped_column(BIG)
    voice: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    by: Mapped[str] = mapped_column(sa.String(80), default="")
    body: Mapped[str] = mapped_column(sa.Text)
    photos: Mapped[Sequence[str]] = mapped_column(sa.JSON, default=list, server_default="[]")
    tomb: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON, default=dict, server_default="{}")
    quote_id: Mapped[int | None] = foreign_key(_OWN_POST)
    edited_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Edit(Identified, db.Model):
    """What a complaint or a post said before it was changed."""

    __tablename__ = "complaints_edit"

    case_id: Mapped[int] = foreign_key(_OWN_CASE)
    post_id: Mapped[int | None] = foreign_key(_OWN_POST)
    project_id: Mapped[int] = foreign_key("project.id")
    member_id: Mapped[int] = foreign_key("member.id")
    body: Mapped[str] = mapped_column(sa.Text)


class MeToo(Identified, db.Model):
    """A household that has the same trouble: counted once."""

    __tablename__ = "complaints_me_too"
    __table_args__ = (
        sa.UniqueConstraint("case_id", "household_id", name="uq_complaints_me_too_household"),
    )

    case_id: Mapped[int] = foreign_key(_OWN_CASE, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    household_id: Mapped[int] = foreign_key("household.id")
    member_id: Mapped[int] = foreign_key("member.id")


class Gram(Identified, db.Model):
    """A pair of characters, or a word, that a thread has: what the list's search looks in."""

    __tablename__ = "complaints_gram"
    __table_args__ = (
        sa.UniqueConstraint("project_id", "gram", "case_id", name="uq_complaints_gram_gram"),
    )

    case_id: Mapped[int] = foreign_key(_OWN_CASE)
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    gram: Mapped[str] = mapped_column(sa.String(24))
    in_title: Mapped[bool] = mapped_column(default=False)


class Clock(Identified, db.Model):
    """A promise of time. `budget` and `used` are business minutes; `lines` explain the deadline.

    A verdict, `met_at` or `breached_at`, is written once, whatever the calendar becomes.
    """

    __tablename__ = "complaints_clock"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('first_reply', 'update', 'resolution')", name="kind_known"),
        sa.CheckConstraint("budget > 0 AND used >= 0", name="minutes"),
        sa.CheckConstraint("met_at IS NULL OR breached_at IS NULL", name="one_verdict"),
        sa.UniqueConstraint("case_id", "kind", "turn", name="uq_complaints_clock_turn"),
        sa.Index("ix_complaints_clock_due", "running", "due_at"),
    )

    case_id: Mapped[int] = foreign_key(_OWN_CASE, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    kind: Mapped[str] = mapped_column(sa.String(20))
    turn: Mapped[int]
    budget: Mapped[int]
    used: Mapped[int] = mapped_column(default=0)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)
    # Since when it runs without a pause; the part before is in `used`.
    runs_from: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    provisional: Mapped[bool] = mapped_column(default=False)
    # Neither judged, paused nor ended: what the timer looks at.
    running: Mapped[bool] = mapped_column(default=True)
    paused_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    met_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    breached_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The part of the calendar that it was computed with; another one, and it is computed anew.
    calendar: Mapped[str] = mapped_column(sa.String(64))
    lines: Mapped[Sequence[Mapping[str, Any]]] = mapped_column(sa.JSON)
