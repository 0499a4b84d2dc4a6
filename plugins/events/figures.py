"""What an activity came to: seats, who showed up, points; two statements."""

from dataclasses import dataclass

import sqlalchemy as sa

from plugins.events.models import Occurrence, Registration, SeatRow
from plugins.events.states import AT_THE_DOOR, Seat
from portal.sdk import db


@dataclass(frozen=True)
class Figures:
    """Persons by the state of their seats; `paid`, `returned` and `kept` (deposits of who stayed
    away or cancelled late) in milli-points; `parties` with a seat."""

    persons: dict[str, int]
    parties: int
    paid: int
    returned: int
    kept: int

    @property
    def show_rate(self) -> int | None:
        """Percent of the persons with a settled seat who came; None before anybody is marked."""
        came = self.persons.get(Seat.ATTENDED, 0)
        judged = came + self.persons.get(Seat.NO_SHOW, 0)
        return round(100 * came / judged) if judged else None


def figures_of(occurrence: Occurrence) -> Figures:
    """Return the figures of an activity."""
    persons = db.session.execute(
        sa.select(SeatRow.state, sa.func.count(SeatRow.id))
        .where(SeatRow.occurrence_id == occurrence.id)
        .group_by(SeatRow.state)
    )
    away = Registration.state.in_((Seat.NO_SHOW, Seat.CANCELLED_LATE))
    kept = sa.case((away, Registration.deposit), else_=0)
    parties, paid, returned, deposits = db.session.execute(
        sa.select(
            sa.func.count(Registration.id).filter(Registration.state.in_(AT_THE_DOOR)),
            sa.func.coalesce(sa.func.sum(Registration.charged), 0),
            sa.func.coalesce(sa.func.sum(Registration.refunded), 0),
            sa.func.coalesce(sa.func.sum(kept), 0),
        ).where(Registration.occurrence_id == occurrence.id)
    ).one()
    return Figures(
        {row[0]: row[1] for row in persons}, parties, int(paid), int(returned), int(deposits)
    )
