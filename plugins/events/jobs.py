"""The plugin's background jobs."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.events.asking.keeping import forget
from plugins.events.ballot.jobs import draw_due_ones
from plugins.events.ballot.outcome import tell_draw
from plugins.events.counting import no_room
from plugins.events.models import Occurrence, Registration
from plugins.events.policy import standing
from plugins.events.reminding import remind
from plugins.events.seats import lock_quotas
from plugins.events.series.changing import SERIES_JOB, pass_on
from plugins.events.service import keep_time
from plugins.events.settling import JOBS
from plugins.events.states import Seat, State
from plugins.events.waiting import serve
from portal.sdk import Job, JobRun, db, now, open_projects

_AT_ONCE = 100


def keep_clock(run: JobRun) -> None:
    """Write down what the clock has opened, closed, begun and ended."""
    at = now()
    projects = {project.id: project for project in open_projects("events")}
    opening = sa.func.coalesce(Occurrence.first_opens_at, Occurrence.opens_at)
    due = sa.or_(
        sa.and_(Occurrence.state == State.SCHEDULED, opening <= at),
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


def serve_queues(run: JobRun) -> None:
    """End offers whose time is over, and offer what is free to who waits."""
    at = now()
    projects = {project.id: project for project in open_projects("events")}
    mine = (
        sa.select(Registration.occurrence_id)
        .distinct()
        .where(Registration.project_id.in_(projects))
        .order_by(Registration.occurrence_id)
    )
    over = mine.where(Registration.state == Seat.HELD, Registration.offer_until <= at)
    due = (
        mine.join(Occurrence, Occurrence.id == Registration.occurrence_id)
        .where(Registration.state == Seat.WAITING, ~no_room())
        .where(Occurrence.state.in_((State.OPEN, State.CLOSED)))
    )
    for number in sorted({*db.session.scalars(over), *db.session.scalars(due)}):
        quotas = lock_quotas(number)
        occurrence = db.session.get_one(Occurrence, number, populate_existing=True)
        serve(occurrence, quotas, projects[occurrence.project_id], at)
        run.checkpoint(done=run.done + 1)


def all_jobs() -> list[Job]:
    """Return every kind of job."""
    return [
        Job("events.keep_clock", keep_clock, every=timedelta(minutes=1)),
        Job("events.forget_answers", forget, every=timedelta(days=1), long=True),
        Job("events.remind", remind, every=timedelta(minutes=10)),
        Job("events.draw", draw_due_ones, every=timedelta(minutes=1)),
        Job("events.tell_draw", tell_draw, long=True),
        Job(SERIES_JOB, pass_on, long=True),
        Job("events.serve_queues", serve_queues, every=timedelta(minutes=1)),
        *(Job(kind, handler, long=True) for kind, handler in JOBS.items()),
    ]
