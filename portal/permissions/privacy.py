"""What is kept of the roles of a member's account."""

from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import gettext, lazy
from portal.permissions.models import RoleGrant
from portal.permissions.roles import ROLE_TITLES
from portal.personal_data import Coverage, ExportPart

if TYPE_CHECKING:
    from portal.members.models import Member

TABLES = {
    "role_grant": Coverage(
        erased=False, why="who was allowed what, and when; ids, a role and dates"
    )
}


def export_member_data(member: "Member") -> list[ExportPart]:
    """Return the roles that the member's account holds and held."""
    columns = {"role": lazy("Role"), "since": lazy("Since"), "until": lazy("Until")}
    rows = db.session.scalars(
        sa.select(RoleGrant)
        .where(RoleGrant.account_id == member.account_id)
        .order_by(RoleGrant.created_at)
    ).all()
    if not rows:
        return []
    return [
        ExportPart(
            "roles",
            lazy("Roles"),
            columns,
            [
                {
                    "role": str(ROLE_TITLES.get(row.role, row.role)),
                    "since": row.created_at,
                    "until": row.revoked_at,
                }
                for row in rows
            ],
        )
    ]


def check_member_removal(member: "Member") -> list[str]:
    """Return an objection while the account holds a role: an administrator takes it first."""
    held = db.session.scalars(
        sa.select(RoleGrant.role).where(
            RoleGrant.account_id == member.account_id, RoleGrant.revoked_at.is_(None)
        )
    ).all()
    if not held:
        return []
    roles = "、".join(str(ROLE_TITLES.get(role, role)) for role in dict.fromkeys(held))
    return [
        gettext("The account works for the club as: %(roles)s. The roles end first.", roles=roles)
    ]
