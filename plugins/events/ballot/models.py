"""How an activity's seats are drawn, who entered, what was frozen, what came out."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Encrypted, Identified, UtcDateTime, db, foreign_key, now, one_of

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OCCURRENCE = "events_occurrence.id"


class Mode(StrEnum):
    """How seats are given where it is not first come, first served."""

    SHUFFLED = "shuffled"
    BALLOT = "ballot"


class Ballot(db.Model):
    """How an activity's seats are drawn; without a row they go to who comes first. The secret is
    told after the draw, its hash before anybody enters."""

    __tablename__ = "events_ballot"
    __table_args__ = (
        one_of("mode", Mode),
        sa.CheckConstraint(
            "(mode = 'shuffled' AND minutes > 0 AND draw_at IS NULL) OR "
            "(mode = 'ballot' AND minutes IS NULL AND draw_at IS NOT NULL)",
            name="minutes_or_day",
        ),
        sa.CheckConstraint("missed >= 0 AND missed_most >= 0", name="lots_not_negative"),
        sa.CheckConstraint("(frozen_at IS NULL) = (digest IS NULL)", name="frozen_with_hash"),
        sa.CheckConstraint("drawn_at IS NULL OR frozen_at IS NOT NULL", name="frozen_first"),
    )

    occurrence_id: Mapped[int] = foreign_key(_OCCURRENCE, primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    mode: Mapped[str] = mapped_column(sa.String(20))
    # Shuffled: how long everybody goes into one pool. Ballot: when it is drawn.
    minutes: Mapped[int | None]
    draw_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The public number that is typed in at the draw, in words ("Lottery 3D of 3 December").
    source: Mapped[Mapping[str, str]] = mapped_column(sa.JSON, default=dict)
    # Lots by tier; one for every other. For each time without a seat so many more, up to a limit.
    tiers: Mapped[Mapping[str, int]] = mapped_column(sa.JSON, default=dict)
    missed: Mapped[int] = mapped_column(default=0)
    missed_most: Mapped[int] = mapped_column(default=0)
    secret: Mapped[str] = mapped_column(Encrypted)
    secret_hash: Mapped[str] = mapped_column(sa.String(64))
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    digest: Mapped[str | None] = mapped_column(sa.String(64))
    drawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DrawEntry(Identified, db.Model):
    """A party in a draw: how many lots it has; after the draw its place, and whether it got its
    seats. The public id stands in the frozen list, which names nobody."""

    __tablename__ = "events_entry"
    __table_args__ = (
        sa.CheckConstraint("lots > 0", name="lots_positive"),
        sa.CheckConstraint("(place IS NULL) = (won IS NULL)", name="place_with_outcome"),
        sa.UniqueConstraint("registration_id", name="uq_events_entry_registration_id"),
        sa.UniqueConstraint("occurrence_id", "place", name="uq_events_entry_place"),
    )

    registration_id: Mapped[int] = foreign_key("events_registration.id", index=False)
    occurrence_id: Mapped[int] = foreign_key(_OCCURRENCE, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    lots: Mapped[int]
    place: Mapped[int | None]
    won: Mapped[bool | None]


class Freeze(db.Model):
    """The entries as they were when they closed, and their hash. It never changes."""

    __tablename__ = "events_freeze"

    occurrence_id: Mapped[int] = foreign_key(_OCCURRENCE, primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    entries: Mapped[str] = mapped_column(sa.Text)
    digest: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Draw(db.Model):
    """A draw: one an activity, by its key; never changed. `room`: the free seats by quota at that
    moment; `outcome`: (id of the entry, whether it got its seats) in the drawn order."""

    __tablename__ = "events_draw"

    occurrence_id: Mapped[int] = mapped_column(
        BIG,
        sa.ForeignKey("events_freeze.occurrence_id", ondelete="RESTRICT"),
        primary_key=True,
        autoincrement=False,
    )
    project_id: Mapped[int] = foreign_key("project.id")
    secret: Mapped[str] = mapped_column(sa.String(64))
    number: Mapped[str] = mapped_column(sa.String(40))
    room: Mapped[Mapping[str, int | None]] = mapped_column(sa.JSON)
    outcome: Mapped[list[list[object]]] = mapped_column(sa.JSON)
    # The account that typed the number in; None: the clock.
    by: Mapped[int | None] = mapped_column(BIG)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
