"""Background work: what it keeps to itself, and what it may not hold up."""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.accounts.models import Account
from portal.audit import jobs as audit_jobs
from portal.audit.checking import Verification
from portal.club.queries import mail_from
from portal.extensions import db, writable
from portal.jobs import registry
from portal.jobs.models import JobRow, JobState
from portal.jobs.registry import Job, JobRun
from portal.jobs.runner import Runner
from portal.jobs.service import enqueue
from portal.messages.jobs import expire
from portal.messages.models import Channel, MessageState, OutgoingMessage
from portal.messages.senders import ConsoleSender, SmtpSender, set_sender
from portal.messages.service import Draft, send
from tests import factories


@pytest.fixture
def job(app: Flask) -> Iterator[Callable[[Callable[[JobRun], None]], JobRow]]:
    """Make one attempt at a handler, alone: `job(handler)` returns its row afterwards."""
    before = dict(registry.CORE)

    def make(handler: Callable[[JobRun], None]) -> JobRow:
        registry.CORE.clear()
        registry.CORE["test.act"] = Job("test.act", handler, max_attempts=1)
        enqueue(kind="test.act")
        db.session.commit()
        Runner(app).run_once()
        db.session.expire_all()
        return db.session.scalars(sa.select(JobRow).where(JobRow.kind == "test.act")).one()

    yield make
    registry.CORE.clear()
    registry.CORE.update(before)


@pytest.mark.parametrize(
    "text", ["a\0b", "half \ud800 of a pair", "漏水 😀"], ids=["nul", "half a pair", "emoji"]
)
def test_any_error_can_be_noted(job: Any, text: str, caplog: pytest.LogCaptureFixture) -> None:
    # What the log holds is sent from one process of the tests to another, which takes UTF-8 only.
    caplog.set_level(logging.CRITICAL, "portal.jobs")

    def fail(run: JobRun) -> None:
        raise ValueError(text)

    row = job(fail)
    assert row.state == JobState.FAILED
    assert row.error.startswith("ValueError")


def test_what_the_database_says_of_values_reaches_nobody(
    job: Any, caplog: pytest.LogCaptureFixture
) -> None:
    first = factories.make_account(email="lin.xiaoyun@example.com").id
    second = factories.make_account(email="wang.lei@example.com").id
    db.session.commit()

    def twice(run: JobRun) -> None:
        db.session.execute(
            sa.update(Account).where(Account.id == second).values(email="lin.xiaoyun@example.com")
        )

    def broken(run: JobRun) -> None:
        db.session.execute(sa.update(Account).where(Account.id == first).values(state="x"))

    for act in (twice, broken):
        row = job(act)
        assert row.state == JobState.FAILED
        told = row.error + row.traceback + caplog.text
        assert "IntegrityError" in told
        assert "@example.com" not in told
        db.session.delete(row)
        db.session.commit()


def test_no_lock_is_held_while_a_mail_is_handed_over(
    app: Flask, job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []

    def connect(self: SmtpSender) -> Any:
        held.append(db.session().in_transaction())
        raise OSError

    monkeypatch.setattr(SmtpSender, "_connection", connect)
    set_sender(app, Channel.MAIL, SmtpSender("smtp://127.0.0.1:1", mail_from))
    handler = registry.CORE["messages.send"].handler
    try:
        send(Draft(Channel.MAIL, "a@example.com", "Text", about="tests"))
        db.session.execute(sa.delete(JobRow))
        sent = db.session.scalars(sa.select(OutgoingMessage)).one()

        def act(run: JobRun) -> None:
            run.payload = {"message": sent.public_id}  # type: ignore[misc]
            handler(run)

        row = job(act)
    finally:
        set_sender(app, Channel.MAIL, ConsoleSender(Channel.MAIL))
    assert held == [False], row.error


def test_others_may_write_while_the_trail_is_verified(
    job: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look() -> Verification:
        db.session.execute(sa.text("SELECT count(*) FROM audit_seal"))
        with writable(), db.engine.connect() as other:
            other.exec_driver_sql(
                "PRAGMA busy_timeout=1" if other.dialect.name == "sqlite" else "SELECT 1"
            )
            other.execute(sa.text("UPDATE account SET locale = 'en'"))
            other.commit()
        return Verification()

    monkeypatch.setattr(audit_jobs, "verify", look)
    row = job(registry.CORE["audit.verify"].handler)
    assert (row.state, row.error) == (JobState.DONE, "")


@pytest.mark.parametrize(
    ("age", "valid", "left"),
    [
        (timedelta(days=1), None, MessageState.WAITING),
        (timedelta(days=1), timedelta(minutes=-1), MessageState.EXPIRED),
    ],
)
def test_words_that_were_never_sent_do_not_stay(
    job: Any, age: timedelta, valid: timedelta | None, left: str | None
) -> None:
    send(
        Draft(
            Channel.SMS, "+8613800000001", "Your code is 123456", about="tests",
            not_after=clock.now() + valid if valid else None,
        )
    )  # fmt: skip
    row = db.session.scalars(sa.select(OutgoingMessage)).one()
    row.created_at = clock.now() - age
    db.session.execute(sa.delete(JobRow))
    db.session.commit()
    job(expire)
    found = db.session.scalars(sa.select(OutgoingMessage)).one_or_none()
    assert (found.state if found else None) == left
    if left == MessageState.EXPIRED:
        assert found is not None
        assert found.body is None
