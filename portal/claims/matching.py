"""Comparing a claimant with the roster: the same phone, and the same name in any writing."""

import unicodedata
from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Ownership, Unit
from portal.projects.queries import OWNING_ROLES
from portal.roster.models import RosterEntry
from portal.search.service import refresh

MATCH_LIMIT = 50
_MIDDLE_DOTS = dict.fromkeys(map(ord, "·•・‧∙⋅･.．"), "·")


def name_key(name: str) -> str:
    """Return the one form of a name: no spaces, one middle dot, full-width letters narrowed."""
    plain = unicodedata.normalize("NFKC", name)
    return "".join(plain.split()).translate(_MIDDLE_DOTS).casefold()


def same_name(one: str, other: str) -> bool:
    """Tell whether two names are the same person's, however they were typed."""
    return name_key(one) == name_key(other)


def matches(account: Account, name: str, *, unit_id: int | None = None) -> list[RosterEntry]:
    """Return the unclaimed roster entries of this phone and name, units and buildings loaded."""
    if account.phone_hash is None:
        return []
    statement = (
        sa.select(RosterEntry)
        .options(
            joinedload(RosterEntry.unit, innerjoin=True).joinedload(Unit.building, innerjoin=True)
        )
        .where(RosterEntry.phone_hash == account.phone_hash, RosterEntry.claimed_by_id.is_(None))
        .order_by(RosterEntry.id)
        .limit(MATCH_LIMIT)
    )
    if unit_id is not None:
        statement = statement.where(RosterEntry.unit_id == unit_id)
    return [entry for entry in db.session.scalars(statement) if same_name(entry.name, name)]


def take(entry: RosterEntry, member: Member) -> bool:
    """Mark a roster entry as this member's; False when somebody else was faster."""
    done = db.session.execute(
        sa.update(RosterEntry)
        .where(RosterEntry.id == entry.id, RosterEntry.claimed_by_id.is_(None))
        .values(claimed_by_id=member.id, claimed_at=clock.now())
    )
    refresh("roster_entry", [entry.id])
    return bool(done.rowcount == 1)  # type: ignore[attr-defined]


def roster_knows_owners(unit_id: int) -> bool:
    """Tell whether somebody who owns the home now was named for it by the roster."""
    return bool(
        db.session.scalar(
            sa.select(Ownership.id)
            .join(
                RosterEntry,
                sa.and_(
                    RosterEntry.unit_id == Ownership.unit_id,
                    RosterEntry.claimed_by_id == Ownership.member_id,
                ),
            )
            .where(
                Ownership.unit_id == unit_id,
                Ownership.until.is_(None),
                Ownership.role.in_(OWNING_ROLES),
            )
            .limit(1)
        )
    )


def likeliest(entries: Sequence[RosterEntry], name: str, account: Account) -> RosterEntry | None:
    """Return the entry that a claimant is most likely to be: by phone, else by name, else any."""
    by_phone = [entry for entry in entries if entry.phone_hash == account.phone_hash]
    by_name = [entry for entry in entries if same_name(entry.name, name)]
    return next(iter([*by_phone, *by_name, *entries]), None)
