"""Trying a draft: begun in a request, reckoned to its end by a job where it is long, kept in a row.

After each stretch the job commits how far it has come with what the next one needs, so that one
that is interrupted goes on where it was; nothing else is written.
"""

from datetime import date
from typing import Any

from plugins.referrals.corrections.drafts import pack, unpack
from plugins.referrals.models import Trial
from plugins.referrals.rules import Draft
from plugins.referrals.trials.figures import Figures, carried_of, figures_of
from plugins.referrals.trials.reckoning import Reckoning
from plugins.referrals.trials.stretch import LENGTH, count, next_stretch
from portal.sdk import JobRun, ProjectRef, db, enqueue, find_projects, now, record

TRIAL_JOB = "referrals.try_draft"
AT_ONCE = 5
"""Stretches that are reckoned while somebody waits: some five hundred leads."""


def ask(*, actor: Any, project: ProjectRef, draft: Draft, after: int, today: date) -> Trial:
    """Say what a draft would have given for the leads of the year that ends `today`; where they are
    many, a job goes on with it.

    `after`: the newest version that the writer saw, 0 for none.
    """
    made = Trial(
        project_id=project.id, draft=pack(draft), after=after, today=today, made_by=actor.id,
        done=0, found=Figures().as_json(),
    )  # fmt: skip
    db.session.add(made)
    for _ in range(AT_ONCE):
        if not made.finished_at:
            go_on(made, project)
    db.session.flush()
    if not made.finished_at:
        enqueue(
            kind=TRIAL_JOB, payload={"trial": made.id}, project_id=project.id,
            key=f"{TRIAL_JOB}:{made.public_id}",
        )  # fmt: skip
    record(
        actor=actor,
        action="referrals.draft_tried",
        subject=("referrals_trial", made.public_id),
        project_id=project.id,
        facts={"until": today.isoformat()},
    )
    return made


def try_draft(run: JobRun) -> None:
    """Reckon a trial to its end; the job of one."""
    number = run.payload["trial"]
    while (trial := db.session.get(Trial, number)) is not None and trial.finished_at is None:
        project = find_projects([trial.project_id])[trial.project_id]
        go_on(trial, project)
        run.checkpoint(done=trial.done, total=trial.total)


def go_on(trial: Trial, project: ProjectRef, *, length: int = LENGTH) -> None:
    """Reckon the next stretch of a trial; the last one ends it."""
    figures, carried = figures_of(trial.found), carried_of(trial.found)
    # Nothing is written before everything is read.
    with db.session.no_autoflush:
        total = count(project, trial.today) if trial.total is None else trial.total
        stretch = next_stretch(project, trial.today, carried.place, length)
        if stretch is not None:
            Reckoning(project, unpack(trial.draft), figures, carried).take(stretch)
    steps = len(stretch.steps) if stretch else 0
    trial.total, trial.done = total, trial.done + steps
    if steps < length:
        trial.found, trial.finished_at = figures.as_json(), now()
    else:
        trial.found = figures.as_json() | carried.as_json()
