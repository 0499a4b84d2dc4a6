"""Surveys, and their waves: what is frozen never changes, a trigger holds that too."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from plugins.surveys.states import Mode, State, Unit
from portal.sdk import Identified, UtcDateTime, db, foreign_key, one_of, unique_where

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_HASHED = "instrument_hash IS NULL AND frame_hash IS NULL AND weights_hash IS NULL"
_FULL = "instrument_hash IS NOT NULL AND frame_hash IS NOT NULL AND weights_hash IS NOT NULL"
_UNFROZEN = "state IN ('draft', 'review')"
_DONE = "state IN ('closed', 'sealed', 'published', 'archived')"


class Survey(Identified, db.Model):
    """What is asked again and again: waves of one `series` compare over time and projects."""

    __tablename__ = "surveys_survey"
    __table_args__ = (sa.UniqueConstraint("project_id", "series", name="uq_surveys_survey_series"),)

    project_id: Mapped[int] = foreign_key("project.id", index=False)
    series: Mapped[str] = mapped_column(sa.String(40))
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    made_by: Mapped[int] = mapped_column(BIG)


class Wave(Identified, db.Model):
    """One round of a survey.

    `version` guards every write; `least_cell`: a group of fewer is not shown; `points`: in
    milli-points, for each answer; `seed`: of the random orders. `named`: not anonymous.
    `made_by`, `sent_by`: neither of them is `reviewed_by`.
    """

    __tablename__ = "surveys_wave"
    __table_args__ = (
        one_of("state", State),
        one_of("mode", Mode),
        one_of("unit", Unit),
        sa.CheckConstraint("named = (mode <> 'anonymous')", name="named_as_mode"),
        sa.CheckConstraint("number >= 1 AND version >= 1", name="counted"),
        sa.CheckConstraint("least_cell >= 5", name="least_cell"),
        sa.CheckConstraint("points >= 0", name="points"),
        sa.CheckConstraint("closes_at > opens_at", name="closes_after_opening"),
        sa.CheckConstraint(
            f"({_UNFROZEN} AND frozen_at IS NULL AND {_HASHED})"
            f" OR (NOT {_UNFROZEN} AND frozen_at IS NOT NULL AND {_FULL})",
            name="hashed_when_frozen",
        ),
        sa.CheckConstraint(
            f"{_UNFROZEN} OR (reviewed_by IS NOT NULL AND sent_by IS NOT NULL)",
            name="reviewed",
        ),
        sa.CheckConstraint("reviewed_by <> made_by AND reviewed_by <> sent_by", name="two_persons"),
        sa.CheckConstraint(f"({_DONE}) = (closed_at IS NOT NULL)", name="closed_dated"),
        sa.CheckConstraint(
            "(state IN ('sealed', 'published', 'archived')) = (sealed_at IS NOT NULL)",
            name="sealed_dated",
        ),
        sa.CheckConstraint(
            "(state IN ('published', 'archived')) = (published_at IS NOT NULL)",
            name="published_dated",
        ),
        sa.UniqueConstraint("survey_id", "number", name="uq_surveys_wave_number"),
        unique_where("uq_surveys_wave_unfinished", "survey_id", where=_UNFROZEN),
        # What hangs on it names its mode along with it: see Participation and Ballot.
        sa.UniqueConstraint("id", "named", name="uq_surveys_wave_named"),
        sa.Index("ix_surveys_wave_list", "project_id", "created_at", "id"),
        sa.Index("ix_surveys_wave_clock", "state", "closes_at"),
    )

    survey_id: Mapped[int] = foreign_key("surveys_survey.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id", index=False)
    number: Mapped[int]
    title: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    state: Mapped[str] = mapped_column(sa.String(10), default=State.DRAFT)
    version: Mapped[int] = mapped_column(default=1)
    mode: Mapped[str] = mapped_column(sa.String(12), default=Mode.CONFIDENTIAL)
    named: Mapped[bool] = mapped_column(default=True)
    unit: Mapped[str] = mapped_column(sa.String(10), default=Unit.HOUSEHOLD)
    instrument: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    weights: Mapped[Mapping[str, int]] = mapped_column(sa.JSON, default=dict)
    frame_rule: Mapped[Mapping[str, list[Any]]] = mapped_column(sa.JSON, default=dict)
    seed: Mapped[int] = mapped_column(BIG)
    opens_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closes_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    least_cell: Mapped[int] = mapped_column(default=10)
    points: Mapped[int] = mapped_column(BIG, default=0)
    instrument_hash: Mapped[str | None] = mapped_column(sa.String(64))
    frame_hash: Mapped[str | None] = mapped_column(sa.String(64))
    weights_hash: Mapped[str | None] = mapped_column(sa.String(64))
    # Of everything that figures rest on, answers with it; never changes after the seal.
    seal_hash: Mapped[str | None] = mapped_column(sa.String(64))
    frozen_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    sealed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    published_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_by: Mapped[int] = mapped_column(BIG)
    sent_by: Mapped[int | None] = mapped_column(BIG)
    reviewed_by: Mapped[int | None] = mapped_column(BIG)
    # Neither `made_by` nor `sent_by`.
    published_by: Mapped[int | None] = mapped_column(BIG)
    # The question that was taken out last, with its place: it can be put back.
    dropped: Mapped[Mapping[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    # Set by a purge alone: then sealed ballots let themselves be deleted.
    purging: Mapped[bool] = mapped_column(default=False)
    # Set for as long as an anonymous wave is being shuffled: the frame's lines may be rewritten.
    shuffling: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    # When everything of an anonymous wave was shuffled for the last time: no ballot comes after.
    shuffled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)

    survey: Mapped[Survey] = relationship(lazy="raise")
