"""What five plugins cost: the owner's home, the statement that says what is on, and the start.

    python -m bench.plugins [--database sqlite|postgresql] [--rounds N] [--boots N] [--profile]

On Linux. Five copies of the well-behaved toy of the tests, each with a table and one statement for
its card, are installed beside a portal of its own. Every figure is a ratio within one run: what is
compared alternates request by request and start by start, and medians count. Exits 1 when a goal is
missed.
"""

import argparse
import contextlib
import cProfile
import gc
import io
import json
import os
import platform
import pstats
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.test import EnvironBuilder

from portal import create_app
from portal.accounts.models import Account
from portal.config import load_settings
from portal.extensions import db
from portal.plugin_host.refs import project_ref
from portal.plugin_host.service import enable
from portal.projects.models import Project
from portal.web import gate
from tests import factories, services
from tests.plugin_host.installation import Installation, installed

PLUGINS = ("walla", "wallb", "wallc", "walld", "walle")
PROJECT = "binjiang"
OWNER = "owner@demo.test"
MOST_ADDED = 0.05
MOST_STATEMENTS = 12
MOST_BOOT = 1.5
MOST_MEGABYTES = 110
_PROJECT = sa.select(Project).where(Project.slug == sa.bindparam("slug"))

MODELS = '''"""The notes."""

import sqlalchemy as sa

from portal.sdk import db

note = sa.Table(
    "{name}_note",
    db.metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column(
        "project_id", sa.ForeignKey("project.id", ondelete="RESTRICT"), nullable=False, index=True
    ),
)
'''
REVISION = '''"""The notes."""

import sqlalchemy as sa
from alembic import op

revision = "{name}_0001"
down_revision = None
branch_labels = ("{name}",)
depends_on = "core_0001"


def upgrade() -> None:
    op.create_table(
        "{name}_note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column(
            "project_id",
            sa.Integer,
            sa.ForeignKey("project.id", ondelete="RESTRICT"),
            nullable=False,
        ),
    )
    op.create_index("ix_{name}_note_project_id", "{name}_note", ["project_id"])


def downgrade() -> None:
    op.drop_table("{name}_note")
'''
HOME = """

import sqlalchemy as sa

from {name}_toy.models import note
from portal.sdk import db


@hookimpl
def member_home(project: ProjectRef) -> MemberHome:
    counting = sa.select(sa.func.count()).select_from(note).where(note.c.project_id == project.id)
    return MemberHome(cards=(Card("{name}/card.html", db.session.scalar(counting)),))
"""
PROBE = """
import json, sys
from portal import create_app
app = create_app()
assert len(app.extensions["portal.plugins"].loaded) == int(sys.argv[1])
status = open("/proc/self/status").read()
print(json.dumps({"rss": int(status.split("VmRSS:")[1].split()[0]) / 1024}), flush=True)
"""


@dataclass(frozen=True)
class Figure:
    """One line of the result; `goal` is empty for what is only told."""

    name: str
    value: str
    goal: str = ""
    passed: bool = True

    def __str__(self) -> str:
        verdict = ("PASS" if self.passed else "FAIL") if self.goal else ""
        return f"{self.name:<52} {self.value:>14}  {self.goal:<16} {verdict}".rstrip()


def make_plugin(installation: Installation, name: str) -> None:
    """Install a copy of the toy `notes` under another name, with a table that its card counts."""
    installation.install("notes")
    package = installation.site / f"{name}_toy"
    (installation.site / "notes_toy").rename(package)
    (installation.site / "notes_toy-1.0.0.dist-info").rename(
        installation.site / f"{name}_toy-1.0.0.dist-info"
    )
    (package / "templates" / "notes").rename(package / "templates" / name)
    facts = installation.site / f"{name}_toy-1.0.0.dist-info"
    for file in (*package.glob("*.py"), package / "plugin.toml", *facts.iterdir()):
        file.write_text(file.read_text("utf-8").replace("notes", name), "utf-8")
    manifest = (package / "plugin.toml").read_text("utf-8")
    (package / "plugin.toml").write_text(
        'models = "models"\nmigrations = "migrations"\n' + manifest, "utf-8"
    )
    with (package / "hooks.py").open("a", encoding="utf-8") as hooks:
        hooks.write(HOME.format(name=name))
    (package / "models.py").write_text(MODELS.format(name=name), "utf-8")
    (package / "migrations").mkdir()
    (package / "migrations" / f"{name}_0001_notes.py").write_text(
        REVISION.format(name=name), "utf-8"
    )


