"""Sealing and verifying the audit trail, by the clock."""

from datetime import time, timedelta

from portal.audit.checking import note_check, verify
from portal.audit.sealing import BATCH, SealTakenError, seal_entries
from portal.extensions import db, reading
from portal.jobs.registry import JobRun, job


@job("audit.seal", every=timedelta(minutes=10))
def seal(run: JobRun) -> None:
    """Seal what was added since the last time; another sealer at work leaves nothing to do."""
    _seal_all(run, everything=False)


@job("audit.verify", at=time(4, 20), long=True)
def verify_daily(run: JobRun) -> None:
    """Seal what is left, of any age, verify the whole chain and keep the result."""
    _seal_all(run, everything=True)
    with reading():
        # The whole chain is read: nobody waits meanwhile to write.
        db.session.rollback()
        found = verify()
        db.session.rollback()
    note_check(found=found)


def _seal_all(run: JobRun, *, everything: bool) -> None:
    done = run.done
    try:
        while (sealed := seal_entries(everything=everything)) is not None:
            done += sealed.entries
            run.checkpoint(done=done)
            if sealed.entries < BATCH:
                return
    except SealTakenError:
        return
