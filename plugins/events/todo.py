"""What waits for the staff, on their home: reviews, requests for places, appeals."""

import sqlalchemy as sa

from plugins.events.ladder.models import Appeal, Appealed
from plugins.events.models import Occurrence, Registration
from plugins.events.states import BEFORE_BEGIN, Seat, State
from portal.sdk import ProjectRef, StaffWidget, db, lazy


def widgets(project: ProjectRef) -> list[StaffWidget]:
    """Return the figures of a project: reviews always, the others while something waits."""
    reviews, requests, appeals = _waiting(project.id)
    found = [
        StaffWidget(
            lazy("Activities to review"),
            reviews,
            lazy("handed in by colleagues") if reviews else lazy("none waits"),
            "events_staff.index",
            "events.manage",
            hot=reviews > 0,
        )
    ]
    if requests:
        found.append(
            StaffWidget(
                lazy("Requests for places"),
                requests,
                lazy("members wait for an answer"),
                "events_staff.all_requests",
                "events.manage",
                hot=True,
            )
        )
    if appeals:
        found.append(
            StaffWidget(
                lazy("Marks under appeal"),
                appeals,
                lazy("members wait for an answer"),
                "events_staff.marks",
                "events.manage",
                hot=True,
            )
        )
    return found


def _waiting(project_id: int) -> tuple[int, int, int]:
    here = Occurrence.project_id == project_id
    counts = (
        sa.select(sa.func.count(Occurrence.id)).where(here, Occurrence.state == State.IN_REVIEW),
        sa.select(sa.func.count(Registration.id))
        .join(Occurrence, Occurrence.id == Registration.occurrence_id)
        .where(here, Occurrence.state.in_(BEFORE_BEGIN), Registration.state == Seat.PENDING),
        sa.select(sa.func.count(Appeal.id)).where(
            Appeal.project_id == project_id, Appeal.state == Appealed.OPEN
        ),
    )
    row = db.session.execute(sa.select(*(each.scalar_subquery() for each in counts))).one()
    return row[0], row[1], row[2]
