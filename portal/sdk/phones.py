"""Phone numbers for plugins: read as people write them, found by a keyed hash, shown masked."""

from collections.abc import Collection
from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.members.models import Member
from portal.permissions.models import RoleGrant
from portal.phones import mask_phone
from portal.plugin_host.refs import MemberRef, ProjectRef, member_ref
from portal.roster.models import RosterEntry
from portal.sdk.people import few


@dataclass(frozen=True)
class PhoneHolder:
    """Whom the portal knows by a number: the member who signs in with it, whether its account
    works for the project or for the club, whether the project's roster names it."""

    member: MemberRef | None
    on_staff: bool
    on_roster: bool


def phone_key(plugin: str, phone: str) -> bytes:
    """Return 32 bytes that find a number (E.164) again within `plugin` without telling it."""
    return lookup_hash(f"{plugin}.phone", phone)


@dataclass(frozen=True)
class MemberContact:
    """Whom to reach, and the number as pages show it, "138****8000"; "" for none. The whole number
    is on the staff's page of the member, which asks why and tells the member."""

    member: MemberRef
    phone: str


def contact_of(member_id: int) -> MemberContact | None:
    """Return whom an id is and how to reach them, in one statement; None for nobody."""
    mine = sa.select(Member, Account.phone).join(Account, Account.id == Member.account_id)
    found = db.session.execute(mine.where(Member.id == member_id)).one_or_none()
    if found is None:
        return None
    return MemberContact(member_ref(found[0]), mask_phone(found[1]) if found[1] else "")


def find_phone_holder(phone: str, project: ProjectRef) -> PhoneHolder:
    """Return whom the portal knows by a number (E.164), in two statements."""
    return find_phone_holders([phone], project)[phone]


def find_phone_holders(phones: Collection[str], project: ProjectRef) -> dict[str, PhoneHolder]:
    """Return whom the portal knows by each of some numbers (E.164), in two statements; at most 500
    at once, else ValueError."""
    keys = {phone: lookup_hash("phone", phone) for phone in few(phones)}
    granted = sa.exists().where(
        RoleGrant.account_id == Account.id,
        RoleGrant.revoked_at.is_(None),
        sa.or_(RoleGrant.project_id.is_(None), RoleGrant.project_id == project.id),
    )
    known = {
        row[0]: (row[1], row[2])
        for row in db.session.execute(
            sa.select(Account.phone_hash, Member, granted)
            .outerjoin(Member, Member.account_id == Account.id)
            .where(Account.phone_hash.in_(keys.values()))
        )
    }
    named = set(
        db.session.scalars(
            sa.select(RosterEntry.phone_hash).where(
                RosterEntry.project_id == project.id, RosterEntry.phone_hash.in_(keys.values())
            )
        )
    )
    found = {}
    for phone, key in keys.items():
        member, on_staff = known.get(key, (None, False))
        found[phone] = PhoneHolder(
            member_ref(member) if member else None, bool(on_staff), key in named
        )
    return found
