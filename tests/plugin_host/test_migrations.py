"""Every plugin has its own branch of migrations: from the shell, on a database of its own."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.database.owners import owner_of_revision, owner_of_table
from portal.extensions import db, engine_options
from portal.paths import resource_dir
from portal.plugin_host import removal
from portal.plugin_host.models import PluginState
from portal.plugin_host.service import SwitchError
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugin_host.shelf import Shelf
from tests.plugins.conftest import INSTALLED

VERSIONS = resource_dir("migrations") / "versions"
CORE = max(path.stem for path in VERSIONS.glob("core_*.py"))[: len("core_0000")]

PROJECT = (
    "INSERT INTO project (id, public_id, slug, name, welcome, city, time_zone, created_at) VALUES "
    "(7, 'abcdefghijklmnopqrstuv', 'own', '{}', '{}', '{}', 'Asia/Shanghai', '2026-01-01')"
)
REBUILDING = """
import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations
from portal import create_app
from portal.database.exclusive import exclusive
from portal.extensions import db

with create_app().app_context(), db.engine.connect() as connection, exclusive(connection):
    operations = Operations(MigrationContext.configure(connection))
    with operations.batch_alter_table("project", recreate="auto") as table:
        table.add_column(sa.Column("bench_mark", sa.Integer))
        table.alter_column("slug", existing_type=sa.String(40), type_=sa.String(41))
    connection.commit()
"""
ASKING = """
import sys
from portal import create_app

