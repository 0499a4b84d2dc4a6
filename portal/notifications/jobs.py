"""Clearing away messages that the inbox does not show any more."""

from datetime import time

from portal import clock
from portal.jobs.purging import purge
from portal.jobs.registry import JobRun, job
from portal.notifications.models import Notification
from portal.notifications.queries import SHOWN


@job("notifications.prune", at=time(3, 40), long=True)
def prune(run: JobRun) -> None:
    """Delete what is older than the inbox shows."""
    purge(run, Notification, Notification.created_at < clock.now() - SHOWN)
