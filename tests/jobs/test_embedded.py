"""`portal run` killed in an import or an announcement goes on where it stood: once each."""

import json
import random
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.forks import Forked, start_code
from tests.jobs.test_processes import PATIENCE, until
from tests.plugin_host.installation import bare

pytestmark = pytest.mark.once  # embedded: SQLite
ROOT = Path(__file__).parents[2]
KILLS = 4
ROWS, CHUNK = 1500, 100
OWNERS, BATCH = 120, 10
SERVER = f"""
\"\"\"A portal whose long work goes in small steps, and takes a moment over each.\"\"\"

import sys, time
from portal.announcements import service
from portal.cli import main
from portal.jobs.run import Run
from portal.roster.running import run_import

service.BATCH = {BATCH}
run_import.__kwdefaults__["chunk"] = {CHUNK}
checkpoint = Run.checkpoint


def slowly(self, **values):
    time.sleep(0.05)
    checkpoint(self, **values)
    time.sleep(0.05)


Run.checkpoint = slowly
main(["run", "--port", "0"])
"""
BEGIN = f"""
import io
from werkzeug.datastructures import FileStorage
from bench.import_roster import make_csv
from portal import create_app
from portal.announcements import service as announcements
from portal.announcements.models import Audience
from portal.extensions import db
from portal.roster import importing
from portal.roster.examining import examine
from portal.roster.service import create_import
from tests import factories

with create_app().app_context():
    project = factories.make_project()
    actor = factories.make_staff("manager", project)
    for number in range({OWNERS}):
        factories.make_owner(project)
    data = make_csv({ROWS})
    found = examine(project=project, data=data)
    upload = FileStorage(io.BytesIO(data), filename="roster.csv")
    job = create_import(actor=actor, project=project, upload=upload, examination=found)
    importing.start(actor=actor, job=job)
    texts = {{"zh_Hans_CN": "停水通知"}}
    draft = announcements.Draft(Audience.OWNERS, None, texts, texts)
    made = announcements.write(actor=actor, project_id=project.id, draft=draft)
    announcements.send(actor=actor, announcement=made)
    db.session.commit()
"""


class Portal:
    """One installation with both under way, served by a process that can be killed."""

    def __init__(self, env: dict[str, str], folder: Path) -> None:
        self.env, self.folder = env, folder
        url = env["PORTAL_DATABASE_URL"].replace("postgresql://", "postgresql+psycopg://", 1)
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)
        self.process: Forked | None = None

    def sql(self, text: str, **values: Any) -> list[Any]:
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(text), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def start(self) -> None:
        self.process = start_code(SERVER, env=self.env, cwd=ROOT)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
        # The lease of who was killed ends after a minute: it is over now.
        self.sql("UPDATE job SET due_at = created_at WHERE state = 'running'")

    def progress(self, kind: str) -> tuple[int, str]:
        return self.sql("SELECT done, state FROM job WHERE kind = :kind", kind=kind)[0]  # type: ignore[no-any-return]


@pytest.fixture
def portal(database_url: str, tmp_path: Path) -> Iterator[Portal]:
    """An installation with an import and an announcement that nobody works on yet."""
    with bare(database_url, tmp_path) as env:
        begun = start_code(BEGIN, env=env, cwd=ROOT)
        said, _ = begun.communicate(timeout=PATIENCE)
        assert begun.returncode == 0, said
        found = Portal(env, tmp_path)
        try:
            yield found
        finally:
            found.kill()


@pytest.mark.parametrize("kind", ["roster.import", "announcements.send"])
def test_killed_and_begun_anew_it_goes_on(portal: Portal, kind: str) -> None:
    portal.sql("UPDATE job SET state = 'cancelled' WHERE kind <> :kind", kind=kind)
    steps = []
    for _ in range(KILLS):
        done = portal.progress(kind)[0]
        portal.start()
        until(lambda done=done: portal.progress(kind)[0] > done)  # type: ignore[misc]
        time.sleep(random.uniform(0, 0.15))
        portal.kill()
        steps.append(portal.progress(kind)[0])
    assert portal.progress(kind)[1] == "running"
    assert steps == sorted(set(steps))
    portal.start()
    until(lambda: portal.progress(kind)[1] == "done")
    check: Callable[[Portal], None] = _imported if kind == "roster.import" else _told
    check(portal)


def _imported(portal: Portal) -> None:
    assert portal.sql("SELECT state, rows_done FROM roster_import") == [("done", ROWS)]
    assert portal.sql("SELECT count(*), count(DISTINCT phone_hash) FROM roster_entry") == [
        (ROWS, ROWS)
    ]
    assert portal.sql("SELECT count(*) FROM audit_entry WHERE action = 'roster.imported'") == [(1,)]
    # What follows an import follows it once.
    assert portal.sql("SELECT count(*) FROM job WHERE kind = 'roster.index'") == [(1,)]
    [(raw,)] = portal.sql("SELECT counts FROM roster_import")
    counts = raw if isinstance(raw, dict) else json.loads(raw)
    assert counts["new"] == ROWS


def _told(portal: Portal) -> None:
    assert portal.sql("SELECT state, told, total FROM announcement") == [("sent", OWNERS, OWNERS)]
    assert portal.sql("SELECT count(*), count(DISTINCT account_id) FROM notification") == [
        (OWNERS, OWNERS)
    ]
