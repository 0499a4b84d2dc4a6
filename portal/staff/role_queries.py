"""Who holds which role, for the pages on roles."""

from collections.abc import Sequence

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.extensions import db
from portal.permissions.models import RoleGrant
from portal.projects.models import Project

GRANTS_MAX = 100


def live_grants(
    *, role: str = "", project_id: int | None = None
) -> sa.Select[tuple[RoleGrant, Account, Project]]:
    """Return the statement of roles held now, with the account and the project, if it is one's."""
    statement = (
        sa.select(RoleGrant, Account, Project)
        .join(Account, Account.id == RoleGrant.account_id)
        .outerjoin(Project, Project.id == RoleGrant.project_id)
        .where(RoleGrant.revoked_at.is_(None))
    )
    if role:
        statement = statement.where(RoleGrant.role == role)
    if project_id is not None:
        statement = statement.where(RoleGrant.project_id == project_id)
    return statement


def grants_of(account_id: int) -> Sequence[sa.Row[tuple[RoleGrant, Account, Project]]]:
    """Return the roles that an account holds now."""
    return db.session.execute(
        live_grants()
        .where(RoleGrant.account_id == account_id)
        .order_by(RoleGrant.id)
        .limit(GRANTS_MAX)
    ).all()


def find_grant(public_id: str) -> sa.Row[tuple[RoleGrant, Account, Project]] | None:
    """Return a role held now by the grant's public id."""
    return db.session.execute(live_grants().where(RoleGrant.public_id == public_id)).first()
