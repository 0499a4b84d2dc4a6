"""Keeping a party's answers, and forgetting them when they have served."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa

from plugins.events.asking.answers import Given
from plugins.events.asking.models import Answer
from plugins.events.models import Occurrence, Registration, SeatRow
from plugins.events.states import State
from portal.sdk import JobRun, db, now, open_projects, plugin_settings

_OVER = (State.SETTLED, State.ARCHIVED, State.CANCELLED)
_AT_ONCE = 200


def keep_answers(made: Registration, given: Sequence[Given], seats: Mapping[str, int]) -> None:
    """Write down a party's answers in place of those that it gave before. `seats`: the id of each
    person's seat, by the person's key."""
    db.session.execute(sa.delete(Answer).where(Answer.registration_id == made.id))
    if not given:
        return
    where = {"registration_id": made.id, "project_id": made.project_id}
    db.session.add_all(
        Answer(
            **where,
            question=each.question,
            seat_id=seats[each.person] if each.person else None,
            value=each.value,
        )
        for each in given
    )
    db.session.flush()


def seats_in_order(made: Registration, keys: Sequence[str]) -> dict[str, int]:
    """Return the ids of a party's seats by the persons' keys, in the order of the seats."""
    mine = sa.select(SeatRow.id).where(SeatRow.registration_id == made.id)
    return dict(zip(keys, db.session.scalars(mine.order_by(SeatRow.id)), strict=True))


def forget(run: JobRun) -> None:
    """Delete the answers of activities that are long over, and the names of guests."""
    for project in open_projects("events"):
        days = plugin_settings("events", project)["answers_days"]
        over = sa.select(Occurrence.id).where(
            Occurrence.project_id == project.id,
            Occurrence.state.in_(_OVER),
            Occurrence.ends_at < now() - timedelta(days=days),
        )
        parties = sa.select(Registration.id).where(Registration.occurrence_id.in_(over))
        _in_chunks(run, Answer, Answer.registration_id.in_(parties))
        named = sa.and_(SeatRow.guest, SeatRow.name != "", SeatRow.occurrence_id.in_(over))
        _in_chunks(run, SeatRow, named)


def _in_chunks(
    run: JobRun, model: type[Answer] | type[SeatRow], due: sa.ColumnElement[bool]
) -> None:
    while some := db.session.scalars(sa.select(model.id).where(due).limit(_AT_ONCE)).all():
        mine = model.id.in_(some)
        act = sa.delete(Answer) if model is Answer else sa.update(SeatRow).values(name="", age=None)
        db.session.execute(act.where(mine))
        run.checkpoint(done=run.done + len(some))
