"""Members' data: what a copy holds, what an erasure takes, what a purge deletes."""

import sqlalchemy as sa

from plugins.events.door_models import DoorPin, Scan
from plugins.events.models import (
    Counted,
    Event,
    LogEntry,
    Occurrence,
    Quota,
    Registration,
    SeatRow,
    Share,
    Window,
)
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
    return [ExportPart("registrations", lazy("Activities"), _COLUMNS, told)]


def erase(member: MemberRef) -> None:
    """Take the names out of the person's seats and of those of the family that came along without
    an account; the count of seats stays true."""
    mine = sa.select(Registration.id).where(Registration.member_id == member.id)
    family = sa.and_(SeatRow.registration_id.in_(mine), SeatRow.person.is_not(None))
    theirs = sa.or_(SeatRow.member_id == member.id, family)
    db.session.execute(sa.update(SeatRow).where(theirs).values(name="", person=None))
    # What staff wrote may name the person, too.
    own = sa.update(Registration).where(Registration.member_id == member.id)
    db.session.execute(own.values(entered_why=""))


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
    for model in (
        Scan,
        DoorPin,
        SeatRow,
        Counted,
        Registration,
        Share,
        LogEntry,
        Quota,
        Window,
        Occurrence,
        Event,
    ):
        db.session.execute(sa.delete(model).where(model.project_id == project.id))
