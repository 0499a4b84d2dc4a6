"""Whose table is it? Core and every installed plugin have revisions of their own."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask, current_app

from portal.extensions import Base, db
from portal.paths import resource_dir

CORE = "core"
SQLITE = "sqlite"
"""The owner of tables that SQLite itself keeps behind a virtual one."""
FTS_TABLES = "search_index"
_REVISION = re.compile(r"(.+)_\d{4}")


@dataclass(frozen=True)
class Owner:
    """A plugin as its migrations see it: `loaded` when its models are in the metadata.

    `folder` is None for a plugin without migrations; `fault` says why nothing is known about it.
    """

    name: str
    folder: Path | None = None
    loaded: bool = True
    fault: str = ""


def configure_owners(app: Flask, plugins: Iterable[Owner], prefixes: Mapping[str, str]) -> None:
    """Keep what migrations need of the installed plugins; `prefixes` is name -> table prefix."""
    app.extensions["portal.migration_owners"] = {
        owner.name: owner for owner in plugins if owner.name != CORE
    }
    app.extensions["portal.table_prefixes"] = dict(prefixes)


def installed() -> dict[str, Owner]:
    """Return the installed plugins by name."""
    found: dict[str, Owner] = current_app.extensions.get("portal.migration_owners", {})
    return found


def folder_of(owner: str) -> Path | None:
    """Return the folder of an owner's revisions, None when it has none."""
    return resource_dir("migrations") / "versions" if owner == CORE else installed()[owner].folder


def owner_of_revision(revision: str) -> str:
    """Return whose revision it is, by its id: `events_0002` is of `events`."""
    match = _REVISION.fullmatch(revision)
    return match[1] if match else revision


def core_tables() -> frozenset[str]:
    """Return the names of core's own tables."""
    return frozenset(
        str(mapper.local_table)
        for mapper in Base.registry.mappers
        if mapper.class_.__module__.startswith("portal.")
    )


def owner_of_table(table: str, applied: Iterable[str]) -> str:
    """Return whose table it is. `applied` are the database's revisions: a plugin that is named
    there owns its tables although it is not installed. Core's tables are core's whatever it says.
    """
    if table in core_tables():
        return CORE
    if table.startswith(FTS_TABLES):
        return SQLITE
    prefixes = {f"{owner_of_revision(revision)}_" for revision in applied} - {f"{CORE}_"}
    prefixes |= set(current_app.extensions.get("portal.table_prefixes", {}).values())
    mine = [prefix for prefix in prefixes if table.startswith(prefix)]
    return max(mine, key=len).removesuffix("_") if mine else CORE


BY_HAND = "indexes made by hand"
"""The key in a table's info for indexes that a revision makes on one database only."""


def is_by_hand(name: str | None, type_: str, thing: Any) -> bool:
    """Tell whether what Alembic compares is an index that only a revision knows."""
    if type_ != "index":
        return False
    known = db.metadata.tables.get(thing.table.name)
    return known is not None and name in known.info.get(BY_HAND, ())
