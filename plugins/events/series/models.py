"""A series: the rule that made its dates, and the days that staff left out."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Identified, UtcDateTime, db, foreign_key, unique_where


class Series(Identified, db.Model):
    """What several dates of an activity belong to; `rule`: rules.Rule, as it was used last."""

    __tablename__ = "events_series"

    project_id: Mapped[int] = foreign_key("project.id")
    rule: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    # Days (ISO) of the rule that staff took out of the preview.
    skipped: Mapped[list[str]] = mapped_column(sa.JSON)


class SeriesChange(Identified, db.Model):
    """What a job passes on to many dates of a series: while it is under way nobody else changes
    them. `act`: acts.py; `targets`: the dates' ids, of which `done` were looked at."""

    __tablename__ = "events_series_change"
    __table_args__ = (
        unique_where("uq_events_series_change_one", "series_id", where="finished_at IS NULL"),
        sa.CheckConstraint("done >= 0 AND passed_over >= 0", name="counts"),
    )

    project_id: Mapped[int] = foreign_key("project.id")
    series_id: Mapped[int] = foreign_key("events_series.id")
    # The date at which it was changed.
    occurrence_id: Mapped[int] = foreign_key("events_occurrence.id")
    act: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    targets: Mapped[list[int]] = mapped_column(sa.JSON)
    done: Mapped[int] = mapped_column(default=0)
    # Of these, who could not be changed: begun, over or changed by hand meanwhile.
    passed_over: Mapped[int] = mapped_column(default=0)
    by: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"))
    finished_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
