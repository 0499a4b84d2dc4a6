"""Clearing away events whose subscribers have their jobs."""

from datetime import time, timedelta

from portal import clock
from portal.jobs.purging import purge
from portal.jobs.registry import JobRun, job
from portal.outbox.models import DomainEventRow

KEPT = timedelta(days=14)


@job("outbox.prune", at=time(3, 15), long=True)
def prune_events(run: JobRun) -> None:
    """Delete events that were relayed long ago; a job holds its own copy of its event."""
    purge(run, DomainEventRow, DomainEventRow.relayed_at < clock.now() - KEPT)
