"""When members are told of an activity, what they find afterwards, and who was told of what."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import UtcDateTime, db, foreign_key, now


class Care(db.Model):
    """What an activity has of its own; without a row the project's settings hold. `before`: hours
    before the beginning, the largest first; `thanks`: hours after the end, None for no message."""

    __tablename__ = "events_care"
    __table_args__ = (sa.CheckConstraint("thanks >= 0", name="thanks_not_negative"),)

    occurrence_id: Mapped[int] = foreign_key("events_occurrence.id", primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    before: Mapped[Sequence[int]] = mapped_column(sa.JSON, default=list)
    thanks: Mapped[int | None]
    # A path of this site.
    survey: Mapped[str] = mapped_column(sa.String(300), default="")


class Reminded(db.Model):
    """That who has a seat was told of one kind: once, by the key."""

    __tablename__ = "events_reminded"

    seat_id: Mapped[int] = foreign_key("events_seat.id", primary_key=True, index=False)
    # "before:1" is the first reminder, "after" the thanks.
    kind: Mapped[str] = mapped_column(sa.String(10), primary_key=True)
    project_id: Mapped[int] = foreign_key("project.id")
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
