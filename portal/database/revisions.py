"""Migrations from Python: bring a database to the newest revisions, compare it, write one."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

import alembic.command
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from portal.database.applied import applied_rows, with_ancestors
from portal.database.exclusive import one_migrator, patiently
from portal.database.known import alembic_config, forget_known, known, stand_ins
from portal.database.owners import (
    CORE,
    folder_of,
    installed,
    is_by_hand,
    owner_of_revision,
    owner_of_table,
)
from portal.extensions import db, read_only


class RevisionError(Exception):
    """Something cannot be migrated; the text says what to do."""


@dataclass(frozen=True)
class Problem:
    """An owner whose revisions and database do not fit.

    `missing`: it is not installed at all; `older`: what is installed is older than the database.
    """

    owner: str
    sentence: str
    missing: bool = False
    older: bool = False


def problems() -> list[Problem]:
    """Return what stands in the way of migrating some owner, a sentence each."""
    rows = _rows()
    found = {
        owner: Problem(owner, f"The migrations of {owner} cannot be read: {fault}.")
        for owner, fault in known().faults.items()
        if not installed()[owner].fault or owner in map(owner_of_revision, rows)
    }
    for row in sorted(rows - known().ids):
        owner = owner_of_revision(row)
        if owner not in found:
            found[owner] = _problem_of(owner, row)
    return list(found.values())


def _problem_of(owner: str, row: str) -> Problem:
    if owner == CORE:
        return Problem(
            owner,
            f"The database is at {row}, which this program does not know: "
            "install the program that the database is from.",
        )
    if owner in installed():
        return Problem(
            owner,
            f"The database is at {row}, which the installed plugin {owner} does not know: "
            "install the newer version of it again. Until then the plugin stays closed.",
            older=True,
        )
    return Problem(
        owner,
        f"The plugin {owner} is not installed, but its tables are in the database ({row}): "
        f"install it again, or drop its tables with: portal plugin remove {owner}",
        missing=True,
    )


def upgrade() -> list[str]:
    """Bring the database to the newest revision of every owner; return what was lacking.

    One plugin's failure leaves the others migrated. Raises RevisionError naming those that failed,
    and at once when the database is a newer program's. One process at a time does it.
    """
    with one_migrator(db.engine.url):
        return _upgrade()


def _upgrade() -> list[str]:
    strange = {problem.owner: problem for problem in problems()}
    if CORE in strange:
        raise RevisionError(strange[CORE].sentence)
    waiting = pending()
    owners = known().owners - strange.keys()
    behind = {owner_of_revision(revision) for revision in waiting} & owners
    failed = []
    with stand_ins(owners, _rows()) as folder:
        for owner in sorted(behind, key=lambda name: (name != CORE, name)):
            try:
                config = alembic_config(owner, owners, folder)
                patiently(partial(alembic.command.upgrade, config, f"{owner}@head"))
            except Exception as error:
                if owner == CORE:
                    raise
                failed.append(f"{owner} was not migrated: {type(error).__name__}: {error}")
    failed += [problem.sentence for problem in strange.values() if _is_failure(problem)]
    if failed:
        raise RevisionError("\n".join(failed))
    return waiting


def downgrade(owner: str) -> None:
    """Take back every revision of a plugin; nothing happens when none is applied or known.

    The caller sees to it that nobody else migrates.
    """
    rows = _rows()
    strange = {problem.owner for problem in problems()}
    owners = known().owners - strange
    if owner not in owners or owner not in map(owner_of_revision, rows):
        return
    with stand_ins(owners, rows) as folder:
        alembic.command.downgrade(alembic_config(owner, owners, folder), f"{owner}@base")


def pending() -> list[str]:
    """Return the revisions of every owner that the database still lacks, oldest first.

    Those of an owner whose installed version is older than the database are left out.
    """
    rows, scripts = _rows(), known().scripts
    applied = with_ancestors(scripts, rows)
    strange = {owner_of_revision(row) for row in rows - known().ids} - {CORE}
    if _core_is_ahead(rows):
        strange.add(CORE)
    ordered = [script.revision for script in scripts.walk_revisions()]
    return [
        revision
        for revision in reversed(ordered)
        if revision not in applied and owner_of_revision(revision) not in strange
    ]


def is_behind(owner: str, connection: sa.Connection) -> bool:
    """Tell whether the database lacks a revision or a table of a plugin, or is newer than it."""
    rows = applied_rows(connection)
    mine = {id_ for id_ in known().ids if owner_of_revision(id_) == owner}
    strange = {row for row in rows if owner_of_revision(row) == owner} - mine
    if strange or owner in known().faults:
        return True
    wanted = {name for name in db.metadata.tables if name.startswith(f"{owner}_")}
    there = set(sa.inspect(connection).get_table_names()) if wanted else set()
    return not (mine <= with_ancestors(known().scripts, rows) and wanted <= there)


def is_current(needed: Collection[str]) -> bool:
    """Tell whether the database has all revisions of core and of the `needed` plugins.

    It may be ahead: a release takes nothing away that the one before it reads, so a worker of the
    old one serves until it is restarted. Other plugins are in nobody's way: one is closed until
    its tables fit.
    """
    return not owners_behind() & {CORE, *needed}


def is_complete() -> bool:
    """Tell whether the database fits every installed plugin, and no other one's tables are left."""
    return not pending() and not problems()


