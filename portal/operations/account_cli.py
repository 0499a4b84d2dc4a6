"""`portal account`: the first administrator, roles, forgotten passwords."""

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from portal.accounts.password_rules import WeakPasswordError, check_password
from portal.accounts.service import AccountExistsError, EmailError, normalize_email
from portal.database import revisions
from portal.extensions import db
from portal.operations import accounts
from portal.operations.accounts import OperationError
from portal.permissions.roles import RoleName
from portal.permissions.service import RoleError
from portal.phones import PhoneError, normalize_phone

commands = AppGroup("account", help="Look after accounts from the terminal.")


@commands.command("create-admin")
@click.option("--name", prompt="Name", help="How the administrator is called.")
@click.option("--email", help="E-mail address to sign in with.")
@click.option("--phone", help="Mobile number to sign in with.")
@click.option("--club", help="Name of the club, when it is not set up yet.")
@click.option(
    "--password", help="Asked for when it is left out, which keeps it out of the history."
)
def create_admin(
    name: str, email: str | None, phone: str | None, club: str | None, password: str | None
) -> None:
    """Make an administrator; in an empty installation also the club and its first legal texts."""
    if not revisions.is_current(()):
        raise click.ClickException("The database has no tables yet. Run: portal db upgrade")
    email, e164 = _identity(email, phone)
    password = password or click.prompt("Password", hide_input=True, confirmation_prompt=True)
    _check_password(password, tuple(filter(None, (name, email, e164))))
    began = accounts.set_up_club(name=club)
    try:
        accounts.create_administrator(name=name, email=email, phone=e164, password=password)
    except AccountExistsError:
        raise click.ClickException(
            "This e-mail address or phone has an account already. "
            f"Run: portal account grant {email or e164} administrator"
        ) from None
    db.session.commit()
    if began:
        click.echo("The club is set up with the built-in terms and privacy notice as version 1.")
    click.echo(f"{name} may now sign in with {email or e164} and administer the club.")


@commands.command("grant")
@click.argument("identity", metavar="EMAIL|PHONE")
@click.argument("role", type=click.Choice([str(role) for role in RoleName]))
@click.option("--project", help="The project's short name; without it the role is club-wide.")
def grant(identity: str, role: str, project: str | None) -> None:
    """Give an account a role."""
    try:
        accounts.grant(identity=identity, role=role, project=project)
    except OperationError as error:
        raise click.ClickException(str(error)) from error
    except RoleError:
        raise click.ClickException(f"{identity} holds this role already.") from None
    db.session.commit()
    click.echo(f"{identity} is now {role} of {project or 'the whole club'}.")


@commands.command("reset-password")
@click.argument("identity", metavar="EMAIL|PHONE")
@click.option("--generate", is_flag=True, help="Make a random password and print it.")
def reset_password(identity: str, *, generate: bool) -> None:
    """Set a new password; the account is signed out everywhere."""
    try:
        accounts.find(identity)
        password = None
        if not generate:
            password = click.prompt("New password", hide_input=True, confirmation_prompt=True)
            _check_password(password, (identity,))
        new = accounts.reset_password(identity=identity, password=password)
    except OperationError as error:
        raise click.ClickException(str(error)) from error
    db.session.commit()
    click.echo(f"The password of {identity} is changed, and all its sign-ins are ended.")
    if generate:
        click.echo(f"New password: {new}")


@commands.command("reset-second-step")
@click.argument("identity", metavar="EMAIL|PHONE")
@click.confirmation_option(prompt="Have you made sure who is asking?")
def reset_second_step(identity: str) -> None:
    """Take off the second step of somebody who lost phone and recovery codes."""
    try:
        accounts.reset_second_step(identity=identity)
    except OperationError as error:
        raise click.ClickException(str(error)) from error
    db.session.commit()
    click.echo(f"The second step of {identity} is off, and all its sign-ins are ended.")


def _identity(email: str | None, phone: str | None) -> tuple[str | None, str | None]:
    if not email and not phone:
        email = click.prompt("E-mail")
    try:
        return (
            normalize_email(email) if email else None,
            normalize_phone(phone) if phone else None,
        )
    except EmailError:
        raise click.BadParameter("this is not an e-mail address", param_hint="--email") from None
    except PhoneError:
        raise click.BadParameter("this is not a mobile number", param_hint="--phone") from None


def _check_password(password: str, own_words: tuple[str, ...]) -> None:
    try:
        check_password(password, own_words=own_words)
    except WeakPasswordError as error:
        with force_locale("en"):
            raise click.ClickException(f"Password: {error.sentence}") from None
