"""Backtests: asked for at the centre, reckoned by a job, compared with what was really given."""

from datetime import date

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.earning.books import read_book
from portal.earning.models import Backtest, Book
from portal.earning.replaying import (
    BATCH,
    Replay,
    compare,
    facts_between,
    posted_between,
    withdrawals,
)
from portal.extensions import db
from portal.facts.models import Fact
from portal.jobs.registry import JobRun, job
from portal.jobs.service import enqueue

KIND = "earning.backtest"


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
    """Replay the draft; a restart begins anew, since nothing of it is kept before the end."""
    found = db.session.get(Backtest, int(run.payload["backtest"]))
    if found is None or found.result is not None:
        return
    found_id, book_id, since, until = found.id, found.book_id, found.since, found.until
    replay = Replay(read_book(book_id))
    wanted = facts_between(since, until)
    total = db.session.scalar(sa.select(sa.func.count()).select_from(wanted.subquery())) or 0
    taken = withdrawals()
    done, last = 0, None
    while True:
        batch = wanted
        if last is not None:
            batch = wanted.where(sa.tuple_(Fact.created_at, Fact.id) > sa.tuple_(*last))
        facts = list(db.session.scalars(batch.limit(BATCH)))
        for fact in facts:
            while taken and taken[0][0] < fact.created_at:
                replay.withdraw(taken.pop(0)[1])
            replay.add(fact)
        if not facts:
            break
        last, done = (facts[-1].created_at, facts[-1].id), done + len(facts)
        db.session.expunge_all()
        run.checkpoint(done=done, total=total)
    for _moment, subject in taken:
        replay.withdraw(subject)
    found = db.session.get_one(Backtest, found_id)
    found.facts, found.finished_at = done, clock.now()
    found.result = compare(posted_between(since, until), replay.given)
