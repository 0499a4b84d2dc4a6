"""No person is at two activities at the same time, where the project has set it so."""

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.events.errors import EventError
from plugins.events.models import Diary, Occurrence, Registration, SeatRow
from plugins.events.showing import when
from plugins.events.states import AT_THE_DOOR, State
from portal.sdk import ProjectRef, db, gettext, localized, plugin_settings


def require_no_overlap(made: Registration, occurrence: Occurrence, project: ProjectRef) -> None:
    """Raise EventError OVERLAP, with who and what, when somebody of a party has a seat elsewhere at
    that time. A place in a waiting list or in a draw is none: it is judged when it becomes a seat.

    The household's diary is locked until the transaction ends: two phones are seen one by one. The
    activity's quotas are locked before it, so that no two wait for each other.
    """
    if not plugin_settings("events", project)["no_overlap"]:
        return
    _lock_diary(made.household_id, project)
    mine = sa.select(SeatRow.member_id, SeatRow.person).where(SeatRow.registration_id == made.id)
    who = db.session.execute(mine).all()
    found = db.session.execute(
        sa.select(SeatRow.name, Occurrence)
        .join(Occurrence, Occurrence.id == SeatRow.occurrence_id)
        .where(
            sa.or_(
                SeatRow.member_id.in_([row[0] for row in who if row[0] is not None]),
                SeatRow.person.in_([row[1] for row in who if row[1] is not None]),
            ),
            SeatRow.state.in_(AT_THE_DOOR),
            SeatRow.project_id == project.id,
            Occurrence.id != occurrence.id,
            Occurrence.starts_at < occurrence.ends_at,
            Occurrence.ends_at > occurrence.starts_at,
            Occurrence.state.not_in((State.CANCELLED, State.POSTPONED)),
        )
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(1)
    ).first()
    if found is not None:
        said = gettext(
            "%(name)s is at “%(title)s” at that time (%(when)s).",
            name=found[0],
            title=localized(found[1].event.title),
            when=when(found[1]),
        )
        raise EventError("OVERLAP", said=said)


def _lock_diary(household_id: int, project: ProjectRef) -> None:
    key = {"household_id": household_id, "project_id": project.id}
    diary = sa.select(Diary).filter_by(**key).with_for_update()
    if db.session.scalar(diary) is None:
        try:
            with db.session.begin_nested():
                db.session.execute(sa.insert(Diary).values(**key))
        except IntegrityError:
            # Another phone was quicker; it is waited for.
            db.session.scalar(diary)
