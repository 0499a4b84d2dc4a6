"""Giving and taking roles."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.permissions.models import RoleChange, RoleGrant
from portal.permissions.queries import Rights, rights_of, role_changes, role_permissions
from portal.permissions.roles import PERMISSIONS, RoleName


class RoleError(Exception):
    """The role cannot be given or taken; the text is a code: unknown, held, last_administrator,
    beyond_own (it holds a permission that the actor lacks), ended."""


def grant_role(
    *,
    actor: Account | None,
    account: Account,
    role: str,
    project_id: int | None,
    within: Rights | None = None,
) -> RoleGrant:
    """Give `account` a role for a project, or for the club when `project_id` is None.

    `within`: what the actor's token is limited to, None for no limit.

    Raises RoleError("unknown"), RoleError("held") or RoleError("beyond_own").
    """
    if role not in set(RoleName):
        raise RoleError("unknown")
    if actor is not None:
        _check_covered(actor, role, project_id, within)
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
        account_id=account.id,
        role=role,
        project_id=project_id,
        granted_by_id=actor.id if actor else None,
    )
    try:
        with db.session.begin_nested():
            db.session.add(grant)
    except IntegrityError as error:
        raise RoleError("held") from error
    record(
        actor=actor,
        action="role.granted",
        subject=("account", account.public_id),
        project_id=project_id,
        facts={"role": role},
    )
    return grant


def revoke_role(*, actor: Account, grant: RoleGrant, within: Rights | None = None) -> None:
    """Take a role away; `within` as in `grant_role`.

    Raises RoleError("last_administrator") for the club's last one, RoleError("beyond_own"),
    RoleError("ended") when it was taken before.
    """
    _check_covered(actor, grant.role, grant.project_id, within)
    if grant.role == RoleName.ADMINISTRATOR and grant.project_id is None:
        # Two who take each other's role wait here for one another.
        live = db.session.scalars(
            sa.select(RoleGrant.id)
            .where(
                RoleGrant.role == RoleName.ADMINISTRATOR,
                RoleGrant.project_id.is_(None),
                RoleGrant.revoked_at.is_(None),
            )
            .order_by(RoleGrant.id)
            .with_for_update()
        ).all()
        if len(live) < 2:
            raise RoleError("last_administrator")
    ended = db.session.execute(
        sa.update(RoleGrant)
        .where(RoleGrant.id == grant.id, RoleGrant.revoked_at.is_(None))
        .values(revoked_at=clock.now(), revoked_by_id=actor.id)
        .returning(RoleGrant.id)
    ).first()
    if ended is None:
        raise RoleError("ended")
    account = db.session.get_one(Account, grant.account_id)
    record(
        actor=actor,
        action="role.revoked",
        subject=("account", account.public_id),
        project_id=grant.project_id,
        facts={"role": grant.role},
    )


def change_role(
    *,
    actor: Account,
    role: str,
    permission: str,
    allowed: bool,
    within: Rights | None = None,
) -> None:
    """Set whether a role holds a permission, club-wide. The administrator's cannot be changed.

    `within` as in `grant_role`.

    Raises RoleError("unknown"), or RoleError("beyond_own") when the actor lacks the permission.
    """
    if role not in set(RoleName) or permission not in PERMISSIONS or role == RoleName.ADMINISTRATOR:
        raise RoleError("unknown")
    held = (rights_of(actor.id), within)
    if not all(rights.allows(permission, None) for rights in held if rights is not None):
        raise RoleError("beyond_own")
    change = db.session.scalar(
        sa.select(RoleChange).where(RoleChange.role == role, RoleChange.permission == permission)
    )
    if allowed == (role in PERMISSIONS[permission].roles):
        if change is not None:
            db.session.delete(change)
    elif change is None:
        db.session.add(RoleChange(role=role, permission=permission, allowed=allowed))
    record(
        actor=actor,
        action="role.changed",
        subject=("role", role),
        project_id=None,
        facts={"permission": permission, "allowed": allowed},
    )


def _check_covered(
    actor: Account, role: str, project_id: int | None, within: Rights | None
) -> None:
    """Raise RoleError("beyond_own") unless the actor holds all that the role holds there."""
    keys = role_permissions(role_changes())[role]
    held = (rights_of(actor.id), within)
    if not all(rights.cover(keys, project_id) for rights in held if rights is not None):
        raise RoleError("beyond_own")
