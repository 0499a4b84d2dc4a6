"""The plugin's background jobs."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.events.models import Occurrence
from plugins.events.policy import standing
from plugins.events.service import keep_time
from plugins.events.settling import JOBS
from plugins.events.states import State
from portal.sdk import Job, JobRun, db, now, open_projects

_AT_ONCE = 100


def keep_clock(run: JobRun) -> None:
    """Write down what the clock has opened, closed, begun and ended."""
    at = now()
    projects = {project.id: project for project in open_projects("events")}
    due = sa.or_(
        sa.and_(Occurrence.state == State.SCHEDULED, Occurrence.opens_at <= at),
        sa.and_(Occurrence.state == State.OPEN, Occurrence.closes_at <= at),
        sa.and_(Occurrence.state == State.CLOSED, Occurrence.starts_at <= at),
        sa.and_(Occurrence.state == State.RUNNING, Occurrence.ends_at <= at),
    )
    mine = sa.select(Occurrence).where(due, Occurrence.project_id.in_(projects))
    mine, after = mine.order_by(Occurrence.id).limit(_AT_ONCE), 0
    while some := db.session.scalars(mine.where(Occurrence.id > after)).all():
        for each in some:
            if standing(each, at) != each.state:
                keep_time(project=projects[each.project_id], occurrence=each, at=at)
        after = some[-1].id
        run.checkpoint(done=run.done + len(some))


def all_jobs() -> list[Job]:
    """Return every kind of job."""
    return [
        Job("events.keep_clock", keep_clock, every=timedelta(minutes=1)),
        *(Job(kind, handler, long=True) for kind, handler in JOBS.items()),
    ]
