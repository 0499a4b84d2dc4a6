"""Giving and taking roles."""

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.permissions.models import RoleChange, RoleGrant
from portal.permissions.roles import PERMISSIONS, RoleName


class RoleError(Exception):
    """The role cannot be given or taken; the text is a code: unknown, held, last_administrator."""


def grant_role(
    *, actor: Account | None, account: Account, role: str, project_id: int | None
) -> RoleGrant:
    """Give `account` a role for a project, or for the club when `project_id` is None.

    Raises RoleError("unknown") or RoleError("held").
    """
    if role not in set(RoleName):
        raise RoleError("unknown")
    held = db.session.scalar(
        sa.select(RoleGrant.id).where(
            RoleGrant.account_id == account.id,
            RoleGrant.role == role,
            RoleGrant.project_id.is_not_distinct_from(project_id),
            RoleGrant.revoked_at.is_(None),
        )
    )
    if held:
        raise RoleError("held")
    grant = RoleGrant(
        account_id=account.id, role=role, project_id=project_id,
        granted_by_id=actor.id if actor else None,
    )
    db.session.add(grant)
    record(actor=actor, action="role.granted", subject=("account", account.public_id),
           project_id=project_id, facts={"role": role})
    return grant


def revoke_role(*, actor: Account, grant: RoleGrant) -> None:
    """Take a role away. Raises RoleError("last_administrator") for the club's last one."""
    if grant.revoked_at is not None:
        return
    if grant.role == RoleName.ADMINISTRATOR and grant.project_id is None:
        others = db.session.scalars(
            sa.select(RoleGrant.id)
            .where(
                RoleGrant.role == RoleName.ADMINISTRATOR,
                RoleGrant.project_id.is_(None),
                RoleGrant.revoked_at.is_(None),
            )
            .with_for_update()
        ).all()
        if len(others) < 2:
            raise RoleError("last_administrator")
    grant.revoked_at = clock.now()
    grant.revoked_by_id = actor.id
    record(actor=actor, action="role.revoked", subject=("role_grant", grant.public_id),
           project_id=grant.project_id, facts={"role": grant.role})


def change_role(*, actor: Account, role: str, permission: str, allowed: bool) -> None:
    """Set whether a role holds a permission, club-wide. The administrator's cannot be changed.

    Raises RoleError("unknown").
    """
    if role not in set(RoleName) or permission not in PERMISSIONS or role == RoleName.ADMINISTRATOR:
        raise RoleError("unknown")
    change = db.session.scalar(
        sa.select(RoleChange).where(RoleChange.role == role, RoleChange.permission == permission)
    )
    if allowed == (role in PERMISSIONS[permission].roles):
        if change is not None:
            db.session.delete(change)
    elif change is None:
        db.session.add(RoleChange(role=role, permission=permission, allowed=allowed))
    record(actor=actor, action="role.changed", subject=("role", role), project_id=None,
           facts={"permission": permission, "allowed": allowed})