found = create_app().test_client().get(sys.argv[1])
print("answer", found.status_code, found.json["status"], found.json.get("reason"))
"""


@pytest.fixture
def shelf(tmp_path: Path, database_url: str) -> Iterator[Shelf]:
    """An installation without plugins, on an empty database of its own."""
    with _shelf(tmp_path, database_url, "shelf") as made:
        yield made


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory, database_url: str) -> Iterator[Shelf]:
    """What `begun` copies: made once, since every command is a process of its own."""
    with _shelf(tmp_path_factory.mktemp("pattern"), database_url, "pattern") as made:
        made.portal("db", "upgrade")
        for name in ("alpha", "beta"):
            made.add(name)
            made.portal("db", "revision", "first", "--plugin", name)
            made.portal("db", "upgrade")
        yield made


@pytest.fixture
def begun(tmp_path: Path, pattern: Shelf, database_url: str) -> Iterator[Shelf]:
    """An installation with plugins `alpha` and `beta`, their first revisions written, applied."""
    shutil.copytree(pattern.folder, tmp_path, dirs_exist_ok=True)
    with _shelf(tmp_path, database_url, "shelf", template="pattern") as made:
        yield made


@contextmanager
def _shelf(
    folder: Path, server_url: str, name: str, *, template: str | None = None
) -> Iterator[Shelf]:
    (folder / "home").mkdir(exist_ok=True)
    if server_url.startswith("sqlite"):
        yield Shelf(folder, f"sqlite:///{folder / 'portal.sqlite3'}")
        return
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    like = f" TEMPLATE {template}" if template else ""
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        connection.exec_driver_sql(f"CREATE DATABASE {name}{like}")
    url = sa.make_url(server_url).set(database=name)
    yield Shelf(folder, url.render_as_string(hide_password=False))
    with server.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


def query(shelf: Shelf, statement: str) -> list[tuple[object, ...]]:
    engine = sa.create_engine(shelf.database_url, **engine_options(shelf.database_url))
    try:
        with engine.begin() as connection:
            result = connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []
    finally:
        engine.dispose()


def tables(shelf: Shelf) -> set[str]:
    engine = sa.create_engine(shelf.database_url)
    try:
        return set(sa.inspect(engine).get_table_names())
    finally:
        engine.dispose()


def rows(shelf: Shelf) -> set[str]:
    """Return the revisions that the database is at, but for those of bundled plugins."""
    found = {str(row[0]) for row in query(shelf, "SELECT version_num FROM alembic_version")}
    return {revision for revision in found if owner_of_revision(revision) not in INSTALLED}


def empty(shelf: Shelf) -> None:
    """Make the database as if it were new."""
    if shelf.database_url.startswith("sqlite"):
        for file in shelf.folder.glob("portal.sqlite3*"):
            file.unlink()
    else:
        for schema in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
            query(shelf, schema)


def assert_core_has_nothing_to_write(shelf: Shelf) -> None:
    """Ask for a revision of core; what is written by mistake does not stay in the source."""
    assert "differ" not in shelf.start("db", "check").communicate(timeout=120)[0]
    before = set(VERSIONS.glob("*.py"))
    try:
        assert "Nothing to write" in shelf.portal("db", "revision", "test_only")
    finally:
        for file in set(VERSIONS.glob("core_*_test_only.py")) - before:
            file.unlink()


def answer(shelf: Shelf, path: str) -> tuple[int, str, str | None]:
    """Ask a fresh process of the portal for a page that answers a status in JSON."""
    said = shelf.run(ASKING, path)
    _, code, status, reason = said.splitlines()[-1].split()
    return int(code), status, None if reason == "None" else reason


def test_each_owner_has_its_branch(begun: Shelf) -> None:
    file = begun.package("alpha") / "migrations" / "alpha_0001_first.py"
    text = file.read_text()
    assert 'revision = "alpha_0001"' in text.replace("'", '"')
    assert "branch_labels = ('alpha',)" in text
    assert f"depends_on = '{CORE}'" in text
    # One row for each owner, although each plugin depends on core.
    assert rows(begun) == {CORE, "alpha_0001", "beta_0001"}
    assert {"alpha_parent", "alpha_child", "beta_parent", "beta_child"} <= tables(begun)
    assert "agree" in begun.portal("db", "check")
    for owner in ("alpha", "beta"):
        assert "Nothing to write" in begun.portal("db", "revision", "no", "--plugin", owner)
    assert_core_has_nothing_to_write(begun)
    assert [path.name for path in file.parent.glob("*.py")] == [file.name]
    begun.write_models("alpha", 'sa.Column("more", sa.Integer),')
    assert "models of alpha differ" in begun.portal("db", "check", code=1)
    begun.portal("db", "revision", "second", "--plugin", "alpha")
    second = (file.parent / "alpha_0002_second.py").read_text()
    assert "more" in second
    assert "depends_on = None" in second
    assert "beta" not in second
    assert "alpha_0002" in begun.portal("db", "check", code=1)
    assert "(1 revisions applied)" in begun.portal("db", "upgrade")
    begun.portal("db", "check")


@pytest.mark.once
def test_models_without_migrations_are_told(shelf: Shelf) -> None:
    shelf.portal("db", "upgrade")
    shelf.add("alpha", migrations=False)
    assert "alpha has models but no migrations" in shelf.portal("db", "check", code=1)
    assert "plugin.toml" in shelf.portal("db", "revision", "x", "--plugin", "alpha", code=1)
    assert "No plugin gamma" in shelf.portal("db", "revision", "x", "--plugin", "gamma", code=1)


@pytest.mark.once
def test_an_uninstalled_plugin_stands_in_nobodys_way(begun: Shelf) -> None:
    begun.uninstall("alpha")
    for command in (("db", "check"), ("db", "upgrade"), ("doctor",)):
        process = begun.start(*command)
        said, _ = process.communicate(timeout=120)
        assert "plugin alpha is not installed" in said, command
        assert "portal plugin remove alpha" in said
        assert "Can't locate" not in said
        assert "differ" not in said
        assert command[0] != "db" or process.returncode == (command[1] == "check")
    begun.write_models("beta", 'sa.Column("more", sa.Integer),')
    begun.portal("db", "revision", "second", "--plugin", "beta")
    assert "(1 revisions applied)" in begun.portal("db", "upgrade")
    assert rows(begun) == {CORE, "alpha_0001", "beta_0002"}
    assert_core_has_nothing_to_write(begun)
    begun.install("alpha")
    assert "agree" in begun.portal("db", "check")
    begun.uninstall("alpha")
    begun.portal("plugin", "remove", "alpha", "--yes", "beta", code=1)
    assert "alpha_parent" in begun.portal("plugin", "remove", "alpha", "--yes", "alpha")
    assert rows(begun) == {CORE, "beta_0002"}
    assert "alpha_parent" not in tables(begun)
    assert "agree" in begun.portal("db", "check")


def test_removing_drops_only_its_own(begun: Shelf) -> None:
    before = tables(begun)
    begun.blocked = {"alpha"}
    said = begun.portal("plugin", "remove", "alpha", "--yes", "alpha")
    assert "2 tables dropped" in said
    assert "Uninstall" in said
    assert before - tables(begun) == {"alpha_parent", "alpha_child"}
    assert rows(begun) == {CORE, "beta_0001"}
    entries = query(begun, "SELECT subject_key FROM audit_entry WHERE action = 'plugin.removed'")
    assert entries == [("alpha",)]
    begun.uninstall("alpha")
    assert "agree" in begun.portal("db", "check")
    assert "No plugin of that name" in begun.portal("plugin", "remove", "alpha", code=1)
    for core in ("core", "member", "claim"):
        begun.portal("plugin", "remove", core, "--yes", core, code=1)
    assert before - tables(begun) == {"alpha_parent", "alpha_child"}


def test_a_broken_revision_leaves_the_other_owners(begun: Shelf) -> None:
    file = begun.package("alpha") / "migrations" / "alpha_0001_first.py"
    kept = file.read_text()
    file.write_text("1/0")
    begun.write_models("beta", 'sa.Column("more", sa.Integer),')
    begun.portal("db", "revision", "second", "--plugin", "beta")
    assert "alpha cannot be read: ZeroDivisionError" in begun.portal("db", "upgrade", code=1)
    assert "beta_0002" in rows(begun)
    file.write_text(kept)
    assert "agree" in begun.portal("db", "check")


def test_a_failing_migration_leaves_the_other_owners(begun: Shelf) -> None:
    (begun.package("alpha") / "migrations" / "alpha_0002_bad.py").write_text(
        "revision = 'alpha_0002'\ndown_revision = 'alpha_0001'\n\ndef upgrade(): 1/0\n"
    )
    begun.add("gamma")
    folder = begun.package("gamma") / "migrations"
    folder.mkdir()
    (folder / "gamma_0001.py").write_text(
        "revision = 'gamma_0001'\ndown_revision = None\nbranch_labels = ('gamma',)\n"
        f"depends_on = '{CORE}'\n\ndef upgrade(): pass\n"
    )
    assert "alpha was not migrated: ZeroDivisionError" in begun.portal("db", "upgrade", code=1)
    assert rows(begun) == {CORE, "alpha_0001", "beta_0001", "gamma_0001"}


def test_several_at_once_on_an_empty_database(begun: Shelf) -> None:
    empty(begun)
    running = [begun.start("db", "upgrade") for _ in range(4)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0], said
    assert rows(begun) == {CORE, "alpha_0001", "beta_0001"}
    assert "agree" in begun.portal("db", "check")


def test_several_at_once_on_a_database_in_use(begun: Shelf) -> None:
    begun.write_models("alpha", 'sa.Column("more", sa.Integer),')
    begun.portal("db", "revision", "second", "--plugin", "alpha")
    file = begun.package("alpha") / "migrations" / "alpha_0002_second.py"
    # Long enough that all of them have looked before the first is done.
    slow = "def upgrade() -> None:\n    __import__('time').sleep(6)"
    file.write_text(file.read_text().replace("def upgrade() -> None:", slow))
    assert "sleep" in file.read_text()
    running = [begun.start("db", "upgrade") for _ in range(4)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0, 0], said
    assert rows(begun) == {CORE, "alpha_0002", "beta_0001"}
    assert "agree" in begun.portal("db", "check")


@pytest.mark.once
def test_a_plugin_that_cannot_be_imported_is_removed(begun: Shelf) -> None:
    (begun.package("alpha") / "models.py").write_text("1/0")
    assert "ZeroDivisionError" in begun.portal("plugin", "check", code=1)
    # Its migrations are found by the manifest, and go on.
    assert "(0 revisions applied)" in begun.portal("db", "upgrade")
    assert "2 tables dropped" in begun.portal("plugin", "remove", "alpha", "--yes", "alpha")
    assert rows(begun) == {CORE, "beta_0001"}
    assert {"beta_parent", "beta_child"} <= tables(begun)
    assert "alpha_parent" not in tables(begun)
    # Not even its manifest can be read.
    (begun.package("beta") / "plugin.toml").write_text("name =")
    assert "beta cannot be read" in begun.portal("db", "check", code=1)
    assert "2 tables dropped" in begun.portal("plugin", "remove", "beta", "--yes", "beta")
    assert rows(begun) == {CORE}


def test_rows_of_plugins_survive_the_rebuilding_of_a_core_table(begun: Shelf) -> None:
    query(begun, PROJECT)
    query(begun, "INSERT INTO alpha_parent (project_id, text) VALUES (7, 'kept')")
    query(begun, "INSERT INTO alpha_child (parent_id) SELECT id FROM alpha_parent")
    # What a later revision of core does on SQLite: a new table, the rows copied, the old dropped.
    begun.run(REBUILDING)
    kept = query(begun, "SELECT project_id, text FROM alpha_parent JOIN alpha_child ON true")
    assert kept == [(7, "kept")]
    assert query(begun, "SELECT slug, bench_mark FROM project") == [("own", None)]
    with pytest.raises(sa.exc.IntegrityError):
        query(begun, "DELETE FROM project")


@pytest.mark.once
def test_a_plugin_older_than_the_database_blocks_nobody(begun: Shelf) -> None:
    query(begun, PROJECT)
    for name in ("alpha", "beta"):
        begun.portal("plugin", "enable", name, "--project", "own")
    begun.write_models("alpha", 'sa.Column("more", sa.Integer),')
    begun.portal("db", "revision", "second", "--plugin", "alpha")
    begun.portal("db", "upgrade")
    second = begun.package("alpha") / "migrations" / "alpha_0002_second.py"
    second.unlink()
    begun.write_models("alpha")
    begun.write_models("beta", 'sa.Column("more", sa.Integer),')
    begun.portal("db", "revision", "second", "--plugin", "beta")
    sentence = "at alpha_0002, which the installed plugin alpha does not know: install the newer"
    said = begun.portal("db", "upgrade")
    assert sentence in said
    assert "(1 revisions applied)" in said
    assert rows(begun) == {CORE, "alpha_0002", "beta_0002"}
    assert sentence in begun.portal("db", "check", code=1)
    assert answer(begun, "/readyz") == (200, "ok", None)


@pytest.mark.once
def test_ready_after_a_plugin_was_removed_and_not_uninstalled_yet(begun: Shelf) -> None:
    query(begun, PROJECT)
    begun.portal("plugin", "enable", "beta", "--project", "own")
    begun.portal("plugin", "remove", "alpha", "--yes", "alpha")
    assert answer(begun, "/readyz") == (200, "ok", None)
    process = begun.start("doctor")
    said, _ = process.communicate(timeout=120)
    assert "those of the plugin alpha are not at its revision" in said
    assert "uninstall the package" in said
    # One that is on is missed by its readers: the workers wait for its tables.
    query(begun, "DELETE FROM alembic_version WHERE version_num = 'beta_0001'")
    assert answer(begun, "/readyz") == (503, "unavailable", "migrations")


def test_a_plugin_that_is_on_is_not_removed(host_app: Flask) -> None:
    project = factories.make_project()
    state = switch_on("notes", project)
    with pytest.raises(SwitchError) as refused:
        removal.remove(actor=None, plugin="notes")
    assert (refused.value.code, refused.value.names) == ("on", [project.slug])
    state.enabled = False
    db.session.commit()
    assert removal.remove(actor=None, plugin="notes").tables == []
    db.session.commit()
    assert db.session.scalars(sa.select(PluginState)).all() == []
    with pytest.raises(SwitchError, match="unknown"):
        removal.remove(actor=None, plugin="claim")


def test_cores_tables_are_nobody_elses(app: Flask) -> None:
    assert owner_of_table("claim_event", {"claim_0001"}) == "core"
    assert owner_of_table("gone_thing", {"gone_0001", "gone_far_0001"}) == "gone"
    assert owner_of_table("gone_far_thing", {"gone_0001", "gone_far_0001"}) == "gone_far"
    assert owner_of_table("gone_thing", {"core_0001"}) == "core"
