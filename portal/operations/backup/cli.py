"""`portal backup` and `portal restore`."""

import sys
import tempfile
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from portal.config import Settings
from portal.database.applied import applied_rows
from portal.extensions import db, reading
from portal.operations.backup import archive, dumping
from portal.operations.backup.manifest import (
    BackupError,
    Manifest,
    check_keys,
    fingerprints,
    now_text,
)
from portal.operations.backup.proof import prove
from portal.operations.doctor import say
from portal.operations.findings import State


@click.command("backup")
@click.argument("target", type=click.Path(dir_okay=False, path_type=Path))
@with_appcontext
def backup(target: Path) -> None:
    """Write database and uploads to the file TARGET while the portal serves.

    The keys are not in it: keep keys.json somewhere else.
    """
    try:
        with reading():
            made = archive.write(target, describe=_describe)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    size = target.stat().st_size
    click.echo(
        f"{target}: {sum(made.rows.values()):,} rows of {len(made.rows)} tables, {size:,} bytes."
    )
    click.echo("The keys are not in it. Keep keys.json (or PORTAL_DATA_KEYS) somewhere else.")


@click.command("restore")
@click.argument("source", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@with_appcontext
def restore(source: Path) -> None:
    """Put the backup SOURCE into the empty database of this installation, and prove it.

    Exit code 0: everything is as it was; 1: a line says what is not.
    """
    try:
        made = _put_back(source)
    except BackupError as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"Restored as of {made.made_at}.")
    with reading():
        states = [say(finding) for finding in prove(made)]
    sys.exit(1 if State.FAIL in states else 0)


def _describe(rows: dumping.Counts, sha256: str) -> Manifest:
    with db.engine.connect() as connection:
        revisions = sorted(applied_rows(connection))
    return Manifest(
        dialect=db.engine.dialect.name,
        revisions=revisions,
        keys=fingerprints(_settings().data_keys),
        rows=rows,
        sha256=sha256,
        made_at=now_text(),
    )


def _put_back(source: Path) -> Manifest:
    settings = _settings()
    with archive.opened(source) as (tar, made):
        if made.dialect != db.engine.dialect.name:
            raise BackupError(
                f"This backup is of {made.dialect}, and the database here is "
                f"{db.engine.dialect.name}: name one of its kind in PORTAL_DATABASE_URL."
            )
        check_keys(made, settings.data_keys)
        if not dumping.is_empty():
            raise BackupError(
                "There are tables here already: a backup goes into an empty database."
            )
        with tempfile.TemporaryDirectory(dir=settings.home) as folder:
            dumping.restore(archive.unpack(tar, made, folder=Path(folder)))
    return made


def _settings() -> Settings:
    settings: Settings = current_app.extensions["portal.settings"]
    return settings
