"""Reading the roster: whom it names for which home, and what an import did."""

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal.extensions import db
from portal.projects.models import Unit
from portal.roster.cells import plain_name
from portal.roster.models import RosterEntry

MATCH_LIMIT = 50
"""One person has a handful of homes; more matches than this are a roster gone wrong."""

_WITH_UNIT = (
    joinedload(RosterEntry.unit, innerjoin=True).joinedload(Unit.building, innerjoin=True),
)


def match(phone_hash: bytes, name: str) -> list[RosterEntry]:
    """Return the entries that nobody has claimed and that name this person, units loaded."""
    return list(
        db.session.scalars(
            sa.select(RosterEntry)
            .options(*_WITH_UNIT)
            .where(
                RosterEntry.phone_hash == phone_hash,
                RosterEntry.name == plain_name(name),
                RosterEntry.claimed_by_id.is_(None),
            )
            .order_by(RosterEntry.id)
            .limit(MATCH_LIMIT)
        )
    )


def entry_for(unit_id: int, phone_hash: bytes, name: str) -> RosterEntry | None:
    """Return what the roster says of this person in one home, claimed or not."""
    return db.session.scalar(
        sa.select(RosterEntry).where(
            RosterEntry.unit_id == unit_id,
            RosterEntry.phone_hash == phone_hash,
            RosterEntry.name == plain_name(name),
        )
    )


def entries_of_unit(unit_id: int) -> list[RosterEntry]:
    """Return everybody whom the roster names for a home, the owner first."""
    return list(
        db.session.scalars(
            sa.select(RosterEntry)
            .where(RosterEntry.unit_id == unit_id)
            .order_by(RosterEntry.role != "owner", RosterEntry.id)
            .limit(MATCH_LIMIT)
        )
    )
