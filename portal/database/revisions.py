"""Migrations from Python: bring a database to the newest revision, compare it, write a revision."""

import os
from functools import cache
from typing import Any

import alembic.command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

from portal.extensions import db
from portal.paths import resource_dir

CORE = "core"


def configure_locations(config: Any) -> Any:
    """Tell Alembic where the revisions of every owner lie."""
    folders = [resource_dir("migrations") / "versions"]
    locations = "\n".join(os.path.abspath(folder) for folder in folders)
    config.set_main_option("version_locations", locations.replace("%", "%%"))
    return config


def upgrade() -> None:
    """Bring the database to the newest revision of every owner."""
    alembic.command.upgrade(_config(), "heads")


def pending() -> list[str]:
    """Return the revisions that the database still lacks, oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        applied = {
            revision.revision
            for head in context.get_current_heads()
            for revision in scripts.iterate_revisions(head, "base")
        }
    known = [revision.revision for revision in scripts.walk_revisions()]
    return [revision for revision in reversed(known) if revision not in applied]


def is_current() -> bool:
    """Tell whether the database is at exactly the revisions of this program, no other's."""
    with db.engine.connect() as connection:
        applied = MigrationContext.configure(connection).get_current_heads()
    return frozenset(applied) == _newest()


@cache
def _newest() -> frozenset[str]:
    return frozenset(ScriptDirectory.from_config(_config()).get_heads())


def differences() -> list[str]:
    """Return how the database's tables differ from the models, a line each."""
    with db.engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": True,
                "include_name": lambda name, type_, _: (
                    type_ != "table" or name != "alembic_version"
                ),
            },
        )
        return [str(difference) for difference in compare_metadata(context, db.metadata)]


def write_revision(message: str, *, owner: str = CORE) -> None:
    """Write the next revision of `owner` from the difference between database and models."""
    config = _config(owner)
    config.cmd_opts.autogenerate = True
    scripts = ScriptDirectory.from_config(config)
    mine = [r for r in scripts.walk_revisions() if r.revision.startswith(f"{owner}_")]
    options: dict[str, Any] = {"autogenerate": True, "rev_id": f"{owner}_{len(mine) + 1:04d}"}
    if mine:
        options["head"] = f"{owner}@head"
    else:
        folder = os.path.abspath(resource_dir("migrations") / "versions")
        options.update(head="base", branch_label=owner, version_path=folder)
    alembic.command.revision(config, message, **options)


def _config(owner: str = CORE) -> Any:
    migrate = current_app.extensions["migrate"].migrate
    return configure_locations(migrate.get_config(x_arg=[f"only={owner}"]))
