"""Jobs that come again: one a slot, whoever is first, in the right time zone."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.jobs.models import JobRow, JobState
from portal.jobs.periodic import Schedule, current_slot
from portal.jobs.privacy import LEAST_DAYS
from portal.jobs.registry import LONGEST_PERIOD, Job
from portal.jobs.runner import Runner
from tests.factories import make_project

Kind = Callable[..., str]
NOON = datetime(2026, 3, 4, 12, 0, 20, tzinfo=UTC)


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock."""

    def set_clock(at: datetime) -> None:
        monkeypatch.setattr(clock, "now", lambda: at)

    set_clock(NOON)
    return set_clock


def fill(*schedules: Schedule) -> list[str]:
    """Let each look at the clock; return the keys of all jobs, oldest first."""
    for schedule in schedules:
        schedule.next_look = 0
        schedule.fill_slots()
    keys = db.session.scalars(sa.select(JobRow.key).order_by(JobRow.due_at, JobRow.key)).all()
    db.session.rollback()
    return [str(key) for key in keys]


def finish() -> None:
    """End what waits."""
    db.session.execute(sa.update(JobRow).values(state=JobState.DONE, finished_at=clock.now()))
    db.session.commit()


def nothing(run: object) -> None:
    """Do nothing."""


def test_n_runners_fill_a_slot_once(kind: Kind, now: Callable[[datetime], None]) -> None:
    kind(nothing, "test.tick", every=timedelta(minutes=1))
    several = [Schedule() for _ in range(3)]
    assert fill(*several) == ["test.tick:2026-03-04T12:00:00Z"]
    finish()
    assert len(fill(*several, Schedule())) == 1, "a new process knows that the slot was filled"
    now(NOON + timedelta(minutes=1))
    assert fill(*several)[1:] == ["test.tick:2026-03-04T12:01:00Z"]


def test_missed_slots_are_not_made_up_for(kind: Kind, now: Callable[[datetime], None]) -> None:
    kind(nothing, "test.tick", every=timedelta(minutes=1))
    schedule = Schedule()
    fill(schedule)
    finish()
    now(NOON + timedelta(hours=5))
    assert len(fill(schedule)) == 2


def test_slots_do_not_pile_up_behind_a_slow_one(
    kind: Kind, now: Callable[[datetime], None]
) -> None:
    kind(nothing, "test.tick", every=timedelta(minutes=1))
    schedule = Schedule()
    fill(schedule)
    for minutes in (1, 2, 3):
        now(NOON + timedelta(minutes=minutes))
        assert len(fill(schedule)) == 1
    finish()
    assert fill(schedule)[1:] == ["test.tick:2026-03-04T12:03:00Z"]


def test_each_project_has_its_own_hour(
    app: Flask, kind: Kind, now: Callable[[datetime], None]
) -> None:
    near, far = make_project(slug="near"), make_project(slug="far")
    far.time_zone = "Europe/London"
    db.session.commit()
    kind(nothing, "test.daily", at=time(20, 0), per_project=True)
    kind(nothing, "test.club", at=time(20, 0))
    schedule = Schedule()
    # 12:00:20 in UTC is past eight in the evening in Shanghai, noon in London.
    assert fill(schedule) == [
        f"test.daily:{far.id}:2026-03-03T20:00:00Z",
        "test.club:2026-03-04T12:00:00Z",
        f"test.daily:{near.id}:2026-03-04T12:00:00Z",
    ]
    projects = db.session.execute(sa.select(JobRow.kind, JobRow.project_id)).all()
    assert set(projects) == {
        ("test.daily", far.id),
        ("test.daily", near.id),
        ("test.club", None),
    }
    finish()
    now(NOON.replace(hour=20))
    assert fill(schedule)[3:] == [f"test.daily:{far.id}:2026-03-04T20:00:00Z"]


def test_what_nobody_wants_gets_no_slot(kind: Kind, now: Callable[[datetime], None]) -> None:
    kind(nothing, "test.tick", every=timedelta(minutes=1), wants=lambda project_id: False)
    assert fill(Schedule()) == []


def test_an_hour_that_a_change_of_clocks_skips_has_one_slot() -> None:
    job = Job("test.daily", nothing, at=time(2, 30))
    zone = "Europe/Berlin"  # 29 March 2026: 02:00 becomes 03:00
    before = current_slot(job, zone, datetime(2026, 3, 29, 0, 59, tzinfo=UTC))
    after = current_slot(job, zone, datetime(2026, 3, 29, 1, 31, tzinfo=UTC))
    assert before == datetime(2026, 3, 28, 1, 30, tzinfo=UTC)
    assert after == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_the_mark_of_a_slot_outlives_it() -> None:
    assert timedelta(days=LEAST_DAYS) > LONGEST_PERIOD


@pytest.mark.parametrize(
    "options",
    [
        {"every": timedelta(seconds=1)},
        {"every": timedelta(days=8)},
        {"every": timedelta(days=1), "at": time(3)},
        {"per_project": True},
    ],
)
def test_impossible_times_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"test\.tick"):
        Job("test.tick", nothing, **options)


def test_runners_together_do_a_slot_once(app: Flask, kind: Kind) -> None:
    done: list[int] = []
    kind(lambda run: done.append(run.id), "test.tick", every=timedelta(days=1))
    runners = [Runner(app) for _ in range(3)]
    for runner in runners:
        runner.start()
    for _ in range(100):
        if done:
            break
        runners[0].stopping.wait(0.05)
    for runner in runners:
        runner.stop()
    assert {runner.join(20) for runner in runners} == {True}
    assert len(done) == 1
