"""Sending an announcement, a batch at a time, so that it can be stopped and resumed."""

import sqlalchemy as sa

from portal.announcements.models import Announcement
from portal.announcements.queries import SEND
from portal.announcements.service import tell_batch
from portal.extensions import db
from portal.jobs.registry import JobRun, job


@job(SEND, long=True)
def send(run: JobRun) -> None:
    """Tell everybody whom the announcement is for, from where it stands."""
    while True:
        announcement = db.session.scalar(
            sa.select(Announcement)
            .where(Announcement.public_id == run.payload["announcement"])
            .execution_options(populate_existing=True)
        )
        if announcement is None or not tell_batch(announcement):
            return
        run.checkpoint(done=announcement.told, total=announcement.total)
