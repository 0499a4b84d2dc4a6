"""`portal import LIST FILE --project SLUG`: the roster, and the lists of features above it."""

import io
import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup
from flask_babel import force_locale
from werkzeug.datastructures import FileStorage

from portal.exports import ExportFormat, write_file
from portal.extensions import db, read_only
from portal.files.errors import UploadError
from portal.i18n import pick_language
from portal.projects.models import Project
from portal.projects.queries import find_project
from portal.roster import service
from portal.roster.errors import RosterError
from portal.roster.examining import Examination, Found, examine
from portal.roster.faulty_rows import faulty_rows, reason_of
from portal.roster.kinds import ImportKind
from portal.roster.lists import KIND
from portal.roster.mapping import FIELD_TITLES
from portal.roster.models import RosterImport
from portal.roster.queries import all_faults
from portal.roster.runner import run_to_end
from portal.roster.sentences import ACTS, file_sentence, missing_sentence
from portal.roster.table import RosterFileError

commands = AppGroup("import", help="Take lists from other systems in.")
ALL_IN, SOME_REFUSED, UNUSABLE = 0, 1, 2
_RESULTS = ("new", "unchanged", "changed", "refused", "units", "buildings")
_RESULTS_OF_LISTS = ("new", "updated", "unchanged", "refused")
_HELP = (
    "Import {key}: CSV (UTF-8, GB18030) or XLSX.",
    "Exit code 0: all rows are in (or were); 1: some were refused; 2: the file cannot be used.",
)


def add_command(kind: ImportKind) -> None:
    """Add `portal import KEY` for a kind of list."""
    fields = ", ".join(kind.columns.fields)

    def read_columns(
        _context: click.Context, _option: click.Parameter, values: tuple[str, ...]
    ) -> dict[str, str]:
        chosen = dict(value.split("=", 1) for value in values if "=" in value)
        if len(chosen) != len(values) or not chosen.keys() <= set(kind.columns.fields):
            raise click.BadParameter(f"give FIELD=COLUMN, FIELD one of {fields}")
        return chosen

    @commands.command(kind.key, help=f"{_HELP[0].format(key=kind.key)}\n\n{_HELP[1]}")
    @click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
    @click.option("--project", "slug", required=True, help="The project's name in its address.")
    @click.option("--dry-run", is_flag=True, help="Check everything, write nothing.")
    @click.option(
        "--faults",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write the refused rows and their reasons to this CSV.",
    )
    @click.option(
        "--column",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        callback=read_columns,
        help=f"Say which column is what; FIELD is one of {fields}.",
    )
    def command(**options: Any) -> None:
        language = (
            pick_language([os.environ.get("LC_ALL") or os.environ.get("LANG", "")[:5]]) or "en"
        )
        options.setdefault("known_homes_only", True)
        with force_locale(language):
            raise SystemExit(_import(kind, **options))

    if kind.may_make_homes:
        click.option(
            "--known-homes-only", is_flag=True, help="Refuse homes that are not registered yet."
        )(command)


def _import(
    kind: ImportKind, *, file: Path, slug: str, columns: dict[str, str], faults: Path | None,
    dry_run: bool, known_homes_only: bool,
) -> int:  # fmt: skip
    project = find_project(slug)
    if project is None:
        raise click.BadParameter(f"there is no project {slug!r}", param_hint="--project")
    data = file.read_bytes()
    makes_homes = not known_homes_only
    try:
        found = _look_through(kind, project, data, columns, makes_homes=makes_homes)
    except RosterFileError as error:
        click.echo(file_sentence(error.code, error.facts), err=True)
        return UNUSABLE
    if found.missing:
        click.echo(
            missing_sentence([str(FIELD_TITLES[field]) for field in found.missing]), err=True
        )
        return UNUSABLE
    if dry_run:
        _report(kind, found.counts, found.faults, data, faults)
        return SOME_REFUSED if found.refused else ALL_IN
    job = _write(project, file, data, found, makes_homes=makes_homes)
    if job is None:
        return UNUSABLE
    _report(kind, job.counts, all_faults(job.id), data, faults)
    return SOME_REFUSED if job.counts.get("refused") else ALL_IN


def _look_through(
    kind: ImportKind, project: Project, data: bytes, columns: dict[str, str], *, makes_homes: bool
) -> Examination:
    token = read_only.set(True)
    look = partial(examine, project=project, data=data, makes_homes=makes_homes, kind=kind.key)
    try:
        found = look()
        if columns:
            found = look(mapping={**found.mapping, **columns})
    finally:
        db.session.rollback()
        read_only.reset(token)
    return found


def _write(
    project: Project, file: Path, data: bytes, found: Examination, *, makes_homes: bool
) -> RosterImport | None:
    """Import with a progress bar; None when the file is refused or another import runs."""
    try:
        job = service.create_import(
            actor=None,
            project=project,
            upload=FileStorage(io.BytesIO(data), filename=file.name),
            examination=found,
            makes_homes=makes_homes,
        )
        service.start_import(actor=None, job=job)
    except UploadError as error:
        click.echo(error.sentence, err=True)
        return None
    except RosterError as error:
        db.session.rollback()
        click.echo(str(ACTS[error.code]), err=True)
        return None
    db.session.commit()
    with click.progressbar(length=job.rows_total, label=file.name) as bar:
        run_to_end(job.id, lambda done: bar.update(done - bar.pos))
    service.reload(job)
    return job


def _report(
    kind: ImportKind,
    counts: Mapping[str, int],
    faults: list[Found],
    data: bytes,
    target: Path | None,
) -> None:
    for found in faults:
        click.echo(f"{found.line}: {reason_of(found.fault)}")
    results = _RESULTS if kind.may_make_homes else _RESULTS_OF_LISTS
    codes = [name for name in counts if name not in (*results, "rows")]
    for name in ("rows", *codes, *results):
        click.echo(f"{name:20} {counts.get(name, 0):>8,}")
    if target is not None:
        header, rows = faulty_rows(data, faults, kind.key)
        with target.open("w+b") as stream:
            write_file(stream, ExportFormat.CSV, header, rows)


add_command(KIND)
