"""Events: with their transaction or not at all, once to each subscriber, nobody held up."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.jobs import registry as jobs
from portal.jobs import service
from portal.jobs.models import JobRow, JobState
from portal.jobs.runner import Runner
from portal.outbox import registry
from portal.outbox.models import DomainEventRow
from portal.outbox.privacy import retention_rules
from portal.outbox.registry import DomainEvent, subscribe
from portal.outbox.relay import relay
from portal.outbox.service import emit
from tests.factories import make_project


@pytest.fixture
def heard(app: Flask) -> Iterator[list[tuple[str, DomainEvent]]]:
    """What the subscribers of the test heard; `broken` raises until it is taken from `moods`."""
    kinds, subscribers = dict(jobs.CORE), dict(registry.CORE)
    registry.CORE.clear()
    for name in kinds:
        del jobs.CORE[name]
    found: list[tuple[str, DomainEvent]] = []
    subscribe("member.joined", name="test.one")(lambda event: found.append(("one", event)))
    subscribe("member.joined", name="test.two")(lambda event: found.append(("two", event)))
    subscribe("claim.decided", name="test.other")(lambda event: found.append(("other", event)))
    yield found
    jobs.CORE.clear()
    jobs.CORE.update(kinds)
    registry.CORE.clear()
    registry.CORE.update(subscribers)


@pytest.fixture
def run_jobs(app: Flask) -> Callable[[], int]:
    """Do what is due now."""

    def run() -> int:
        db.session.rollback()
        return Runner(app).run_once()

    return run


def joined(key: str = "m1", **values: Any) -> None:
    """Tell that somebody joined."""
    values.setdefault("project_id", None)
    emit(kind="member.joined", subject=("member", key), data={"n": 1}, **values)


def test_every_subscriber_hears_once(
    heard: list[tuple[str, DomainEvent]], run_jobs: Callable[[], int]
) -> None:
    project = make_project()
    joined(project_id=project.id)
    db.session.commit()
    assert run_jobs() == 2
    assert run_jobs() == 0
    assert {name for name, _ in heard} == {"one", "two"}
    event = heard[0][1]
    assert (event.kind, event.project_id) == ("member.joined", project.id)
    assert (event.subject, event.data) == (("member", "m1"), {"n": 1})
    assert clock.now() - event.created_at < timedelta(minutes=1)


def test_what_was_rolled_back_did_not_happen(
    heard: list[tuple[str, DomainEvent]], run_jobs: Callable[[], int]
) -> None:
    joined()
    db.session.flush()
    db.session.rollback()
    assert run_jobs() == 0
    assert heard == []


def test_an_event_that_nobody_declared_is_refused(app: Flask) -> None:
    with pytest.raises(ValueError, match=r"member\.vanished"):
        emit(kind="member.vanished", project_id=None, subject=("member", "m1"))
    with pytest.raises(ValueError, match=r"member\.vanished"):
        subscribe("member.vanished", name="test.never")


def test_one_that_always_fails_holds_up_no_other_and_is_played_again(
    heard: list[tuple[str, DomainEvent]],
    run_jobs: Callable[[], int],
    caplog: pytest.LogCaptureFixture,
) -> None:
    sick = [True]

    def broken(event: DomainEvent) -> None:
        if sick:
            raise ConnectionError("no route")
        heard.append(("broken", event))

    subscribe("member.joined", name="test.broken")(broken)
    for number in range(3):
        joined(f"m{number}")
    db.session.commit()
    for _ in range(jobs.MAX_ATTEMPTS):
        run_jobs()
        db.session.execute(
            sa.update(JobRow).where(JobRow.state == "waiting").values(due_at=clock.now())
        )
        db.session.commit()
    assert len(heard) == 6
    dead = db.session.scalars(sa.select(JobRow).where(JobRow.state == JobState.FAILED)).all()
    assert {job.kind for job in dead} == {"event:test.broken"}
    assert len(dead) == 3
    sick.clear()
    for job in dead:
        service.retry(job=job)
    db.session.commit()
    assert run_jobs() == 3
    assert {event.subject[1] for name, event in heard if name == "broken"} == {"m0", "m1", "m2"}


def test_n_relays_turn_each_event_into_its_jobs_once(
    app: Flask, heard: list[tuple[str, DomainEvent]]
) -> None:
    for number in range(150):
        joined(f"m{number}")
    db.session.commit()
    barrier, moved = threading.Barrier(4), []

    def run() -> None:
        with app.app_context():
            barrier.wait()
            while count := relay():
                moved.append(count)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sum(moved) == 150
    assert db.session.scalar(sa.select(sa.func.count(JobRow.id))) == 300
    left = sa.select(sa.func.count()).where(DomainEventRow.relayed_at.is_(None))
    assert db.session.scalar(left) == 0


def test_an_event_that_commits_late_is_not_missed(
    app: Flask, heard: list[tuple[str, DomainEvent]], run_jobs: Callable[[], int]
) -> None:
    """A low id may appear after a high one was relayed."""
    joined("late")
    db.session.flush()
    row = db.session.scalars(sa.select(DomainEventRow)).one()
    values = {name: getattr(row, name) for name in ("kind", "subject_kind", "data", "created_at")}
    db.session.rollback()
    joined("early")
    db.session.commit()
    db.session.execute(sa.update(DomainEventRow).values(id=1000))
    db.session.commit()
    run_jobs()
    db.session.add(DomainEventRow(id=5, subject_key="late", **values))
    db.session.commit()
    run_jobs()
    assert [event.subject[1] for name, event in heard if name == "one"] == ["early", "late"]


def test_only_events_that_were_told_grow_old(app: Flask, run_jobs: Callable[[], int]) -> None:
    joined()
    db.session.commit()
    run_jobs()
    joined("new")
    db.session.flush()
    long_ago = clock.now() - timedelta(days=400)
    db.session.execute(sa.update(DomainEventRow).values(created_at=long_ago))
    [rule] = retention_rules()
    assert rule.delete(long_ago, 10) == 0
    # Not relayed yet: it must stay.
    assert rule.delete(clock.now() + timedelta(days=1), 10) == 1
    events = db.session.scalars(sa.select(DomainEventRow.subject_key)).all()
    assert events == ["new"]
