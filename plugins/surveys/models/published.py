"""What is published of a wave, and what the project does about it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Identified, UtcDateTime, db, foreign_key

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")


class Publication(Identified, db.Model):
    """The figures of a sealed wave, as they were computed; nothing of it changes.

    An auditor signs it once: `signed_by`, `signed_at`.
    """

    __tablename__ = "surveys_publication"
    __table_args__ = (sa.UniqueConstraint("wave_id", name="uq_surveys_publication_wave"),)

    wave_id: Mapped[int] = foreign_key("surveys_wave.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    figures: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    figures_hash: Mapped[str] = mapped_column(sa.String(64))
    seal_hash: Mapped[str] = mapped_column(sa.String(64))
    script_version: Mapped[str] = mapped_column(sa.String(20))
    released_at: Mapped[datetime] = mapped_column(UtcDateTime)
    signed_by: Mapped[int | None] = mapped_column(BIG)
    signed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Action(Identified, db.Model):
    """You said, we did: `said` and `did` by language. One that is withdrawn can be put back."""

    __tablename__ = "surveys_action"
    __table_args__ = (sa.Index("ix_surveys_action_wave", "wave_id", "position"),)

    wave_id: Mapped[int] = foreign_key("surveys_wave.id", index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    dimension: Mapped[str] = mapped_column(sa.String(40), default="")
    said: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    did: Mapped[Mapping[str, str]] = mapped_column(sa.JSON)
    position: Mapped[int] = mapped_column(sa.SmallInteger, default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    made_by: Mapped[int | None] = mapped_column(BIG)
