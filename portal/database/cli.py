"""`portal db`: upgrade, check, revision."""

import sys

import click
from flask.cli import AppGroup

from portal.database import revisions

commands = AppGroup("db", help="Look after the database's tables.")


@commands.command("upgrade")
def upgrade() -> None:
    """Bring the tables to the newest revision."""
    waiting = revisions.pending()
    revisions.upgrade()
    click.echo(f"Database is up to date ({len(waiting)} revisions applied).")


@commands.command("check")
def check() -> None:
    """Tell whether the migrations make exactly the tables of the models; exit 1 if not."""
    waiting = revisions.pending()
    if waiting:
        click.echo(f"Not applied yet: {', '.join(waiting)}. Run: portal db upgrade", err=True)
        sys.exit(1)
    found = revisions.differences()
    for difference in found:
        click.echo(difference, err=True)
    if found:
        click.echo("Migrations and models differ. Run: portal db revision MESSAGE", err=True)
        sys.exit(1)
    click.echo("Migrations and models agree.")


@commands.command("revision")
@click.argument("message")
def revision(message: str) -> None:
    """Write the next revision from what the models have and the database lacks."""
    revisions.write_revision(message)
