"""What tables a plugin may have: its own prefix, and foreign keys to a few of core's tables."""

from collections.abc import Iterable

from portal.database.owners import core_tables
from portal.extensions import db
from portal.plugin_host.manifest import Manifest

CORE_TARGETS = frozenset({"project", "member", "household", "unit", "stored_file"})


class TableError(Exception):
    """A plugin's table breaks the contract; the text says how."""


def check_tables(manifest: Manifest, names: Iterable[str]) -> None:
    """Raise TableError unless every table is the plugin's by name and points only where it may."""
    own = set(names)
    for name in sorted(own):
        if not name.startswith(manifest.table_prefix):
            raise TableError(f"the table {name!r} must begin {manifest.table_prefix}")
        for key in db.metadata.tables[name].foreign_keys:
            target = key.target_fullname.split(".")[0]
            if target in own:
                continue
            if target not in CORE_TARGETS:
                raise TableError(f"the table {name!r} refers to {target!r}, which is not its own")
            if key.ondelete != "RESTRICT":
                raise TableError(f"{name!r} must refer to {target!r} with ondelete RESTRICT")


def core_table_below(prefix: str) -> str | None:
    """Return a table of core's that a plugin's prefix would claim."""
    return next((table for table in sorted(core_tables()) if table.startswith(prefix)), None)


def forget_tables(names: Iterable[str]) -> None:
    """Take the tables of a plugin that is not loaded out of the metadata."""
    for name in names:
        db.metadata.remove(db.metadata.tables[name])
