"""`portal club`: a club's rules to a file and from one."""

import json
from datetime import date, datetime
from pathlib import Path
from typing import TextIO

import click
from flask.cli import AppGroup

from portal import clock
from portal.club.queries import current_club
from portal.club_file.errors import ClubFileError
from portal.club_file.presets import preset_names, preset_text
from portal.club_file.reading import read
from portal.club_file.schema import json_schema
from portal.club_file.service import Change, bring_in
from portal.club_file.writing import document_on
from portal.extensions import db
from portal.points.accounts import ensure_currencies

commands = AppGroup("club", help="A club's currencies, tiers and rules in one file.")
_LONGEST = 60


@commands.command("export")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
def export_file(file: Path | None) -> None:
    """Write what is in force today to FILE, or show it."""
    ensure_currencies()
    text = _text(document_on(clock.business_date(current_club().time_zone)))
    db.session.commit()
    if file is None:
        click.echo(text, nl=False)
    else:
        file.write_text(text, "utf-8")
        click.echo(f"Written: {file}")


@commands.command("import")
@click.argument("file", type=click.File(encoding="utf-8"), required=False)
@click.option("--preset", type=click.Choice(preset_names()), help="A club that comes along.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and leave it.")
@click.option(
    "--from", "begins", type=click.DateTime(["%Y-%m-%d"]), help="The first day; today if left out."
)
def import_file(
    file: TextIO | None,
    preset: str | None,
    *,
    dry_run: bool,
    begins: datetime | None,
) -> None:
    """Put what FILE says in force: all of it, or nothing when anything is wrong."""
    if (file is None) == (preset is None):
        raise click.UsageError("Give a FILE or a --preset.")
    begins_on: date | None = begins.date() if begins else None
    try:
        text = preset_text(preset) if preset else file.read() if file else ""
        changes = bring_in(actor=None, document=read(text), begins_on=begins_on)
    except ClubFileError as error:
        db.session.rollback()
        raise click.ClickException("\n".join(map(str, error.faults))) from error
    except UnicodeDecodeError as error:
        raise click.ClickException("The file is not written in UTF-8.") from error
    if dry_run:
        db.session.rollback()
    else:
        db.session.commit()
    for change in changes:
        click.echo(_line(change))
    if not changes:
        click.echo("Nothing to change: the club says so already.")
    elif dry_run:
        click.echo(f"{len(changes)} changes; nothing was written.")
    else:
        click.echo(f"{len(changes)} changes are in force.")


@commands.command("schema")
def show_schema() -> None:
    """Show the JSON Schema of the file."""
    click.echo(_text(json_schema()), nl=False)


def _text(document: object) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _line(change: Change) -> str:
    before, after = (_short(value) for value in (change.before, change.after))
    return f"{change.path}: {before} -> {after}"


def _short(value: object) -> str:
    text = "-" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
