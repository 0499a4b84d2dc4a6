"""What an account may do, from one statement a request."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from portal.extensions import db
from portal.permissions.models import RoleChange, RoleGrant
from portal.permissions.roles import PERMISSIONS, RoleName, default_permissions


@dataclass(frozen=True)
class Rights:
    """The permissions of one account: club-wide ones, and those of single projects."""

    club: frozenset[str] = frozenset()
    by_project: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def allows(self, permission: str, project_id: int | None) -> bool:
        """Tell whether `permission` is held club-wide or in the project."""
        if permission in self.club:
            return True
        return project_id is not None and permission in self.by_project.get(project_id, frozenset())

    def anywhere(self, permission: str) -> bool:
        """Tell whether `permission` is held for the club or any project."""
        return permission in self.club or any(
            permission in keys for keys in self.by_project.values()
        )

    def project_ids(self, permission: str) -> frozenset[int] | None:
        """Return the projects in which `permission` is held; None means every project."""
        if permission in self.club:
            return None
        return frozenset(id_ for id_, keys in self.by_project.items() if permission in keys)

    def cover(self, permissions: Iterable[str], project_id: int | None) -> bool:
        """Tell whether all of `permissions` are held: only then may they be given to others."""
        return all(self.allows(permission, project_id) for permission in permissions)

    def limited(self, keys: frozenset[str]) -> "Rights":
        """Return what is left when only `keys` count."""
        return Rights(
            club=self.club & keys,
            by_project={id_: held & keys for id_, held in self.by_project.items()},
        )

    def within(self, project_id: int) -> "Rights":
        """Return what is held in one project, club-wide rights included; nothing elsewhere."""
        return Rights(by_project={project_id: self.club | self.by_project.get(project_id, set())})


NO_RIGHTS = Rights()


def rights_of(account_id: int) -> Rights:
    """Return what the account's live role grants add up to, the club's changes included."""
    grants = (
        sa.select(RoleGrant.role, RoleGrant.project_id, RoleChange.permission, RoleChange.allowed)
        .outerjoin(RoleChange, RoleChange.role == RoleGrant.role)
        .where(RoleGrant.account_id == account_id, RoleGrant.revoked_at.is_(None))
    )
    keys: dict[int | None, dict[str, set[str]]] = defaultdict(dict)
    for role, project_id, permission, allowed in db.session.execute(grants):
        held = keys[project_id].setdefault(role, set(default_permissions(role)))
        if allowed is True:
            held.add(permission)
        elif allowed is False:
            held.discard(permission)
    united = {scope: frozenset().union(*roles.values()) for scope, roles in keys.items()}
    club = united.pop(None, frozenset())
    return Rights(
        club=club, by_project={id_: held for id_, held in united.items() if id_ is not None}
    )


def role_changes() -> Mapping[tuple[str, str], bool]:
    """Return the club's own answers by role and permission."""
    changes = sa.select(RoleChange.role, RoleChange.permission, RoleChange.allowed)
    return {
        (role, permission): allowed for role, permission, allowed in db.session.execute(changes)
    }


def role_permissions(changes: Mapping[tuple[str, str], bool]) -> Mapping[str, frozenset[str]]:
    """Return what each role holds under the club's changes."""
    return {
        role: frozenset(
            key
            for key, permission in PERMISSIONS.items()
            if changes.get((role, key), role in permission.roles)
        )
        for role in RoleName
    }
