"""Reminders: who has a seat hears of the beginning once, and not after cancelling."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.events.models import Occurrence, Registration, SeatRow
from plugins.events.states import Seat, State
from plugins.events.telling import tell
from portal.sdk import JobRun, ProjectRef, db, find_members, now, open_projects, plugin_settings

_BATCH = 100


def remind(run: JobRun) -> None:
    """Remind the members of every project who have a seat in what begins soon."""
    for project in open_projects("events"):
        while number := _remind_some(project):
            run.checkpoint(done=run.done + number)


def _remind_some(project: ProjectRef) -> int:
    at = now()
    until = at + timedelta(hours=plugin_settings("events", project)["remind_hours"])
    rows = db.session.execute(
        sa.select(SeatRow, Registration, Occurrence)
        .join(Registration, Registration.id == SeatRow.registration_id)
        .join(Occurrence, Occurrence.id == SeatRow.occurrence_id)
        .where(
            Occurrence.project_id == project.id,
            Occurrence.state.in_((State.SCHEDULED, State.OPEN, State.CLOSED)),
            Occurrence.starts_at > at,
            Occurrence.starts_at <= until,
            SeatRow.state == Seat.CONFIRMED,
            SeatRow.member_id.is_not(None),
            SeatRow.reminded_at.is_(None),
        )
        .limit(_BATCH)
    ).all()
    members = find_members([row[0].member_id for row in rows])
    for seat, registration, occurrence in rows:
        seat.reminded_at = at
        # A new date is a new reminder; asked twice for one date, it is told once.
        cause = f"{seat.public_id}:{occurrence.starts_at:%Y%m%d%H%M}"
        place = dict(occurrence.event.place)
        tell(
            "events.reminder",
            registration,
            occurrence,
            members[seat.member_id],
            project,
            cause=cause,
            starts=occurrence.starts_at,
            place=place,
        )
    return len(rows)
