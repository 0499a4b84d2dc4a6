"""Answers: one row of small numbers each, what no number holds beside it, and begun ones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Mapped, mapped_column

from plugins.surveys.states import SideKind
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
POSITIONS = postgresql.ARRAY(sa.SmallInteger).with_variant(sa.JSON(), "sqlite")


class Ballot(db.Model):
    """An answer. Its id is random: `secrets.randbits(63)`; no column holds when the row came.

    `positions`: a number for each item of the instrument; −1 not shown, −2 skipped, −3 does not
    apply. `building`, `tier`, `stage`: for tables; '' where a group is too small to keep them.
    `sealed`: shuffled with others, as it stays. An anonymous one has no time and no signals.
    """

    __tablename__ = "surveys_ballot"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["wave_id", "named"],
            ["surveys_wave.id", "surveys_wave.named"],
            name="fk_surveys_ballot_wave",
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("named OR (submitted_at IS NULL AND flags = 0)", name="untimed"),
        sa.CheckConstraint("id > 0", name="random"),
        sa.CheckConstraint("weight IS NULL OR weight > 0", name="weight"),
        sa.Index("ix_surveys_ballot_wave", "wave_id", "sealed"),
    )

    id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    wave_id: Mapped[int] = mapped_column(BIG)
    named: Mapped[bool]
    project_id: Mapped[int] = foreign_key("project.id")
    sealed: Mapped[bool] = mapped_column(default=False)
    positions: Mapped[list[int]] = mapped_column(POSITIONS)
    building: Mapped[str] = mapped_column(sa.String(40), default="")
    tier: Mapped[str] = mapped_column(sa.String(40), default="")
    stage: Mapped[str] = mapped_column(sa.String(10), default="")
    # In millionths.
    weight: Mapped[int | None] = mapped_column(BIG)
    language: Mapped[str] = mapped_column(sa.String(12), default="")
    flags: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    submitted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SideAnswer(db.Model):
    """What a position only says to be there. `number`: in millionths; `item`: the position."""

    __tablename__ = "surveys_side_answer"
    __table_args__ = (
        one_of("kind", SideKind),
        sa.CheckConstraint(
            "(kind = 'number') = (number IS NOT NULL) AND (kind = 'photo') = (file_id IS NOT NULL)",
            name="one_value",
        ),
        {"sqlite_with_rowid": False},
    )

    ballot_id: Mapped[int] = mapped_column(
        BIG, sa.ForeignKey("surveys_ballot.id", ondelete="RESTRICT"), primary_key=True
    )
    item: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True, autoincrement=False)
    project_id: Mapped[int] = foreign_key("project.id")
    kind: Mapped[str] = mapped_column(sa.String(6))
    value: Mapped[str] = mapped_column(sa.Text, default="")
    number: Mapped[int | None] = mapped_column(BIG)
    file_id: Mapped[int | None] = foreign_key("stored_file.id")
    # SHA-256 of an answer in words, from the seal on: it stays when an erasure takes the words.
    digest: Mapped[str | None] = mapped_column(sa.String(64))


class Draft(Identified, db.Model):
    """An answer that is not sent yet, of each member of a household their own; an anonymous wave
    keeps none."""

    __tablename__ = "surveys_draft"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["participation_id", "named"],
            ["surveys_participation.id", "surveys_participation.named"],
            name="fk_surveys_draft_participation",
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("named", name="never_anonymous"),
        sa.UniqueConstraint("participation_id", "member_id", name="uq_surveys_draft_member"),
    )

    participation_id: Mapped[int] = mapped_column(BIG)
    named: Mapped[bool] = mapped_column(default=True)
    project_id: Mapped[int] = foreign_key("project.id")
    member_id: Mapped[int] = foreign_key("member.id")
    answers: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON, default=dict)
    block: Mapped[str] = mapped_column(sa.String(40), default="")
    version: Mapped[int] = mapped_column(default=1)
    saved_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Forged(db.Model):
    """How often an answer came to a question that was not shown: dropped, and counted here."""

    __tablename__ = "surveys_forged"
    __table_args__ = (sa.CheckConstraint("count > 0", name="count"),)

    # No moment of it either: an anonymous wave has none.
    wave_id: Mapped[int] = mapped_column(
        BIG, sa.ForeignKey("surveys_wave.id", ondelete="RESTRICT"), primary_key=True
    )
    item: Mapped[str] = mapped_column(sa.String(90), primary_key=True)
    project_id: Mapped[int] = foreign_key("project.id")
    count: Mapped[int] = mapped_column(default=1)


class Burst(db.Model):
    """How many answers of a wave with names came from one device in ten minutes.

    `origin`: a keyed hash, which only the running server can make; `slot`: tens of minutes since
    1970. Nothing leads from here to a ballot or a member, and sealing deletes it.
    """

    __tablename__ = "surveys_burst"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["wave_id", "named"],
            ["surveys_wave.id", "surveys_wave.named"],
            name="fk_surveys_burst_wave",
            ondelete="RESTRICT",
        ),
        sa.CheckConstraint("named", name="never_anonymous"),
        sa.CheckConstraint("count > 0", name="count"),
    )

    wave_id: Mapped[int] = mapped_column(BIG, primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    named: Mapped[bool] = mapped_column(default=True)
    project_id: Mapped[int] = foreign_key("project.id")
    count: Mapped[int] = mapped_column(default=1)
