"""The revisions that this installation knows, and the owners whose revisions cannot be read."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from alembic.script import ScriptDirectory
from flask import current_app

from portal.database.owners import CORE, folder_of, installed, owner_of_revision

_KEPT = "portal.known_revisions"
_STAND_IN = """revision = {revision!r}
down_revision = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
"""


@dataclass(frozen=True)
class Known:
    """Every readable revision, and owner -> why its revisions cannot be read."""

    scripts: ScriptDirectory
    owners: frozenset[str]
    faults: Mapping[str, str]

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the readable revisions."""
        return frozenset(script.revision for script in self.scripts.walk_revisions())


def known() -> Known:
    """Return what is known, read once a process: revisions do not change while it lives."""
    found: Known | None = current_app.extensions.get(_KEPT)
    if found is None:
        found = current_app.extensions[_KEPT] = _read()
    return found


def forget_known() -> None:
    """Read the revisions anew the next time."""
    current_app.extensions.pop(_KEPT, None)


def alembic_config(only: str, owners: frozenset[str], *extra: Path) -> Any:
    """Return Alembic's configuration with the folders of `owners`, and with `extra` folders."""
    migrate = current_app.extensions["migrate"].migrate
    config = migrate.get_config(x_arg=[f"only={only}"])
    folders = [*filter(None, map(folder_of, sorted(owners))), *extra]
    locations = "\n".join(os.path.abspath(folder) for folder in folders if folder.is_dir())
    config.set_main_option("version_locations", locations.replace("%", "%%"))
    return config


@contextmanager
def stand_ins(owners: frozenset[str], rows: frozenset[str]) -> Iterator[Path]:
    """Make a folder with an empty revision for each of `rows` that none of `owners` has.

    With it Alembic can migrate the others: it takes the strange rows for applied, and lets them be.
    """
    ids = {script.revision for script in _scripts(owners).walk_revisions()}
    with TemporaryDirectory() as folder:
        for number, row in enumerate(sorted(rows - ids)):
            file = Path(folder) / f"stand_in_{number}.py"
            file.write_text(_STAND_IN.format(revision=row), "utf-8")
        yield Path(folder)


def _read() -> Known:
    readable = {name for name, owner in installed().items() if not owner.fault}
    faults = {name: owner.fault for name, owner in installed().items() if owner.fault}
    everything = frozenset({CORE, *readable})
    with suppress(Exception, SystemExit):
        # All at once, which is quicker; if one is at fault, each is tried by itself, and told.
        scripts = _scripts(everything)
        if not any(_fault(scripts, name) for name in readable):
            return Known(scripts, everything, faults)
    for name in sorted(readable):
        try:
            fault = _fault(_scripts(frozenset({CORE, name})), name)
        except (Exception, SystemExit) as error:
            fault = f"{type(error).__name__}: {error}"
        if fault:
            faults[name] = " ".join(fault.split())[:300]
    sound = frozenset({CORE, *readable} - faults.keys())
    return Known(_scripts(sound), sound, faults)


def _scripts(owners: frozenset[str]) -> ScriptDirectory:
    scripts = ScriptDirectory.from_config(alembic_config(CORE, owners))
    scripts.get_heads()
    return scripts


def _fault(scripts: ScriptDirectory, owner: str) -> str:
    """Return what is wrong with the ids in an owner's folder."""
    folder = folder_of(owner)
    for script in scripts.walk_revisions():
        mine = folder is not None and Path(script.path).parent.resolve() == folder.resolve()
        if mine != (owner_of_revision(script.revision) == owner):
            return f"the revision id {script.revision!r} is not of the form {owner}_0001"
        if mine and owner not in script.branch_labels:
            return f"its first revision lacks branch_labels = ({owner!r},)"
    return ""
