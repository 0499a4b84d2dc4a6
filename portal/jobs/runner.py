"""The runner: takes jobs and does them, until it is told to stop.

Any number of runners share the work, in one process or many. Each has two threads; one of them
leaves long jobs to the other, so that a roster of 100,000 rows holds up no message.
"""

import fnmatch
import logging
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.extensions import db, reading
from portal.jobs import leasing, waking
from portal.jobs.models import JobState
from portal.jobs.periodic import Schedule
from portal.jobs.registry import known
from portal.jobs.run import Run, work

POLL_SECONDS = 1.0
PATIENCE = timedelta(minutes=15)
"""A job that shows no sign (no checkpoint) for so long loses its lease: it hangs."""
_TROUBLE_SECONDS = 5.0
_log = logging.getLogger("portal.jobs")


@dataclass(frozen=True)
class Source:
    """Where jobs come from besides `enqueue`: `waiting` asks whether there is something to turn
    into jobs, `move` does so and commits."""

    waiting: Callable[[], sa.Exists]
    move: Callable[[], int]


SOURCES: list[Source] = []


class Runner:
    """A set of threads that do jobs; `kinds`: patterns such as `roster.*`, empty for all."""

    def __init__(
        self, app: Flask, *, kinds: Collection[str] = (), lease: timedelta = leasing.LEASE
    ) -> None:
        self.app, self.patterns, self.lease = app, tuple(kinds), lease
        self.name = f"{socket.gethostname()[:30]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.stopping = threading.Event()
        self.runs: dict[str, Run] = {}
        self.schedule = Schedule()
        self.threads: list[threading.Thread] = []

    def start(self) -> None:
        """Begin to work, in threads of this process."""
        for name, target in (
            ("all", lambda: self._serve("all", long=True)),
            ("short", lambda: self._serve("short", long=False)),
            ("beat", self._beat),
        ):
            thread = threading.Thread(target=target, name=f"jobs-{name}", daemon=True)
            self.threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Ask the threads to end after the job, or the chunk of a long job, that they do now."""
        self.stopping.set()
        waking.bell.set()

    def join(self, seconds: float | None = None) -> bool:
        """Wait for the threads to end; False when they did not in so many seconds."""
        until = None if seconds is None else time.monotonic() + seconds
        for thread in self.threads:
            thread.join(None if until is None else max(until - time.monotonic(), 0))
        return not any(thread.is_alive() for thread in self.threads)

    def run_once(self) -> int:
        """Do what is due now in the calling thread; return how many attempts were made."""
        made = 0
        beat = threading.Thread(target=self._beat, name="jobs-beat", daemon=True)
        beat.start()
        while not self.stopping.is_set():
            moved, attempted = self._step("once", long=True)
            made += attempted
            if not moved:
                break
        self.stopping.set()
        beat.join()
        return made

    def _serve(self, place: str, *, long: bool) -> None:
        while not self.stopping.is_set():
            try:
                moved, _ = self._step(place, long=long)
            except SQLAlchemyError as error:
                # The database is away or busy: what was taken is taken again after its lease.
                _log.warning("jobs wait for the database: %s", str(error).splitlines()[0])
                self.stopping.wait(_TROUBLE_SECONDS)
            except Exception:
                _log.exception("the runner stumbled")
                self.stopping.wait(_TROUBLE_SECONDS)
            else:
                if not moved and waking.bell.wait(POLL_SECONDS):
                    waking.bell.clear()
                    if self.stopping.is_set():
                        # Rung by `stop`, for the other thread as well: it may not have heard it.
                        waking.bell.set()

    def _step(self, place: str, *, long: bool) -> tuple[bool, int]:
        """Fill slots, relay, do one job; tell whether anything moved, and the attempts made."""
        owner = f"{self.name}:{place}"
        with self.app.app_context():
            kinds = self._kinds(long=long)
            self.schedule.fill_slots()
            work_waits, sources = _look(kinds)
            moved = sum(source.move() for source in sources)
            job = leasing.claim(owner, kinds, self.lease) if work_waits else None
        if job is None:
            return bool(moved), 0
        run = self.runs[owner] = Run(job, owner, self.lease, self.stopping.is_set)
        try:
            with self.app.app_context():
                ended = work(run)
        finally:
            del self.runs[owner]
        _log.info("job %s (%d): %s", job.kind, job.id, ended or "lost")
        return True, int(ended in (JobState.DONE, JobState.FAILED, JobState.SKIPPED))

    def _kinds(self, *, long: bool) -> list[str]:
        return [
            kind
            for kind, job in known().items()
            if (long or not job.long)
            and (not self.patterns or any(fnmatch.fnmatch(kind, each) for each in self.patterns))
        ]

    def _beat(self) -> None:
        """Renew the leases of what runs, until it looks as if it hung."""
        pause = self.lease.total_seconds() / 3
        while not self.stopping.wait(pause) or self._draining():
            for run in list(self.runs.values()):
                if time.monotonic() - run.last_sign < PATIENCE.total_seconds():
                    self._renew(run)
            if self.stopping.is_set():
                # The wait above does not wait any more.
                time.sleep(min(pause, 0.5))

    def _draining(self) -> bool:
        workers = [each for each in self.threads if each is not threading.current_thread()]
        return bool(self.runs) or any(each.is_alive() for each in workers)

    def _renew(self, run: Run) -> None:
        try:
            with self.app.app_context():
                leasing.renew(run.id, run.owner, clock.now() + self.lease)
        except SQLAlchemyError as error:
            # On SQLite the handler itself may hold the write lock: then nobody else can take
            # the job either.
            _log.info("a lease could not be renewed: %s", str(error).splitlines()[0])


def _look(kinds: Collection[str]) -> tuple[bool, list[Source]]:
    """Ask in one statement, which only reads, what there is to do."""
    with reading():
        asked = [leasing.due(kinds).exists(), *(source.waiting() for source in SOURCES)]
        row = db.session.execute(sa.select(*asked)).one()
        db.session.rollback()
    return bool(row[0]), [source for source, waits in zip(SOURCES, row[1:], strict=True) if waits]