@contextlib.contextmanager
def prepared(kind: str, folder: Path) -> Iterator[Installation]:
    """Yield a portal with the demo and five plugins beside it."""
    with contextlib.ExitStack() as stack:
        url = stack.enter_context(services.postgresql()) if kind == "postgresql" else "sqlite://"
        installation = stack.enter_context(installed(url, folder))
        # Those that come with the portal are not measured here.
        installation.env["PORTAL_BLOCK_PLUGINS"] = ",".join(
            point.name for point in entry_points(group="portal.plugins")
        )
        for name in PLUGINS:
            make_plugin(installation, name)
        done = installation.portal("db", "upgrade")
        if done.returncode:
            raise SystemExit(done.stdout + done.stderr)
        yield installation


@contextlib.contextmanager
def application(installation: Installation) -> Iterator[Flask]:
    """Yield the portal in this process, its plugins on in one project; once a process."""
    sys.path.insert(0, str(installation.site))
    try:
        app = create_app(load_settings(installation.env | {"PORTAL_LOG_LEVEL": "WARNING"}))
        if not app.extensions["portal.plugins"].loaded.keys() >= set(PLUGINS):
            raise SystemExit(f"quarantined: {app.extensions['portal.plugins'].quarantined}")
        with app.app_context():
            project = db.session.execute(_PROJECT, {"slug": PROJECT}).scalar_one()
            for name in PLUGINS:
                enable(actor=None, plugin=name, project=project)
            db.session.commit()
        yield app
        with app.app_context():
            db.engine.dispose()
    finally:
        sys.path.remove(str(installation.site))


def owners_home(app: Flask) -> Callable[[], str]:
    """Return a function that asks for the home of the demo's owner, as a server would."""
    client = app.test_client()
    with app.app_context():
        account = db.session.scalars(sa.select(Account).where(Account.email == OWNER)).one()
        factories.sign_in(client, account)
        db.session.commit()
    cookie = client.get_cookie("portal")
    assert cookie is not None
    environ = EnvironBuilder(
        f"/p/{PROJECT}/", headers={"Cookie": f"portal={cookie.value}"}
    ).get_environ()

    def ask() -> str:
        told: list[str] = []
        chunks: Any = app.wsgi_app(environ.copy(), lambda status, _: told.append(status))
        text = b"".join(chunks).decode()
        chunks.close()
        if told != ["200 OK"]:
            raise SystemExit(f"the home answers {told}")
        return text

    return ask


def find_project(slug: str) -> Project | None:
    """Return the project of an address, as the gate would without plugins."""
    return db.session.scalar(_PROJECT, {"slug": slug})


def inline(app: Flask) -> Callable[..., list[object]]:
    """Return what core would do if the plugins' functions were its own: call them."""
    hooks = [sys.modules[f"{name}_toy.hooks"] for name in PLUGINS]

    def call(slot: str, *arguments: Any) -> list[object]:
        if slot == "member_home":
            project = project_ref(arguments[0])
            return [each.member_home(project) for each in hooks]
        if slot == "member_tabs":
            project = project_ref(arguments[0])
            return [tab for each in hooks for tab in each.member_tabs(project)]
        return []

    return call


def alternate(
    ask: Callable[[], object], ways: list[Callable[[], None]], rounds: int
) -> list[float]:
    """Ask once in each way, `rounds` times, in changing order; return each way's median seconds."""
    taken: list[list[float]] = [[] for _ in ways]
    order = list(range(len(ways)))
    gc.collect()
    gc.freeze()
    for _ in range(rounds):
        for way in order:
            ways[way]()
            begun = time.perf_counter()
            ask()
            taken[way].append(time.perf_counter() - begun)
        order.append(order.pop(0))
    return [statistics.median(each) for each in taken]


