"""The plugin's background jobs: the timer of every minute, and changed calendars."""

from datetime import time, timedelta

import sqlalchemy as sa

from plugins.complaints import bursts, clocks, digest, looks, promising, timing
from plugins.complaints.casework import lock
from plugins.complaints.models import Clock
from plugins.complaints.subscribing.service import NEWS, tell_followers
from portal.sdk import Job, JobRun, db, find_projects, now, open_projects

_AT_ONCE = 100


def keep_time(run: JobRun) -> None:
    """Judge clocks whose time is up, and end pauses and proposals that have run out."""
    projects = {project.id: project for project in open_projects("complaints")}
    while some := timing.ringing(projects, now(), _AT_ONCE):
        run.checkpoint(done=run.done)
        changed = sum(
            timing.ring(case_id=case, clock_id=clock, project=projects[project])
            for case, clock, project in some
        )
        run.checkpoint(done=run.done + changed)
        if not changed:
            break
    while over := timing.running_out(projects, now(), _AT_ONCE):
        run.checkpoint(done=run.done)
        changed = sum(
            timing.run_out(case_id=case, project=projects[project]) for case, project in over
        )
        run.checkpoint(done=run.done + changed)
        if not changed:
            break
    while some_late := looks.stale(projects, _AT_ONCE):
        late = [(review.id, review.case_id, review.project_id) for review in some_late]
        run.checkpoint(done=run.done)
        changed = sum(
            looks.release(review_id=review, case_id=case, project=projects[project])
            for review, case, project in late
        )
        run.checkpoint(done=run.done + changed)
        if not changed:
            break
    while over_days := promising.broken(projects.values(), _AT_ONCE):
        due = [(each.id, each.case_id, each.project_id) for each in over_days]
        run.checkpoint(done=run.done)
        changed = sum(
            promising.break_(promise_id=number, case_id=case, project=projects[project])
            for number, case, project in due
        )
        run.checkpoint(done=run.done + changed)
        if not changed:
            break


def watch_bursts(run: JobRun) -> None:
    """Look for bursts in every project, one after the other."""
    for project in open_projects("complaints"):
        run.checkpoint(done=run.done)
        changed = bursts.scan(project)
        run.checkpoint(done=run.done + changed)


def recompute(run: JobRun) -> None:
    """Give the running clocks of a project the deadlines of its present calendar."""
    project = find_projects([run.project_id or 0])[run.project_id or 0]
    calendar, after = clocks.calendar_of(project), int(run.payload.get("after", 0))
    mine = sa.select(Clock.id, Clock.case_id).where(
        Clock.project_id == project.id, Clock.running.is_(True)
    )
    while some := db.session.execute(
        mine.where(Clock.id > after).order_by(Clock.id).limit(_AT_ONCE)
    ).all():
        run.checkpoint(done=run.done)
        for clock_id, case_id in some:
            case = lock(case_id)
            clock = db.session.get_one(Clock, clock_id, populate_existing=True)
            if clocks.recompute(clock, calendar):
                clocks.refresh_due(case)
        after = some[-1][0]
        run.checkpoint(done=run.done + len(some), payload={"after": after})


def all_jobs() -> list[Job]:
    """Return every kind of job."""
    return [
        Job("complaints.keep_time", keep_time, every=timedelta(minutes=1)),
        Job(NEWS, tell_followers),
        Job("complaints.digest", digest.send, at=time(7, 30)),
        Job("complaints.watch_bursts", watch_bursts, every=timedelta(hours=1)),
        # Daily as well: a year that has been published makes provisional deadlines firm.
        Job("complaints.recompute", recompute, at=time(2), per_project=True),
    ]
