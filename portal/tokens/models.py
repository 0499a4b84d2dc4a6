"""Bearer tokens of the JSON API: a member's, from signing in, and those of services."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from portal.accounts.models import Account, SignIn
from portal.columns import Identified, UtcDateTime, foreign_key, one_of
from portal.extensions import db


class TokenKind(StrEnum):
    """Whom a token stands for."""

    MEMBER = "member"
    SERVICE = "service"


class ApiToken(Identified, db.Model):
    """A token: only its hash is kept. A member's lives as long as its sign-in; a service's has an
    account of its own that nobody can sign in with, and holds what its scopes name."""

    __tablename__ = "api_token"
    __table_args__ = (
        one_of("kind", TokenKind),
        sa.CheckConstraint("length(name) > 0", name="name_given"),
        sa.CheckConstraint(
            "(kind = 'member') = (sign_in_id IS NOT NULL)", name="member_has_sign_in"
        ),
        sa.CheckConstraint("kind = 'service' OR project_id IS NULL", name="project_of_service"),
    )

    kind: Mapped[str] = mapped_column(sa.String(20))
    name: Mapped[str] = mapped_column(sa.String(80))
    account_id: Mapped[int] = foreign_key("account.id")
    sign_in_id: Mapped[int | None] = foreign_key("sign_in.id", unique=True, index=False)
    project_id: Mapped[int | None] = foreign_key("project.id")
    token_hash: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    hint: Mapped[str] = mapped_column(sa.String(4))
    """The token's last characters, by which people tell tokens apart."""
    scopes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    """Permission keys, for a member also me:read and me:write: all that the program may do, as far
    as its maker or its member may; for a member, none means all of the account's."""
    expires_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = foreign_key("account.id")
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    revoked_by_id: Mapped[int | None] = foreign_key("account.id")

    account: Mapped[Account] = relationship(lazy="raise", foreign_keys=[account_id])
    sign_in: Mapped[SignIn | None] = relationship(lazy="raise")
