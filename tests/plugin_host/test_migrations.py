"""Every plugin has its own branch of migrations: from the shell, on a database of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.database.owners import owner_of_table
from portal.extensions import db, engine_options
from portal.paths import resource_dir
from portal.plugin_host import removal
from portal.plugin_host.models import PluginState
from portal.plugin_host.service import SwitchError
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugin_host.shelf import Shelf

VERSIONS = resource_dir("migrations") / "versions"
CORE = max(path.stem for path in VERSIONS.glob("core_*.py"))[: len("core_0000")]


@pytest.fixture
def shelf(tmp_path: Path, database_url: str) -> Iterator[Shelf]:
    """An installation with plugins `alpha` and `beta`, their first revisions written, applied."""
    (tmp_path / "home").mkdir()
    if database_url.startswith("sqlite"):
        yield Shelf(tmp_path, f"sqlite:///{tmp_path / 'portal.sqlite3'}")
        return
    server = sa.create_engine(database_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE IF EXISTS shelf WITH (FORCE)")
        connection.exec_driver_sql("CREATE DATABASE shelf")
    url = sa.make_url(database_url).set(database="shelf")
    yield Shelf(tmp_path, url.render_as_string(hide_password=False))
    with server.connect() as connection:
        connection.exec_driver_sql("DROP DATABASE shelf WITH (FORCE)")
    server.dispose()


def begin(shelf: Shelf, *names: str) -> None:
    """Install plugins, write the first revision of each, apply it."""
    shelf.portal("db", "upgrade")
    for name in names:
        shelf.add(name)
        shelf.portal("db", "revision", "first", "--plugin", name)
        shelf.portal("db", "upgrade")


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


def rows(shelf: Shelf) -> set[object]:
    return {row[0] for row in query(shelf, "SELECT version_num FROM alembic_version")}


def test_each_owner_has_its_branch(shelf: Shelf) -> None:
    begin(shelf, "alpha", "beta")
    file = shelf.package("alpha") / "migrations" / "alpha_0001_first.py"
    text = file.read_text()
    assert 'revision = "alpha_0001"' in text.replace("'", '"')
    assert "branch_labels = ('alpha',)" in text
    assert f"depends_on = '{CORE}'" in text
    # One row for each owner, although each plugin depends on core.
    assert rows(shelf) == {CORE, "alpha_0001", "beta_0001"}
    assert {"alpha_parent", "alpha_child", "beta_parent", "beta_child"} <= tables(shelf)
    assert "agree" in shelf.portal("db", "check")
    for owner in ("alpha", "beta"):
        assert "Nothing to write" in shelf.portal("db", "revision", "no", "--plugin", owner)
    assert "Nothing to write" in shelf.portal("db", "revision", "no")
    assert [path.name for path in file.parent.glob("*.py")] == [file.name]
    shelf.write_models("alpha", 'sa.Column("more", sa.Integer),')
    assert "models of alpha differ" in shelf.portal("db", "check", code=1)
    shelf.portal("db", "revision", "second", "--plugin", "alpha")
    second = (file.parent / "alpha_0002_second.py").read_text()
    assert "more" in second
    assert "depends_on = None" in second
    assert "beta" not in second
    assert "alpha_0002" in shelf.portal("db", "check", code=1)
    assert "(1 revisions applied)" in shelf.portal("db", "upgrade")
    shelf.portal("db", "check")


def test_models_without_migrations_are_told(shelf: Shelf) -> None:
    shelf.portal("db", "upgrade")
    shelf.add("alpha", migrations=False)
    assert "alpha has models but no migrations" in shelf.portal("db", "check", code=1)
    assert "plugin.toml" in shelf.portal("db", "revision", "x", "--plugin", "alpha", code=1)
    assert "No plugin gamma" in shelf.portal("db", "revision", "x", "--plugin", "gamma", code=1)


def test_an_uninstalled_plugin_stands_in_nobodys_way(shelf: Shelf) -> None:
    begin(shelf, "alpha", "beta")
    shelf.uninstall("alpha")
    for command in (("db", "check"), ("db", "upgrade"), ("doctor",)):
        process = shelf.start(*command)
        said, _ = process.communicate(timeout=120)
        assert "plugin alpha is not installed" in said, command
        assert "portal plugin remove alpha" in said
        assert "Can't locate" not in said
        assert command[0] != "db" or process.returncode == (command[1] == "check")
    shelf.write_models("beta", 'sa.Column("more", sa.Integer),')
    shelf.portal("db", "revision", "second", "--plugin", "beta")
    assert "(1 revisions applied)" in shelf.portal("db", "upgrade")
    assert rows(shelf) == {CORE, "alpha_0001", "beta_0002"}
    assert "Nothing to write" in shelf.portal("db", "revision", "no")
    shelf.install("alpha")
    assert "agree" in shelf.portal("db", "check")
    shelf.uninstall("alpha")
    shelf.portal("plugin", "remove", "alpha", "--yes", "beta", code=1)
    assert "alpha_parent" in shelf.portal("plugin", "remove", "alpha", "--yes", "alpha")
    assert rows(shelf) == {CORE, "beta_0002"}
    assert "alpha_parent" not in tables(shelf)
    assert "agree" in shelf.portal("db", "check")


def test_removing_drops_only_its_own(shelf: Shelf) -> None:
    begin(shelf, "alpha", "beta")
    before = tables(shelf)
    shelf.blocked = {"alpha"}
    said = shelf.portal("plugin", "remove", "alpha", "--yes", "alpha")
    assert "2 tables dropped" in said
    assert "Uninstall" in said
    assert before - tables(shelf) == {"alpha_parent", "alpha_child"}
    assert rows(shelf) == {CORE, "beta_0001"}
    entries = query(shelf, "SELECT subject_key FROM audit_entry WHERE action = 'plugin.removed'")
    assert entries == [("alpha",)]
    shelf.uninstall("alpha")
    assert "agree" in shelf.portal("db", "check")
    assert "No plugin of that name" in shelf.portal("plugin", "remove", "alpha", code=1)
    for core in ("core", "member", "claim"):
        shelf.portal("plugin", "remove", core, "--yes", core, code=1)
    assert before - tables(shelf) == {"alpha_parent", "alpha_child"}


def test_a_broken_revision_leaves_the_other_owners(shelf: Shelf) -> None:
    begin(shelf, "alpha", "beta")
    file = shelf.package("alpha") / "migrations" / "alpha_0001_first.py"
    kept = file.read_text()
    file.write_text("1/0")
    shelf.write_models("beta", 'sa.Column("more", sa.Integer),')
    shelf.portal("db", "revision", "second", "--plugin", "beta")
    assert "alpha cannot be read: ZeroDivisionError" in shelf.portal("db", "upgrade", code=1)
    assert "beta_0002" in rows(shelf)
    file.write_text(kept)
    assert "agree" in shelf.portal("db", "check")


def test_a_failing_migration_leaves_the_other_owners(shelf: Shelf) -> None:
    begin(shelf, "alpha")
    (shelf.package("alpha") / "migrations" / "alpha_0002_bad.py").write_text(
        "revision = 'alpha_0002'\ndown_revision = 'alpha_0001'\n\ndef upgrade(): 1/0\n"
    )
    shelf.add("beta")
    folder = shelf.package("beta") / "migrations"
    folder.mkdir()
    (folder / "beta_0001.py").write_text(
        "revision = 'beta_0001'\ndown_revision = None\nbranch_labels = ('beta',)\n"
        f"depends_on = '{CORE}'\n\ndef upgrade(): pass\n"
    )
    assert "alpha was not migrated: ZeroDivisionError" in shelf.portal("db", "upgrade", code=1)
    assert rows(shelf) == {CORE, "alpha_0001", "beta_0001"}


def test_several_at_once_on_an_empty_database(shelf: Shelf) -> None:
    begin(shelf, "alpha")
    if shelf.database_url.startswith("sqlite"):
        # SQLite belongs to one machine and one process that migrates: the second finds it done.
        assert "(0 revisions applied)" in shelf.portal("db", "upgrade")
        return
    for schema in ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public"):
        query(shelf, schema)
    running = [shelf.start("db", "upgrade") for _ in range(3)]
    said = [process.communicate(timeout=120)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], said
    assert rows(shelf) == {CORE, "alpha_0001"}


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
