"""The ledger's work by the clock: expiring, timing out, sealing, and proving itself."""

import logging
from datetime import time, timedelta

from portal import clock
from portal.extensions import db, reading
from portal.jobs.registry import JobRun, job
from portal.points import chain, expiring, policies, proving, reminders
from portal.points.verify import verify

_log = logging.getLogger("portal.points")


@job("points.expire", at=time(0, 10), long=True)
def expire(run: JobRun) -> None:
    """Book what expires or matures today, in batches that a restart takes up again."""
    after, done = int(run.payload.get("after", 0)), run.done
    while (batch := expiring.expire_batch(after=after)).after is not None:
        after, done = batch.after, done + batch.lots
        run.checkpoint(done=done, payload={**run.payload, "after": after})


@job("points.remind", at=time(9, 10), long=True)
def remind(run: JobRun) -> None:
    """Tell owners what runs out, in batches that a restart takes up again."""
    after, done = int(run.payload.get("after", 0)), run.done
    while (batch := reminders.remind_batch(after=after)).after is not None:
        after, done = batch.after, done + batch.accounts
        run.checkpoint(done=done, payload={**run.payload, "after": after})


@job("points.time_out_holds", every=timedelta(minutes=5))
def time_out_holds(run: JobRun) -> None:
    """Give the points of holds back whose time is over."""
    done = run.done
    while ended := expiring.time_out_batch():
        done += ended
        run.checkpoint(done=done)


@job("points.seal", every=timedelta(minutes=10))
def seal(run: JobRun) -> None:
    """Add what was posted to the hash chain."""
    done = run.done
    while sealed := chain.seal_batch():
        done += sealed
        run.checkpoint(done=done)


@job("points.verify", at=time(3, 40), long=True)
def verify_nightly(run: JobRun) -> None:
    """Prove the whole ledger, keep what was found and tell of faults."""
    started_at = clock.now()
    with reading():
        # Every account is looked through: nobody waits meanwhile to write.
        db.session.rollback()
        found = verify()
        db.session.rollback()
    for fault in found:
        _log.error("points: %s at account %s: %s", fault.rule, fault.account_id, fault.text)
    proving.keep(started_at=started_at, found=found)


@job("points.rules", at=time(0, 2))
def apply_rules(run: JobRun) -> None:
    """Let the rules that were planned for today apply."""
    policies.apply_due(expiring.club_today())