def owners_behind() -> set[str]:
    """Return the owners of which the database lacks revisions."""
    return set(map(owner_of_revision, pending()))


def differences(owner: str = CORE) -> list[str]:
    """Return how an owner's tables in the database differ from its models, a line each."""
    rows = _rows()

    def is_mine(name: str | None, type_: str) -> bool:
        mine = name != "alembic_version" and owner_of_table(name or "", rows) == owner
        return type_ != "table" or mine

    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, type_, _: is_mine(name, type_),
                "include_object": lambda thing, name, type_, *__: (
                    is_mine(name, type_) and not is_by_hand(name, type_, thing)
                ),
            },
        )
        return [str(difference) for difference in compare_metadata(context, db.metadata)]


def compared() -> list[str]:
    """Return the owners whose models are loaded: core, and every plugin that works."""
    return [CORE, *sorted(name for name, owner in installed().items() if owner.loaded)]


def lacks_migrations(owner: str) -> bool:
    """Tell whether a plugin has tables but no revision that makes them."""
    if owner == CORE:
        return False
    folder = folder_of(owner)
    has_models = any(owner_of_table(name, ()) == owner for name in db.metadata.tables)
    return has_models and not (folder and any(folder.glob("*.py")))


def write_revision(message: str, *, owner: str = CORE) -> str | None:
    """Write the next revision of `owner` from the difference between database and models.

    Returns its file's path, None when nothing differs. Raises RevisionError.
    """
    _check_writable(owner)
    options = _next_revision(owner)
    found = problems()
    owners = known().owners - {problem.owner for problem in found}
    with stand_ins(owners, _rows()) as folder:
        config = alembic_config(owner, owners, folder)
        config.cmd_opts.autogenerate = True
        written: Any = alembic.command.revision(config, message, autogenerate=True, **options)
    forget_known()
    scripts = written if isinstance(written, list) else [written]
    return next((script.path for script in scripts if script), None)


def _check_writable(owner: str) -> None:
    if owner != CORE and owner not in installed():
        raise RevisionError(f"No plugin {owner} is installed.")
    if owner not in compared():
        raise RevisionError(f"{owner} is not loaded, see: portal plugin check")
    folder = folder_of(owner)
    if folder is None:
        raise RevisionError(
            f'{owner} names no folder for migrations: write migrations = "migrations" '
            "into its plugin.toml."
        )
    if owner in known().faults:
        raise RevisionError(f"The migrations of {owner} cannot be read: {known().faults[owner]}.")
    if pending():
        raise RevisionError("The database lacks revisions. Run: portal db upgrade")
    folder.mkdir(exist_ok=True)


def _next_revision(owner: str) -> dict[str, Any]:
    scripts = known().scripts
    mine = sorted(id_ for id_ in known().ids if owner_of_revision(id_) == owner)
    number = int(mine[-1].rpartition("_")[2]) + 1 if mine else 1
    options: dict[str, Any] = {"rev_id": f"{owner}_{number:04d}"}
    if mine:
        options["head"] = f"{owner}@head"
    else:
        folder = os.path.abspath(str(folder_of(owner)))
        options.update(head="base", branch_label=owner, version_path=folder)
    if owner != CORE:
        core = max(id_ for id_ in known().ids if owner_of_revision(id_) == CORE)
        if core not in with_ancestors(scripts, mine):
            options["depends_on"] = core
    return options


def _is_failure(problem: Problem) -> bool:
    return not (problem.missing or problem.older)


def _core_is_ahead(rows: Collection[str]) -> bool:
    """Tell whether core's row is of a later revision than this program knows; ids are numbered."""
    mine = [row for row in rows if owner_of_revision(row) == CORE]
    newest = max(id_ for id_ in known().ids if owner_of_revision(id_) == CORE)
    return bool(mine) and min(mine) > newest


def _rows() -> frozenset[str]:
    # Looking must not wait for whoever writes.
    token = read_only.set(True)
    try:
        with db.engine.connect() as connection:
            return applied_rows(connection)
    finally:
        read_only.reset(token)