def measure_home(app: Flask, rounds: int, *, profile: bool) -> list[Figure]:
    """Compare the home through gate and dispatch with the same calls inlined, and count its SQL."""
    slots, ask = app.extensions["portal.slots"], owners_home(app)
    through, inlined = slots.ask_plugins, inline(app)

    def using(function: Callable[..., list[object]], find: Any) -> Callable[[], None]:
        def use() -> None:
            slots.ask_plugins, gate.find_project = function, find

        return use

    ways = [
        using(through, gate.find_project),
        using(inlined, find_project),
        using(inlined, find_project),
        using(lambda *_: [], find_project),
    ]
    pages = []
    for way in ways[:2]:
        way()
        pages.append(re.sub(r'"[\w.:-]{16,}"', '""', ask()))
    if pages[0] != pages[1] or not all("<p>0</p>" in page for page in pages):
        raise SystemExit("the two homes differ")
    alternate(ask, ways, max(2, rounds // 20))
    host, same, again, none = alternate(ask, ways, rounds)
    ways[0]()
    if profile:
        _profiled(ask)
    sent = statements(app, ask)
    asking = sum("plugin_state" in text for text in sent)
    added = host / same - 1
    return [
        Figure("home, five plugins called inline", f"{same * 1000:.2f} ms"),
        Figure("home, five plugins through gate and dispatch", f"{host * 1000:.2f} ms"),
        Figure("  added", f"{added:+.1%}", f"<= {MOST_ADDED:.0%}", added <= MOST_ADDED),
        Figure("  added by nothing (inline again): the noise", f"{again / same - 1:+.1%}"),
        Figure("home without plugins", f"{none * 1000:.2f} ms"),
        Figure("statements that ask what is on", str(asking), "= 1", asking == 1),
        Figure("statements of the home, one of each plugin", str(len(sent)),
               f"<= {MOST_STATEMENTS}", len(sent) <= MOST_STATEMENTS),
    ]  # fmt: skip


def statements(app: Flask, ask: Callable[[], object]) -> list[str]:
    """Return the SQL that one request sends, without BEGIN, COMMIT and PRAGMA."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        if not text.startswith(("PRAGMA", "SET TRANSACTION")):
            sent.append(text)

    with app.app_context():
        engine = db.engine
    sa.event.listen(engine, "before_cursor_execute", note)
    ask()
    sa.event.remove(engine, "before_cursor_execute", note)
    return sent


def measure_boot(installation: Installation, starts: int) -> list[Figure]:
    """Start processes with and without the plugins in turn; from the start to the ready app."""
    bare = replace(installation, env={**installation.env, "PYTHONPATH": ""})
    taken: dict[int, list[tuple[float, float]]] = {0: [], len(PLUGINS): []}
    for number in range(starts + 1):
        for count, which in ((0, bare), (len(PLUGINS), installation)):
            found = _start(which, count)
            if number:  # The first start of each writes what Python compiles.
                taken[count].append(found)
    without, with_five = (
        tuple(statistics.median(column) for column in zip(*taken[count], strict=True))
        for count in (0, len(PLUGINS))
    )
    ratio = with_five[0] / without[0]
    return [
        Figure("start without plugins", f"{without[0]:.2f} s"),
        Figure("start with five plugins", f"{with_five[0]:.2f} s"),
        Figure("  ratio", f"{ratio:.2f}", f"<= {MOST_BOOT}", ratio <= MOST_BOOT),
        Figure("memory of a started process without plugins", f"{without[1]:.0f} MB"),
        Figure("memory of a started process with five plugins", f"{with_five[1]:.0f} MB",
               f"<= {MOST_MEGABYTES} MB", with_five[1] <= MOST_MEGABYTES),
    ]  # fmt: skip


def _start(installation: Installation, plugins: int) -> tuple[float, float]:
    """Start a process; return the seconds until its application was ready, and its megabytes."""
    begun = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", PROBE, str(plugins)],
        env=installation.env,
        cwd=Path(__file__).parents[1],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    seconds = time.perf_counter() - begun
    process.communicate(timeout=60)
    return seconds, json.loads(line)["rss"]


def _profiled(ask: Callable[[], object]) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(lambda: [ask() for _ in range(200)])
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).sort_stats("cumulative").print_stats("plugin_host|_toy", 40)
    sys.stdout.write(text.getvalue())


def _machine() -> str:
    model = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    kind = model[1] if model else platform.machine()
    return f"{os.cpu_count()} cores of {kind}, Python {platform.python_version()}"


def main() -> None:
    """Read the arguments, measure, print, and exit 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--rounds", type=int, default=400)
    parser.add_argument("--boots", type=int, default=9)
    parser.add_argument("--profile", action="store_true")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        prepared(chosen.database, Path(folder)) as installation,
    ):
        with application(installation) as app:
            figures = measure_home(app, chosen.rounds, profile=chosen.profile)
        figures += measure_boot(installation, chosen.boots)
    lines = [f"{chosen.database}; {_machine()}; {chosen.rounds} rounds", *map(str, figures)]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.exit(any(not figure.passed for figure in figures))


if __name__ == "__main__":
    main()
