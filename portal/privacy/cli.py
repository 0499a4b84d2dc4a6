"""`portal privacy`: what is older than the club keeps it."""

import click
from flask.cli import AppGroup
from flask_babel import force_locale

from portal.extensions import db
from portal.privacy import retention

commands = AppGroup("privacy", help="Keep personal data no longer than the club says.")


@commands.command("retention")
@click.option("--dry-run", is_flag=True, help="Count, and delete nothing.")
def retention_command(*, dry_run: bool) -> None:
    """Delete what is older than the days on the page of the group centre, in batches."""
    with force_locale("en"):
        found = retention.look()
        for over in found:
            click.echo(f"{over.title!s:40} older than {over.days:>5} days {over.found:>9,}")
    total = sum(over.found for over in found)
    if dry_run:
        click.echo(f"{total:,} would be deleted.")
        return
    deleted = 0
    with click.progressbar(length=total, label="deleting") as bar:
        for _rule, number in retention.sweep():
            db.session.commit()
            deleted += number
            bar.update(number)
    click.echo(f"{deleted:,} deleted.")
