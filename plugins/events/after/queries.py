"""What is read of an activity's care: its plan, its photos, who may look."""

import sqlalchemy as sa

from plugins.events.after.models import Care
from plugins.events.models import Occurrence, SeatRow
from plugins.events.states import Seat, State
from portal.sdk import FileRef, MemberRef, ProjectRef, db, homes_of

PHOTO = "events.photo"
OVER = (State.ENDED, State.SETTLED)


def care_of(occurrence: Occurrence) -> Care | None:
    """Return what an activity has of its own."""
    return db.session.get(Care, occurrence.id)


def may_look_back(occurrence: Occurrence, member: MemberRef | None, project: ProjectRef) -> bool:
    """Tell whether a member sees the photos: residents and who was there, once it is over."""
    if member is None or occurrence.state not in OVER:
        return False
    if homes_of(member, project):
        return True
    came = sa.exists().where(
        SeatRow.occurrence_id == occurrence.id,
        SeatRow.member_id == member.id,
        SeatRow.state == Seat.ATTENDED,
    )
    return bool(db.session.scalar(sa.select(came)))


def may_read(project: ProjectRef, file: FileRef, member: MemberRef | None, *, staff: bool) -> bool:
    """Tell whether a photo may be seen."""
    if file.kind != PHOTO:
        return False
    occurrence = db.session.scalar(
        sa.select(Occurrence).filter_by(project_id=project.id, public_id=file.key)
    )
    return occurrence is not None and (staff or may_look_back(occurrence, member, project))
