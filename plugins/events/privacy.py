"""Members' data: what a copy holds, what an erasure takes, what a purge deletes."""

import sqlalchemy as sa

from plugins.events.after.models import Care, Reminded
from plugins.events.asking.answers import shown
from plugins.events.asking.models import Answer
from plugins.events.asking.questions import all_questions
from plugins.events.ballot.models import Ballot, Draw, DrawEntry, Freeze
from plugins.events.door_models import DoorPin, Scan
from plugins.events.ladder import privacy as ladder
from plugins.events.models import (
    Counted,
    Diary,
    Event,
    LogEntry,
    Occurrence,
    Quota,
    Registration,
    SeatRow,
    Share,
    Window,
)
from plugins.events.series.models import Series, SeriesChange
from plugins.events.states import EXPECTED
from portal.sdk import ExportPart, MemberRef, ProjectRef, db, gettext, lazy, localized

_COLUMNS = {
    "title": lazy("Title"),
    "begins_at": lazy("Begins"),
    "registered_at": lazy("Registered at"),
    "state": lazy("State"),
    "seats": lazy("Persons"),
    "points_paid": lazy("Points paid"),
    "points_returned": lazy("Points returned"),
}

_ANSWER_COLUMNS = {
    "title": lazy("Title"),
    "question": lazy("Question"),
    "person": lazy("Person"),
    "answer": lazy("Answer"),
}


def export_of(member: MemberRef) -> list[ExportPart]:
    """Return a member's registrations."""
    rows = db.session.execute(
        sa.select(Registration, Occurrence)
        .join(Occurrence, Occurrence.id == Registration.occurrence_id)
        .where(Registration.member_id == member.id)
        .order_by(Registration.created_at, Registration.id)
    )
    told = [
        {
            "title": localized(occurrence.event.title),
            "begins_at": occurrence.starts_at,
            "registered_at": each.created_at,
            "state": each.state,
            "seats": each.seats,
            "points_paid": each.charged // 1000,
            "points_returned": each.refunded // 1000,
        }
        for each, occurrence in rows
    ]
    return [
        ExportPart("registrations", lazy("Activities"), _COLUMNS, told),
        ExportPart(
            "activity_answers", lazy("Answers for activities"), _ANSWER_COLUMNS, _answers(member)
        ),
        ladder.export_of(member),
    ]


def _answers(member: MemberRef) -> list[dict[str, object]]:
    rows = db.session.execute(
        sa.select(Answer, SeatRow.name, Event)
        .join(Registration, Registration.id == Answer.registration_id)
        .join(Occurrence, Occurrence.id == Registration.occurrence_id)
        .join(Event, Event.id == Occurrence.event_id)
        .outerjoin(SeatRow, SeatRow.id == Answer.seat_id)
        .where(sa.or_(Registration.member_id == member.id, SeatRow.member_id == member.id))
        .order_by(Answer.created_at, Answer.id)
    )
    return [
        {
            "title": localized(event.title),
            "question": localized(question.title),
            "person": name or "",
            "answer": shown(question, answer.value),
        }
        for answer, name, event in rows
        for question in all_questions(event)
        if question.key == answer.question
    ]


def erase(member: MemberRef) -> None:
    """Take the names out of the person's seats and of those of the family and the guests that came
    along without an account, and delete the answers; the count of seats stays true."""
    mine = sa.select(Registration.id).where(Registration.member_id == member.id)
    family = sa.and_(
        SeatRow.registration_id.in_(mine), sa.or_(SeatRow.person.is_not(None), SeatRow.guest)
    )
    theirs = sa.or_(SeatRow.member_id == member.id, family)
    seats = sa.select(SeatRow.id).where(SeatRow.member_id == member.id)
    said = sa.or_(Answer.registration_id.in_(mine), Answer.seat_id.in_(seats))
    db.session.execute(sa.delete(Answer).where(said))
    db.session.execute(sa.update(SeatRow).where(theirs).values(name="", person=None, age=None))
    # What staff wrote may name the person, too.
    own = sa.update(Registration).where(Registration.member_id == member.id)
    db.session.execute(own.values(entered_why="", decided_why=""))
    ladder.erase(member)


def objections(member: MemberRef) -> list[str]:
    """Return what has to be settled before a member is erased: seats that are still waited for."""
    waiting = db.session.scalar(
        sa.select(sa.func.count(Registration.id)).where(
            Registration.member_id == member.id,
            Registration.state.in_(EXPECTED),
        )
    )
    if not waiting:
        return []
    return [gettext("Cancel your registrations for activities first, or wait until they are over.")]


def purge(project: ProjectRef) -> None:
    """Delete everything of a project, from the leaves up."""
    ladder.purge(project)
    for model in (
        Scan,
        DoorPin,
        Reminded,
        Care,
        Answer,
        SeatRow,
        Counted,
        Draw,
        Freeze,
        Ballot,
        DrawEntry,
        Registration,
        Share,
        Diary,
        LogEntry,
        SeriesChange,
        Quota,
        Window,
        Occurrence,
        Series,
        Event,
    ):
        db.session.execute(sa.delete(model).where(model.project_id == project.id))
