"""Phone numbers for plugins: read as people write them, found by a keyed hash, shown masked."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.members.models import Member
from portal.permissions.models import RoleGrant
from portal.plugin_host.refs import MemberRef, ProjectRef, member_ref
from portal.roster.models import RosterEntry


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


def find_phone_holder(phone: str, project: ProjectRef) -> PhoneHolder:
    """Return whom the portal knows by a number (E.164), in two statements."""
    key = lookup_hash("phone", phone)
    found = db.session.execute(
        sa.select(Account.id, Member)
        .outerjoin(Member, Member.account_id == Account.id)
        .where(Account.phone_hash == key)
    ).first()
    account_id, member = found if found else (None, None)
    granted = sa.exists().where(
        RoleGrant.account_id == account_id,
        RoleGrant.revoked_at.is_(None),
        sa.or_(RoleGrant.project_id.is_(None), RoleGrant.project_id == project.id),
    )
    named = sa.exists().where(RosterEntry.project_id == project.id, RosterEntry.phone_hash == key)
    on_staff, on_roster = db.session.execute(sa.select(granted, named)).one()
    return PhoneHolder(member_ref(member) if member else None, bool(on_staff), bool(on_roster))
