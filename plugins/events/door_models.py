"""What the doors keep: the PIN of a date, and every scan that a phone brought in."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Encrypted, Identified, UtcDateTime, db, foreign_key

BIG = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_OWN_OCCURRENCE = "events_occurrence.id"


class DoorPin(db.Model):
    """The PIN under which phones keep the list of a date; staff tell it to each other."""

    __tablename__ = "events_door_pin"

    occurrence_id: Mapped[int] = foreign_key(_OWN_OCCURRENCE, primary_key=True, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    pin: Mapped[str] = mapped_column(Encrypted)


class Scan(Identified, db.Model):
    """A scan that a phone kept while it was offline, and what came of it: `IN` or a refusal's code.

    Each has a key of the phone's own, so that what is sent twice counts once. A ticket that was not
    on the phone's list has no seat.
    """

    __tablename__ = "events_scan"
    __table_args__ = (
        sa.UniqueConstraint("occurrence_id", "key", name="uq_events_scan_key"),
        sa.Index("ix_events_scan_list", "occurrence_id", "scanned_at", "id"),
    )

    occurrence_id: Mapped[int] = foreign_key(_OWN_OCCURRENCE, index=False)
    project_id: Mapped[int] = foreign_key("project.id")
    key: Mapped[str] = mapped_column(sa.String(64))
    ticket: Mapped[str] = mapped_column(sa.String(12))
    seat_id: Mapped[int | None] = foreign_key("events_seat.id")
    # The phone's clock, never later than the arrival, which is `created_at`.
    scanned_at: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[str] = mapped_column(sa.String(30))
    # The account that brought it in; tables of plugins refer to none.
    by: Mapped[int] = mapped_column(BIG)
