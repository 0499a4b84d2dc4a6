"""What `alembic_version` says: one row for each owner, its newest applied revision.

Alembic alone would let a plugin's row stand for core's too, because the plugin depends on it; when
that plugin is uninstalled, nobody could tell which of core's revisions are applied.
"""

from collections.abc import Iterable

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from portal.database.owners import owner_of_revision

version = sa.table("alembic_version", sa.column("version_num", sa.String))


def applied_rows(connection: sa.Connection) -> frozenset[str]:
    """Return the rows of alembic_version; none when there is no such table yet."""
    return frozenset(MigrationContext.configure(connection).get_current_heads())


def with_ancestors(scripts: ScriptDirectory, rows: Iterable[str]) -> frozenset[str]:
    """Return the known revisions among `rows` and everything they continue or depend on."""
    found: set[str] = set()
    waiting = list(rows)
    known = {script.revision: script for script in scripts.walk_revisions()}
    while waiting:
        revision = waiting.pop()
        if revision in known and revision not in found:
            found.add(revision)
            for below in (known[revision].down_revision, known[revision].dependencies):
                waiting += [script.revision for script in scripts.get_revisions(below or ())]
    return frozenset(found)


def write_each_owner(connection: sa.Connection, scripts: ScriptDirectory) -> None:
    """Add the rows that stand only behind another's."""
    rows = applied_rows(connection)
    newest: dict[str, str] = {}
    for revision in sorted(with_ancestors(scripts, rows)):
        newest[owner_of_revision(revision)] = revision
    lacking = set(newest.values()) - rows
    if lacking:
        connection.execute(version.insert(), [{"version_num": revision} for revision in lacking])


def hide_implied(connection: sa.Connection, scripts: ScriptDirectory) -> None:
    """Take away the rows that stand behind another's: Alembic takes none of them."""
    rows = applied_rows(connection)
    for row in rows:
        if row in with_ancestors(scripts, rows - {row}):
            connection.execute(version.delete().where(version.c.version_num == row))
