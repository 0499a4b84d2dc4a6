"""Issuing and revoking tokens: each is shown once, when it is made."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta

import sqlalchemy as sa

from portal import clock
from portal.access import OWN_SCOPES
from portal.accounts.models import Account, AccountState, SignIn, SignInMethod
from portal.audit.service import record
from portal.columns import new_public_id
from portal.crypto import token_hash
from portal.extensions import db
from portal.permissions.queries import Rights, rights_of
from portal.permissions.roles import PERMISSIONS
from portal.tokens.models import ApiToken, TokenKind

PREFIX = "mcp_"
"""What every token begins with: so leaked ones are found, and a cookie's token is never one."""
MEMBER_LIFE = timedelta(days=90)
LONGEST_LIFE = timedelta(days=731)
_HINT = 4


class TokenError(Exception):
    """A token cannot be made or revoked; `code` says why: unknown_scope, no_scope, beyond_own (it
    would hold what the actor lacks), bad_expiry, revoked."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def open_sign_in(
    *,
    account: Account,
    method: SignInMethod,
    second_factor: bool,
    name: str,
    network: str,
    scopes: Collection[str] = (),
    life: timedelta = MEMBER_LIFE,
) -> tuple[ApiToken, str]:
    """Sign a member's program in: return the row and the token. The account must be flushed.

    `network`: where it comes from (portal.accounts.places). `scopes`: all that it may do, of
    `OWN_SCOPES` and the permissions; without any it may do all that the account may.
    Raises TokenError("unknown_scope").
    """
    if not set(scopes) <= {*OWN_SCOPES, *PERMISSIONS}:
        raise TokenError("unknown_scope")
    token, now = _new_token(), clock.now()
    hashed = token_hash(token)
    sign_in = SignIn(
        public_id=new_public_id(),
        account=account,
        token_hash=hashed,
        method=method,
        second_factor=second_factor,
        user_agent=f"API {name}"[:200],
        network=network,
        last_seen_at=now,
        confirmed_at=now,
    )
    row = ApiToken(
        kind=TokenKind.MEMBER,
        name=name[:80],
        account=account,
        sign_in=sign_in,
        token_hash=hashed,
        hint=token[-_HINT:],
        scopes=sorted(scopes),
        expires_at=now + life,
    )
    db.session.add(row)
    db.session.flush()
    return row, token


def issue_service_token(
    *,
    actor: Account | None,
    name: str,
    scopes: Collection[str],
    project_id: int | None,
    expires_at: datetime | None = None,
    within: Rights | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for a program of its own name and rights, in a project or club-wide.

    `actor`: None for the operator. `expires_at`: aware UTC, at most two years ahead. `within`: what
    the actor's own token is limited to, None for no limit.
    Raises TokenError: unknown_scope, no_scope, beyond_own, bad_expiry.
    """
    _check_scopes(actor, scopes, project_id, within)
    now = clock.now()
    if expires_at is not None and not now < expires_at <= now + LONGEST_LIFE:
        raise TokenError("bad_expiry")
    token = _new_token()
    # What the program does is recorded as done by this account, which nobody can sign in with.
    account = Account(
        display_name=name,
        email=f"service-{secrets.token_hex(12)}@portal.invalid",
        state=AccountState.CLOSED,
    )
    row = ApiToken(
        kind=TokenKind.SERVICE,
        name=name,
        account=account,
        project_id=project_id,
        token_hash=token_hash(token),
        hint=token[-_HINT:],
        scopes=sorted(scopes),
        expires_at=expires_at,
        created_by_id=actor.id if actor else None,
    )
    db.session.add(row)
    db.session.flush()
    record(
        actor=actor,
        action="token.issued",
        subject=("token", row.public_id),
        project_id=project_id,
        facts={"scopes": row.scopes, "expires": expires_at.isoformat() if expires_at else None},
    )
    return row, token


def revoke_token(*, actor: Account | None, token: ApiToken) -> None:
    """Let a token be of no more use. Raises TokenError("revoked") when it was revoked before."""
    now = clock.now()
    done = db.session.scalar(
        sa.update(ApiToken)
        .where(ApiToken.id == token.id, ApiToken.revoked_at.is_(None))
        .values(revoked_at=now, revoked_by_id=actor.id if actor else None)
        .returning(ApiToken.id)
        .execution_options(synchronize_session=False)
    )
    if done is None:
        raise TokenError("revoked")
    if token.sign_in_id is not None:
        db.session.execute(
            sa.update(SignIn)
            .where(SignIn.id == token.sign_in_id, SignIn.ended_at.is_(None))
            .values(ended_at=now)
            .execution_options(synchronize_session=False)
        )
    record(
        actor=actor,
        action="token.revoked",
        subject=("token", token.public_id),
        project_id=token.project_id,
    )


def _new_token() -> str:
    return PREFIX + secrets.token_urlsafe(32)


def _check_scopes(
    actor: Account | None,
    scopes: Collection[str],
    project_id: int | None,
    within: Rights | None,
) -> None:
    if not scopes:
        raise TokenError("no_scope")
    if not set(scopes) <= set(PERMISSIONS):
        raise TokenError("unknown_scope")
    held = (rights_of(actor.id) if actor else None, within)
    if not all(rights.cover(scopes, project_id) for rights in held if rights is not None):
        raise TokenError("beyond_own")
