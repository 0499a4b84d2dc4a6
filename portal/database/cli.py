"""`portal db`: upgrade, check, revision."""

import sys

import click
from flask.cli import AppGroup

from portal.database import revisions
from portal.database.owners import CORE

commands = AppGroup("db", help="Look after the database's tables.")


@commands.command("upgrade")
def upgrade() -> None:
    """Bring the tables of the portal and of every installed plugin to the newest revision."""
    try:
        waiting = revisions.upgrade()
    except revisions.RevisionError as error:
        raise click.ClickException(str(error)) from error
    _tell_problems()
    click.echo(f"Database is up to date ({len(waiting)} revisions applied).")


@commands.command("check")
def check() -> None:
    """Tell whether the migrations make exactly the tables of the models; exit 1 if not."""
    wrong = _tell_problems()
    waiting = revisions.pending()
    if waiting:
        click.echo(f"Not applied yet: {', '.join(waiting)}. Run: portal db upgrade", err=True)
        sys.exit(1)
    for owner in revisions.compared():
        wrong = _tell_differences(owner) or wrong
    if wrong:
        sys.exit(1)
    click.echo("Migrations and models agree.")


@commands.command("revision")
@click.argument("message")
@click.option("--plugin", "owner", default=CORE, metavar="NAME", help="Whose; core's if left out.")
def revision(message: str, owner: str) -> None:
    """Write the next revision from what the models have and the database lacks."""
    try:
        path = revisions.write_revision(message, owner=owner)
    except revisions.RevisionError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Written: {path}" if path else "Nothing to write: tables and models agree.")


def _tell_problems() -> bool:
    found = revisions.problems()
    for problem in found:
        click.echo(problem.sentence, err=True)
    return bool(found)


def _tell_differences(owner: str) -> bool:
    option = "" if owner == CORE else f" --plugin {owner}"
    if revisions.lacks_migrations(owner):
        click.echo(
            f"{owner} has models but no migrations. Run: portal db revision MESSAGE{option}",
            err=True,
        )
        return True
    found = revisions.differences(owner)
    for difference in found:
        click.echo(difference, err=True)
    if found:
        click.echo(
            f"Migrations and models of {owner} differ. Run: portal db revision MESSAGE{option}",
            err=True,
        )
    return bool(found)
