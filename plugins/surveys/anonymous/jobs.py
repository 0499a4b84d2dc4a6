"""The job of anonymous waves: shuffle what is due, then pay, what was refused elsewhere too."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.surveys.anonymous import paying, shuffling
from plugins.surveys.models import Participation, Wave
from plugins.surveys.states import OPEN, State
from portal.sdk import Job, JobRun, db, now, open_projects


def shuffle_and_pay(run: JobRun) -> None:
    """Shuffle the batches that are full, finish closed waves, pay for what is sealed or was
    refused."""
    here = {project.id: project for project in open_projects("surveys")}
    anonymous = sa.select(Wave).where(Wave.project_id.in_(here), Wave.named.is_(False))
    at = now()
    unmixed = anonymous.where(Wave.shuffled_at.is_(None), Wave.state.in_((*OPEN, State.CLOSED)))
    for wave in db.session.scalars(unmixed.order_by(Wave.id)).all():
        if shuffling.may_finish(wave, at):
            shuffling.shuffle_all(wave, at)
        elif shuffling.waiting(wave):
            shuffling.shuffle_batch(wave)
        run.checkpoint(done=run.done + 1)
    unpaid = sa.exists().where(
        Participation.wave_id == Wave.id, Participation.answered, Participation.rewarded.is_(False)
    )
    for wave in db.session.scalars(
        sa.select(Wave).where(Wave.project_id.in_(here), Wave.points > 0, unpaid).order_by(Wave.id)
    ).all():
        while paying.pay_some(wave, here[wave.project_id]):
            run.checkpoint(done=run.done + 1)


def all_jobs() -> list[Job]:
    """Return the job of anonymous waves."""
    every = timedelta(minutes=10)
    return [Job("surveys.shuffle_and_pay", shuffle_and_pay, every=every, long=True)]
