"""Taking a plugin's tables out of the database, whether its code is still there or not."""

import sqlalchemy as sa

from portal.database import revisions
from portal.database.applied import applied_rows, version
from portal.database.exclusive import exclusive, one_migrator
from portal.database.owners import CORE, owner_of_revision, owner_of_table
from portal.extensions import db


def tables_of(owner: str) -> list[str]:
    """Return the tables of a plugin that the database has."""
    return _tables_of(db.session.connection(), owner)


def has_revisions(owner: str) -> bool:
    """Tell whether the database names a revision of a plugin, installed or not."""
    rows = applied_rows(db.session.connection())
    return owner != CORE and owner in map(owner_of_revision, rows)


def drop_owner(owner: str) -> None:
    """Take back a plugin's revisions, then drop what is left of its tables and its revision.

    Commits by itself. Raises ValueError for core.
    """
    if owner == CORE:
        raise ValueError("core's tables are never dropped")
    with one_migrator(db.engine.url):
        revisions.downgrade(owner)
        _drop(owner)


def _drop(owner: str) -> None:
    with db.engine.connect() as connection, exclusive(connection):
        names = _tables_of(connection, owner)
        reflected = sa.MetaData()
        reflected.reflect(connection, only=names)
        reflected.drop_all(connection, tables=[reflected.tables[name] for name in names])
        for row in applied_rows(connection):
            if owner_of_revision(row) == owner:
                connection.execute(version.delete().where(version.c.version_num == row))
        connection.commit()


def _tables_of(connection: sa.Connection, owner: str) -> list[str]:
    rows = applied_rows(connection) | {f"{owner}_0000"}
    names = sa.inspect(connection).get_table_names()
    return sorted(name for name in names if owner_of_table(name, rows) == owner)
