"""How a connection is used: savepoints, read-only GETs, append-only tables."""

import threading
import time

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.audit.models import AuditEntry
from portal.audit.service import record
from portal.database import revisions
from portal.extensions import db, read_only, reading
from portal.members.models import Household
from tests import factories


def test_a_savepoints_rows_go_with_the_outer_rollback(app: Flask) -> None:
    with db.session.begin_nested():
        db.session.add(Household())
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Household)) == 0


def test_a_read_only_transaction_refuses_to_write(app: Flask) -> None:
    token = read_only.set(True)
    try:
        db.session.add(Household())
        with pytest.raises((sa.exc.OperationalError, sa.exc.InternalError)):
            db.session.flush()
        db.session.rollback()
    finally:
        read_only.reset(token)
    factories.add(Household())
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Household)) == 1


def test_what_only_reads_is_planned_once(app: Flask) -> None:
    """psycopg prepares a statement that comes often, and forgets it at a ROLLBACK."""
    postgresql = db.engine.dialect.name == "postgresql"
    prepared = sa.text("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE :like")
    with reading():
        # Often enough on each connection of the pool, whichever is given out.
        for _ in range(120):
            db.session.scalars(sa.select(Household)).all()
            db.session.rollback()
        if postgresql:
            assert db.session.scalar(prepared, {"like": "%FROM household%"}) == 1
            db.session.rollback()
        # A failed statement is rolled back as ever, and the next transaction is sound.
        with pytest.raises(sa.exc.DBAPIError):
            db.session.execute(sa.text("SELECT nothing FROM nowhere"))
        db.session.rollback()
        assert db.session.scalars(sa.select(Household)).all() == []
        db.session.rollback()
    db.session.add(Household())
    db.session.flush()
    db.session.rollback()
    assert db.session.scalars(sa.select(Household)).all() == []


def test_a_page_that_writes_waits_for_one_job_not_for_a_row_of_them(app: Flask) -> None:
    """SQLite's lock is free for an instant between two jobs; who only looks now and then never
    finds it free."""
    done: list[float] = []
    stopping = threading.Event()

    def work() -> None:
        with app.app_context():
            while not stopping.is_set():
                db.session.add(Household())
                db.session.flush()
                time.sleep(0.02)
                db.session.rollback()
                done.append(time.monotonic())

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    try:
        waited = []
        for _ in range(10):
            time.sleep(0.05)
            with app.test_request_context():
                asked = time.monotonic()
                db.session.add(Household())
                db.session.flush()
                got = time.monotonic()
                db.session.rollback()
            waited.append(sum(asked < each <= got for each in done))
    finally:
        stopping.set()
        for worker in workers:
            worker.join()
    if db.engine.dialect.name == "sqlite":
        # One that had begun; and one of the other thread, which had just asked.
        assert max(waited) <= 2
    assert len(done) > 10


def test_jobs_may_take_longer_over_a_statement_than_pages(app: Flask) -> None:
    def allowed() -> str:
        db.session.rollback()
        if db.engine.dialect.name == "sqlite":
            return "0"
        return str(db.session.scalar(sa.text("SHOW statement_timeout")))

    for _ in range(2):
        outside = allowed()
        with app.test_request_context():
            inside = allowed()
        assert (outside, inside) in {("15min", "20s"), ("0", "0")}


def test_foreign_keys_are_enforced(app: Flask) -> None:
    member = factories.make_member()
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.delete(Household).where(Household.id == member.household_id))
    db.session.rollback()


def test_migrations_make_the_models(app: Flask) -> None:
    assert revisions.pending() == []
    assert revisions.differences() == []


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entry SET action = 'x'",
        "DELETE FROM audit_entry",
        "UPDATE audit_entry SET created_at = NULL",
    ],
)
def test_the_audit_trail_cannot_be_changed(app: Flask, statement: str) -> None:
    record(actor=None, action="test", subject=("test", "1"), project_id=None, reason="why")
    db.session.commit()
    with pytest.raises((sa.exc.IntegrityError, sa.exc.DBAPIError)):
        db.session.execute(sa.text(statement))
    db.session.rollback()


def test_an_audit_reason_can_be_blanked_but_not_rewritten(app: Flask) -> None:
    entry = record(actor=None, action="test", subject=("test", "1"), project_id=None, reason="why")
    db.session.commit()
    with pytest.raises(sa.exc.DBAPIError):
        db.session.execute(sa.update(AuditEntry).values(reason="other"))
    db.session.rollback()
    db.session.execute(sa.update(AuditEntry).values(reason=None))
    db.session.commit()
    assert entry.reason is None


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT CAST(:value AS integer)",
        "SELECT CAST(:value AS tsquery)",
        "SELECT CAST(:value AS json)",
        "SELECT CAST(:value AS timestamp)",
        "SELECT rowid FROM search_index WHERE search_index MATCH :value",
    ],
)
def test_errors_quote_no_values(app: Flask, statement: str) -> None:
    """What somebody typed must reach neither the log nor the page of a job."""
    is_sqlite = db.engine.dialect.name == "sqlite"
    if is_sqlite != ("MATCH" in statement):
        return  # Only one of the databases knows it.
    with pytest.raises(sa.exc.DBAPIError) as caught:
        db.session.execute(sa.text(statement), {"value": '林晓芸 13800001111 "('})
    db.session.rollback()
    told = f"{caught.value} {caught.value.orig}"
    assert "13800001111" not in told
    assert "林晓芸" not in told
    assert len(str(caught.value.orig)) > 10


def test_errors_name_the_constraint(app: Flask) -> None:
    row = sa.text("INSERT INTO privacy_settings (id, waiting_days, days) VALUES (1, 999, '{}')")
    with pytest.raises(sa.exc.IntegrityError, match="waiting_days_sensible"):
        db.session.execute(row)
    db.session.rollback()
