"""Opening and closing by the clock: half an hour's grace is given to answers at the close."""

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta

import sqlalchemy as sa

from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Wave
from plugins.surveys.states import OPEN, State
from plugins.surveys.waves.service import take_step
from portal.sdk import Job, JobRun, ProjectRef, db, now, open_projects

GRACE = timedelta(minutes=30)
_AT_ONCE = 100


def takes_answers(wave: Wave, at: datetime) -> bool:
    """Tell whether an answer still counts: in field, until half an hour after the close."""
    return wave.state == State.FIELD and (wave.closes_at is None or at < wave.closes_at + GRACE)


def keep_clock(run: JobRun) -> None:
    """Open what is due, close what is over."""
    here = {project.id: project for project in open_projects("surveys")}
    at = now()
    for wave, step in list(_due(set(here), at)):
        if _tick(here[wave.project_id], wave, step, at):
            run.checkpoint(done=run.done + 1)


def _due(projects: set[int], at: datetime) -> Iterator[tuple[Wave, str]]:
    mine = sa.select(Wave).where(Wave.project_id.in_(projects)).order_by(Wave.id).limit(_AT_ONCE)
    opening = mine.where(Wave.state == State.FROZEN, Wave.opens_at <= at)
    closing = mine.where(Wave.state.in_(OPEN), Wave.closes_at <= at - GRACE)
    for wave in db.session.scalars(opening):
        yield wave, "open"
    for wave in db.session.scalars(closing):
        yield wave, "close"


def _tick(project: ProjectRef, wave: Wave, step: str, at: datetime) -> bool:
    # Somebody did it by hand meanwhile: then nothing is left to do.
    with contextlib.suppress(SurveyError), db.session.begin_nested():
        take_step(actor=None, project=project, wave=wave, step=step, version=wave.version, at=at)
        return True
    return False


def all_jobs() -> list[Job]:
    """Return every kind of job of waves."""
    return [Job("surveys.keep_clock", keep_clock, every=timedelta(minutes=5))]
