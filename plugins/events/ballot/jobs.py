"""The clock's part: freeze what is over, draw what is due."""

import sqlalchemy as sa

from plugins.events.ballot.models import Ballot
from plugins.events.ballot.service import freeze, hold_draw
from plugins.events.ballot.terms import draw_due, entries_end
from plugins.events.models import Occurrence
from plugins.events.policy import standing
from plugins.events.seats import lock_quotas
from plugins.events.states import State
from portal.sdk import JobRun, db, now, open_projects


def draw_due_ones(run: JobRun) -> None:
    """Freeze every list of entries whose time is over, and draw what waits for no public number."""
    at = now()
    projects = {project.id: project for project in open_projects("events")}
    mine = (
        sa.select(Occurrence)
        .join(Ballot, Ballot.occurrence_id == Occurrence.id)
        .where(
            Ballot.drawn_at.is_(None),
            Occurrence.project_id.in_(projects),
            Occurrence.state.in_((State.OPEN, State.CLOSED)),
        )
        .order_by(Occurrence.id)
    )
    due = [each for each in db.session.scalars(mine) if entries_end(each) <= at]
    for number, project_id in [(each.id, each.project_id) for each in due]:
        quotas = lock_quotas(number)
        occurrence = db.session.get_one(Occurrence, number, populate_existing=True)
        ballot = freeze(occurrence, quotas, at)
        waits = ballot is not None and ballot.drawn_at is None and not ballot.source
        taking = standing(occurrence, at) in (State.OPEN, State.CLOSED)
        if waits and taking and draw_due(occurrence) <= at:
            hold_draw(actor=None, occurrence_id=number, project=projects[project_id], at=at)
        run.checkpoint(done=run.done + 1)
