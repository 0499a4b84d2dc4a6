"""A newer program migrates while workers of the old one serve."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal.database import exclusive
from tests.forks import start_code
from tests.plugin_host.installation import ROOT, Installation, Reader, bare, serving

REVISION = """
import sqlalchemy as sa
from alembic import op

revision = "core_9999"
down_revision = "{newest}"
branch_labels = depends_on = None


def upgrade():
    op.create_table("later", sa.Column("id", sa.Integer, primary_key=True))
    op.add_column("account", sa.Column("later", sa.Text))


def downgrade():
    op.drop_column("account", "later")
    op.drop_table("later")
"""
NEWER = """
from pathlib import Path
from portal import create_app
from portal.database import known, revisions

here = known.folder_of
known.folder_of = lambda owner: Path({folder!r}) if owner == "core" else here(owner)
with create_app().app_context():
    assert revisions.upgrade() == ["core_9999"]
"""
WAITS = """SELECT count(*) FROM pg_stat_activity
           WHERE wait_event_type = 'Lock' AND datname = current_database()"""
EMAIL = "admin@upgrade.test"
PASSWORD = "heron-walks-past-nine-lanterns"
PATIENCE = 30


@pytest.fixture
def old(database_url: str, tmp_path: Path) -> Iterator[Installation]:
    """Yield an installation with an administrator."""
    with bare(database_url, tmp_path) as env:
        found = Installation(env, tmp_path / "site")
        done = found.portal(
            "account", "create-admin", "--name", "Ada", "--email", EMAIL, "--password", PASSWORD,
            "--club", "Club",
        )  # fmt: skip
        assert done.returncode == 0, done.stdout
        yield found


@pytest.fixture
def newer(tmp_path: Path) -> str:
    """Return the code of a program with one more revision."""
    folder = tmp_path / "versions"
    folder.mkdir()
    files = sorted((ROOT / "migrations" / "versions").glob("*.py"))
    for file in files:
        (folder / file.name).write_bytes(file.read_bytes())
    newest = files[-1].stem[: len("core_0000")]
    (folder / "core_9999_later.py").write_text(REVISION.format(newest=newest))
    return NEWER.format(folder=str(folder))


def waiting(engine: sa.Engine) -> bool:
    with engine.connect() as connection:
        return bool(connection.scalar(sa.text(WAITS)))


def until(reached: Any) -> None:
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_old_workers_serve_while_a_newer_program_migrates(old: Installation, newer: str) -> None:
    engine = sa.create_engine(
        old.env["PORTAL_DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"),
        poolclass=sa.NullPool,
    )
    with serving(old, "portal", "run", "--no-jobs") as url:
        reader = Reader(url).sign_in(EMAIL, PASSWORD)
        answers: Counter[int] = Counter()

        def ask() -> None:
            answers.update([reader.ask("/readyz")[0], reader.ask("/me/security")[0]])

        ask()
        with engine.connect() as report:
            # Somebody's long report reads the table that is to be changed.
            if engine.dialect.name == "postgresql":
                report.execute(sa.text("SELECT id FROM account"))
            running = start_code(newer, env=old.env, cwd=ROOT)
            if engine.dialect.name == "postgresql":
                until(lambda: waiting(engine))
                ask()
                until(lambda: not waiting(engine))
                ask()
        while running.returncode is None:
            ask()
        said, _ = running.communicate(PATIENCE)
        assert running.returncode == 0, said
        ask()
        assert set(answers) == {200}
        assert "ahead of this program" in reader.ask("/readyz")[1]
        Reader(url).sign_in(EMAIL, PASSWORD)
    refused = old.portal("db", "upgrade")
    assert refused.returncode == 1
    assert "core_9999, which this program does not know" in refused.stdout


def test_a_table_in_use_is_tried_again_for_a_minute_and_no_other_fault(monkeypatch: Any) -> None:
    class InUseError(Exception):
        sqlstate = "55P03"

    now = iter(range(0, 1000, 25))
    monkeypatch.setattr(exclusive.time, "monotonic", now.__next__)
    monkeypatch.setattr(exclusive.time, "sleep", lambda _: None)
    tries = []

    def migrate() -> None:
        tries.append(1)
        raise sa.exc.OperationalError("ALTER", {}, InUseError())

    with pytest.raises(sa.exc.OperationalError):
        exclusive.patiently(migrate)
    assert len(tries) == 3
    InUseError.sqlstate = "42P07"
    with pytest.raises(sa.exc.OperationalError):
        exclusive.patiently(migrate)
    assert len(tries) == 4
