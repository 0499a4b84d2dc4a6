"""Who holds which role, for the club or for one project, and the club's changes to a role."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import Identified, UtcDateTime, foreign_key, primary_key, unique_where
from portal.extensions import db


class RoleGrant(Identified, db.Model):
    """An account holds a role: for one project, or for the whole club when project_id is null."""

    __tablename__ = "role_grant"
    __table_args__ = (
        unique_where(
            "uq_role_grant_project",
            "account_id",
            "role",
            "project_id",
            where="revoked_at IS NULL AND project_id IS NOT NULL",
        ),
        unique_where(
            "uq_role_grant_club",
            "account_id",
            "role",
            where="revoked_at IS NULL AND project_id IS NULL",
        ),
    )

    account_id: Mapped[int] = foreign_key("account.id")
    role: Mapped[str] = mapped_column(sa.String(40))
    project_id: Mapped[int | None] = foreign_key("project.id")
    granted_by_id: Mapped[int | None] = foreign_key("account.id")
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by_id: Mapped[int | None] = foreign_key("account.id")


class RoleChange(db.Model):
    """The club's own answer for one role and permission, over the default in code."""

    __tablename__ = "role_change"
    __table_args__ = (sa.UniqueConstraint("role", "permission"),)

    id: Mapped[primary_key]
    role: Mapped[str] = mapped_column(sa.String(40))
    permission: Mapped[str] = mapped_column(sa.String(60))
    allowed: Mapped[bool]
