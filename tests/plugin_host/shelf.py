"""Plugins with tables, made in a folder that a `portal` of its own process finds on its path."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from tests.forks import Forked, start_code, start_portal
from tests.plugins.conftest import INSTALLED

ROOT = Path(__file__).resolve().parents[2]
TOML = """
name = "{name}"
title = {{ zh_Hans_CN = "试", en = "Try" }}
summary = {{ zh_Hans_CN = "试", en = "Try" }}
version = "1"
api = 1
models = "models"
{more}
"""
MODELS = '''"""Tables."""
import sqlalchemy as sa
from portal.sdk import db

parent = sa.Table(
    "{name}_parent",
    db.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("project_id", sa.ForeignKey("project.id", ondelete="RESTRICT"), nullable=False),
    sa.Column("text", sa.String(20), nullable=False),
    {columns}
)
child = sa.Table(
    "{name}_child",
    db.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("parent_id", sa.ForeignKey("{name}_parent.id", ondelete="CASCADE"), nullable=False),
)
'''


@dataclass
class Shelf:
    """A folder of installed plugins beside a portal with a database of its own."""

    folder: Path
    database_url: str
    blocked: set[str] = field(default_factory=set)

    def package(self, name: str) -> Path:
        return self.folder / f"{name}_pack"

    def add(self, name: str, *, columns: str = "", migrations: bool = True) -> Path:
        """Install a plugin with two tables and no revisions yet."""
        package = self.package(name)
        package.mkdir()
        (package / "__init__.py").write_text("")
        (package / "hooks.py").write_text("")
        self.write_models(name, columns)
        more = 'migrations = "migrations"' if migrations else ""
        (package / "plugin.toml").write_text(TOML.format(name=name, more=more))
        self.announce(name)
        return package

    def write_models(self, name: str, columns: str = "") -> None:
        text = MODELS.format(name=name, columns=columns)
        (self.package(name) / "models.py").write_text(text)

    def announce(self, name: str) -> None:
        """Write what an installer would, so that the entry point is found."""
        facts = self.folder / f"{name}_pack-1.dist-info"
        facts.mkdir()
        (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-pack\nVersion: 1\n")
        (facts / "entry_points.txt").write_text(f"[portal.plugins]\n{name} = {name}_pack\n")

    def uninstall(self, name: str) -> None:
        """Take the plugin from the path; its files stay for `install`."""
        self.package(name).rename(self.folder / f"away-{name}")
        (self.folder / f"{name}_pack-1.dist-info").rename(self.folder / f"facts-{name}")

    def install(self, name: str) -> None:
        """Put an uninstalled plugin back."""
        (self.folder / f"away-{name}").rename(self.package(name))
        (self.folder / f"facts-{name}").rename(self.folder / f"{name}_pack-1.dist-info")

    def environment(self) -> dict[str, str]:
        kept = {key: text for key, text in os.environ.items() if not key.startswith("PORTAL_")}
        return {
            **kept,
            "PYTHONPATH": os.pathsep.join([str(self.folder), str(ROOT)]),
            "PORTAL_HOME": str(self.folder / "home"),
            "PORTAL_DATABASE_URL": self.database_url,
            "PORTAL_BLOCK_PLUGINS": ",".join(sorted(self.blocked | set(INSTALLED))),
        }

    def start(self, *arguments: str) -> Forked:
        """Start `portal` without waiting for it."""
        return start_portal(*arguments, env=self.environment(), cwd=self.folder)

    def run(self, code: str, *arguments: str) -> str:
        """Run lines of Python beside the portal, and return what they said."""
        process = start_code(code, *arguments, env=self.environment(), cwd=self.folder)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
        return said

    def portal(self, *arguments: str, code: int = 0) -> str:
        """Run `portal`, check its exit code, and return what it said."""
        process = self.start(*arguments)
        said, _ = process.communicate(timeout=120)
        assert process.returncode == code, said
        return said
