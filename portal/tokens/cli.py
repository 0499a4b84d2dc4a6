"""`portal token`: tokens of services and of members' programs, from the terminal."""

from datetime import timedelta

import click
import sqlalchemy as sa
from flask.cli import AppGroup

from portal import clock
from portal.access import OWN_SCOPES
from portal.accounts.models import SignInMethod
from portal.accounts.queries import find_account_by_email, find_account_by_phone
from portal.extensions import db
from portal.permissions.roles import PERMISSIONS
from portal.phones import PhoneError, normalize_phone
from portal.tokens.models import ApiToken
from portal.tokens.queries import find_token, project_id_of
from portal.tokens.service import (
    TokenError,
    issue_service_token,
    open_sign_in,
    revoke_token,
)

commands = AppGroup("token", help="Issue and revoke tokens of the JSON API.")
_SHOWN = 200
_LONGEST_DAYS = 730


@commands.command("create")
@click.argument("name")
@click.option("--member", metavar="PHONE|EMAIL", help="Act as this account, not as a service.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="What it may do, such as members.view; give it again for more. A member's token without "
    "one may do all that the account may; me:read and me:write stand for what is its own.",
)
@click.option("--project", help="The project's short name; without it the token is club-wide.")
@click.option(
    "--days", type=click.IntRange(1, _LONGEST_DAYS), default=90, help="For how long it is valid."
)
def create(
    name: str, member: str | None, scopes: tuple[str, ...], project: str | None, days: int
) -> None:
    """Issue a token and print it, this once."""
    known = sorted([*PERMISSIONS, *(OWN_SCOPES if member else ())])
    if unknown := sorted(set(scopes) - set(known)):
        raise click.ClickException(
            f"There is no scope {unknown[0]}. Give one of: {', '.join(known)}"
        )
    token = _of_member(name, member, scopes, project, days) if member else None
    token = token or _of_service(name, scopes, project, days)
    db.session.commit()
    click.echo(token)


@commands.command("list")
def list_tokens() -> None:
    """List the services' tokens and the newest of members, without the secrets."""
    rows = db.session.scalars(sa.select(ApiToken).order_by(ApiToken.id.desc()).limit(_SHOWN))
    for row in rows:
        if row.revoked_at:
            state = "revoked"
        elif row.expires_at and row.expires_at <= clock.now():
            state = "expired"
        else:
            state = f"until {row.expires_at:%Y-%m-%d}" if row.expires_at else "no end"
        scopes = ",".join(row.scopes) or "all"
        click.echo(f"{row.public_id}  …{row.hint}  {row.kind}  {state}  {scopes}  {row.name}")


@commands.command("revoke")
@click.argument("key", metavar="ID")
def revoke(key: str) -> None:
    """Let a token be of no more use; `portal token list` shows the ids."""
    row = find_token(key)
    if row is None:
        raise click.ClickException(f"There is no token {key}. See: portal token list")
    try:
        revoke_token(actor=None, token=row)
    except TokenError:
        raise click.ClickException(f"The token {key} was revoked before.") from None
    db.session.commit()
    click.echo(f"{row.name} is shut out.")


def _of_service(name: str, scopes: tuple[str, ...], project: str | None, days: int) -> str:
    project_id = project_id_of(project) if project else None
    if project and project_id is None:
        raise click.ClickException(f"There is no project {project}.")
    try:
        _row, token = issue_service_token(
            actor=None,
            name=name[:80],
            scopes=scopes,
            project_id=project_id,
            expires_at=clock.now() + timedelta(days=days),
        )
    except TokenError:
        raise click.ClickException(
            "A service needs at least one --scope, such as members.view."
        ) from None
    return token


def _of_member(
    name: str, identity: str, scopes: tuple[str, ...], project: str | None, days: int
) -> str:
    if project:
        raise click.ClickException("A member's token is for all projects: leave out --project.")
    try:
        account = (
            find_account_by_email(identity)
            if "@" in identity
            else find_account_by_phone(normalize_phone(identity))
        )
    except PhoneError:
        account = None
    if account is None:
        raise click.ClickException(f"No account signs in with {identity}.")
    _row, token = open_sign_in(
        account=account,
        method=SignInMethod.CODE,
        second_factor=False,
        name=name,
        network="operator",
        scopes=scopes,
        life=timedelta(days=days),
    )
    return token
