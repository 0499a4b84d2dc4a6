"""Backtests: asked for at the centre, reckoned by a job, compared with what was really given."""

import itertools
from collections import deque
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.club.queries import current_club
from portal.earning import moving
from portal.earning.beginnings import begin
from portal.earning.books import read_book
from portal.earning.models import Backtest, Book
from portal.earning.movements import (
    compare,
    facts_between,
    movements,
    posted_between,
    withdrawals,
)
from portal.earning.replaying import Movement, Replay
from portal.extensions import db
from portal.facts.models import Fact
from portal.jobs.registry import JobRun, job
from portal.jobs.service import enqueue

KIND = "earning.backtest"
Place = tuple[datetime, int]
BATCH = 1_000
KEPT_EVERY = 20
"""After so many batches the replay is kept, for a restart to go on from."""


def ask_backtest(*, actor: Account | None, draft: Book, since: date, until: date) -> Backtest:
    """Ask for a replay of a draft on the facts of some days, both included."""
    found = Backtest(
        book_id=draft.id, since=since, until=until, made_by_id=actor.id if actor else None
    )
    db.session.add(found)
    db.session.flush()
    record(
        actor=actor,
        action="earning.backtest_asked",
        subject=("earning_book", draft.public_id),
        project_id=None,
        facts={"since": since.isoformat(), "until": until.isoformat()},
    )
    enqueue(kind=KIND, payload={"backtest": found.id}, key=f"{KIND}:{found.public_id}")
    return found


@job(KIND, long=True)
def run_backtest(run: JobRun) -> None:
    """Replay the draft, then find who would have which tier; a restart goes on where it stopped."""
    found = db.session.get(Backtest, int(run.payload["backtest"]))
    if found is None or found.result is not None:
        return
    found_id, since, until = found.id, found.since, found.until
    replay = Replay(read_book(found.book_id), zone=current_club().time_zone)
    if not _is_kept(found):
        begin(replay, since)
    done = _replay(run, found, replay)
    replay.finish(clock.business_date(replay.zone))
    result = compare(posted_between(since, until), replay.given)
    days = dict(replay.days)
    result["tiers"] = moving.moves_of(since, until, days, lambda: run.checkpoint(done=done))
    found = db.session.get_one(Backtest, found_id)
    found.facts, found.finished_at = done, clock.now()
    found.result, found.kept = result, None


def _replay(run: JobRun, found: Backtest, replay: Replay) -> int:
    """Replay what is left of the facts; return how many there are in all."""
    found_id, since, until = found.id, found.since, found.until
    wanted = facts_between(since, until)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0
    done, last = _take_up(found, replay)
    taken = deque(each for each in withdrawals() if each[1] not in replay.withdrawn)
    for number in itertools.count(1):
        facts = list(db.session.scalars(_after(wanted, last).limit(BATCH)))
        if not facts:
            break
        upto = facts[-1].created_at
        moved = deque[Movement]()
        if replay.takes:
            moment = last[0] if last else None
            moved.extend(movements(since, until, after=moment, upto=upto))
        _feed(replay, facts, taken, moved)
        last, done = (upto, facts[-1].id), done + len(facts)
        db.session.expunge_all()
        if number % KEPT_EVERY == 0:
            kept = {"replay": replay.dump(), "done": done, "moment": upto.isoformat(),
                    "fact": last[1]}  # fmt: skip
            keep = sa.update(Backtest).where(Backtest.id == found_id)
            db.session.execute(keep.values(kept=kept))
        run.checkpoint(done=done, total=total)
    for moment, subject in taken:
        replay.withdraw(subject, moment)
    return done


def _take_up(found: Backtest, replay: Replay) -> tuple[int, Place | None]:
    """Return how many facts an earlier attempt has kept, and the last of them."""
    if found.kept is None or not _is_kept(found):
        return 0, None
    replay.load(found.kept["replay"])
    return found.kept["done"], (datetime.fromisoformat(found.kept["moment"]), found.kept["fact"])


def _is_kept(found: Backtest) -> bool:
    """Tell whether an earlier attempt was kept, as this release keeps it."""
    return found.kept is not None and "earned" in found.kept["replay"]


def _after(wanted: sa.Select[Any], last: Place | None) -> sa.Select[Any]:
    if last is None:
        return wanted
    moment, number = sa.literal(last[0], Fact.created_at.type), sa.literal(last[1], sa.BigInteger)
    return wanted.where(sa.tuple_(Fact.created_at, Fact.id) > sa.tuple_(moment, number))


def _feed(
    replay: Replay,
    facts: list[Fact],
    taken: deque[tuple[datetime, str]],
    moved: deque[Movement],
) -> None:
    """Replay facts, and between them what was withdrawn and moved, as it came."""
    for fact in facts:
        while taken and taken[0][0] < fact.created_at:
            moment, subject = taken.popleft()
            replay.withdraw(subject, moment)
        while moved and moved[0].moment < fact.created_at:
            replay.move(moved.popleft())
        replay.add(fact)
    for movement in moved:
        replay.move(movement)
