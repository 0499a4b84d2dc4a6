"""Looking through the stored files, once a week."""

import logging
from datetime import timedelta

from portal.extensions import db, reading
from portal.files.sweep import sweep
from portal.jobs.registry import JobRun, job

_log = logging.getLogger("portal.files")
_LEFT_ALONE = timedelta(days=1)
"""Younger files may belong to an upload whose row is not committed yet."""


@job("files.sweep", every=timedelta(days=7), long=True)
def sweep_files(run: JobRun) -> None:
    """Remove bytes that no row names; name the rows whose bytes are gone in the log."""
    # Looking takes long: nobody waits for its lock meanwhile.
    with reading():
        found = sweep(older_than=_LEFT_ALONE)
        db.session.rollback()
    if found.lost:
        _log.error("bytes are missing of the files %s", ", ".join(found.lost[:20]))
