"""Marks in members' data: copied, the words erased, all of a project deleted."""

import sqlalchemy as sa

from plugins.events.ladder import words
from plugins.events.ladder.models import (
    Appeal,
    Pause,
    Penalty,
    Pledge,
    Policy,
    Waiver,
)
from plugins.events.models import Occurrence
from portal.sdk import ExportPart, MemberRef, ProjectRef, db, lazy, localized, now

_COLUMNS = {
    "title": lazy("Title"),
    "cause": lazy("Cause"),
    "marks": lazy("Marks"),
    "since": lazy("Day"),
    "counts_until": lazy("Counts until"),
    "state": lazy("State"),
    "appeal": lazy("Your appeal"),
    "answer": lazy("Answer"),
}


def export_of(member: MemberRef) -> ExportPart:
    """Return a member's marks with what was said about them."""
    rows = db.session.execute(
        sa.select(Penalty, Appeal, Occurrence)
        .join(Occurrence, Occurrence.id == Penalty.occurrence_id)
        .outerjoin(Appeal, Appeal.penalty_id == Penalty.id)
        .where(Penalty.member_id == member.id)
        .order_by(Penalty.created_at, Penalty.id)
    )
    told = [
        {
            "title": localized(occurrence.event.title),
            "cause": str(words.CAUSES[mark.cause]),
            "marks": mark.weight,
            "since": mark.since,
            "counts_until": mark.expires_at,
            "state": str(words.mark_state(mark, now())[0]),
            "appeal": appeal.text if appeal else "",
            "answer": appeal.answer if appeal else "",
        }
        for mark, appeal, occurrence in rows
    ]
    return ExportPart("marks", lazy("Marks for not coming"), _COLUMNS, told)


def erase(member: MemberRef) -> None:
    """Take out what was said of a member's marks; the marks stay as numbers."""
    mine = sa.select(Penalty.id).where(Penalty.member_id == member.id)
    said = sa.update(Appeal).where(Appeal.penalty_id.in_(mine))
    db.session.execute(said.values(text="", answer=""))
    why = sa.update(Penalty).where(Penalty.member_id == member.id)
    db.session.execute(why.values(voided_why=""))


def purge(project: ProjectRef) -> None:
    """Delete everything of a project, from the leaves up."""
    for model in (Appeal, Penalty, Pledge, Policy, Pause, Waiver):
        db.session.execute(sa.delete(model).where(model.project_id == project.id))
