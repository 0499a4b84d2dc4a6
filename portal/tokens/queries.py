"""Reading tokens."""

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased, contains_eager

from portal import clock
from portal.accounts.models import Account, AccountState
from portal.accounts.queries import is_live
from portal.crypto import token_hash
from portal.extensions import db
from portal.tokens.models import ApiToken, TokenKind


def find_live(token: str) -> ApiToken | None:
    """Return a token that is in force, account and sign-in loaded; one statement.

    A service's ends with the account of who made it; the operator's has no maker.
    """
    now, maker = clock.now(), aliased(Account)
    signed_in = sa.and_(is_live(), Account.state == AccountState.ACTIVE)
    made_by_live = sa.or_(ApiToken.created_by_id.is_(None), maker.state == AccountState.ACTIVE)
    return db.session.scalar(
        sa.select(ApiToken)
        .join(ApiToken.account)
        .outerjoin(ApiToken.sign_in)
        .outerjoin(maker, maker.id == ApiToken.created_by_id)
        .options(contains_eager(ApiToken.account), contains_eager(ApiToken.sign_in))
        .where(
            ApiToken.token_hash == token_hash(token),
            ApiToken.revoked_at.is_(None),
            sa.or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > now),
            sa.case((ApiToken.kind == TokenKind.SERVICE, made_by_live), else_=signed_in),
        )
    )


def service_tokens() -> sa.Select[Any]:
    """Return the statement of the services' tokens, each with who made it and that account's
    state: a token is refused when it is closed."""
    maker = aliased(Account)
    return (
        sa.select(ApiToken, maker.display_name, maker.state)
        .outerjoin(maker, maker.id == ApiToken.created_by_id)
        .where(ApiToken.kind == TokenKind.SERVICE)
    )


def find_service_token(public_id: str) -> ApiToken | None:
    """Return a service's token by its public id."""
    return db.session.scalar(
        sa.select(ApiToken).where(
            ApiToken.public_id == public_id, ApiToken.kind == TokenKind.SERVICE
        )
    )


def find_token(public_id: str) -> ApiToken | None:
    """Return a token of any kind by its public id."""
    return db.session.scalar(sa.select(ApiToken).where(ApiToken.public_id == public_id))


def project_id_of(slug: str) -> int | None:
    """Return the id of a project by the name in its address, for the terminal."""
    # Projects lie above tokens: only their table is known here.
    projects = db.metadata.tables["project"]
    found: int | None = db.session.scalar(sa.select(projects.c.id).where(projects.c.slug == slug))
    return found


def project_slugs(project_ids: Collection[int]) -> dict[int, str]:
    """Return the names in the addresses of these projects by id, in alphabetical order."""
    if not project_ids:
        return {}
    projects = db.metadata.tables["project"]
    rows = db.session.execute(
        sa.select(projects.c.id, projects.c.slug)
        .where(projects.c.id.in_(project_ids))
        .order_by(projects.c.slug)
    )
    return {row.id: row.slug for row in rows}
