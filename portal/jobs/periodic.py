"""Jobs that come again: one row for each slot of the clock, whichever runner is first.

The slot is computed, not counted: runners need not know of each other, and slots that passed while
nobody ran are not made up for, except the last.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask import current_app

from portal import clock
from portal.database.statements import insert_new
from portal.extensions import db, reading
from portal.jobs.models import OPEN_STATES, JobRow
from portal.jobs.registry import Job, known
from portal.jobs.service import new_row

ZONES = "portal.time_zones"
"""The extension that tells time zones: {project id: zone}, the club's under None."""
_PAUSE = 5.0
_ZONES_SECONDS = 60.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def current_slot(job: Job, zone: str, now: datetime) -> datetime:
    """Return when the slot of `now` began: of `every` since 1970, or the last `at` in `zone`."""
    if job.every is not None:
        return now - (now - _EPOCH) % job.every
    assert job.at is not None
    local = ZoneInfo(zone)
    today = now.astimezone(local).date()
    for date in (today, today - timedelta(days=1)):
        begins = datetime.combine(date, job.at, local).astimezone(UTC)
        if begins <= now:
            return begins
    return begins


class Schedule:
    """What this process has seen to already, so that asking again costs nothing."""

    def __init__(self) -> None:
        self.seen: dict[tuple[str, int | None], datetime] = {}
        self.next_look = 0.0
        self.zones: Mapping[int | None, str] = {None: "UTC"}
        self.zones_until = 0.0

    def fill_slots(self) -> None:
        """Put a job into each slot that has begun, and commit; at most every few seconds."""
        if time.monotonic() < self.next_look:
            return
        self.next_look = time.monotonic() + _PAUSE
        begun = [
            (job, project_id, slot)
            for job, project_id, slot in self._slots(clock.now())
            if self.seen.get((job.kind, project_id)) != slot
        ]
        if not begun:
            return
        busy = _busy({job.kind for job, _, _ in begun})
        filled = [each for each in begun if (each[0].kind, each[1]) not in busy]
        for job, project_id, slot in filled:
            if job.wants is None or job.wants(project_id):
                _fill(job, project_id, slot)
        db.session.commit()
        # What is still at work on an earlier slot is looked at again.
        self.seen.update({(job.kind, project_id): slot for job, project_id, slot in filled})

    def _slots(self, now: datetime) -> Iterator[tuple[Job, int | None, datetime]]:
        jobs = [job for job in known().values() if job.every is not None or job.at is not None]
        if time.monotonic() >= self.zones_until:
            told: Callable[[], Mapping[int | None, str]] = current_app.extensions[ZONES]
            with reading():
                self.zones = dict(told())
                db.session.rollback()
            self.zones_until = time.monotonic() + _ZONES_SECONDS
        for job in jobs:
            for project_id, zone in self.zones.items():
                if job.per_project == (project_id is not None):
                    yield job, project_id, current_slot(job, zone, now)


def _busy(kinds: set[str]) -> set[tuple[str, int | None]]:
    rows = db.session.execute(
        sa.select(JobRow.kind, JobRow.project_id)
        .where(JobRow.state.in_(OPEN_STATES), JobRow.kind.in_(kinds))
        .distinct()
    )
    return {(row.kind, row.project_id) for row in rows}


def _fill(job: Job, project_id: int | None, slot: datetime) -> None:
    place = job.kind if project_id is None else f"{job.kind}:{project_id}"
    row = new_row(
        job,
        payload={"slot": slot.isoformat()},
        project_id=project_id,
        key=f"{place}:{slot:%Y-%m-%dT%H:%M:%SZ}",
        due_at=slot,
    )
    insert_new(JobRow, [row])
