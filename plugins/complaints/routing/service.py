"""Who gets a new complaint, and all cases of a colleague in other hands at once."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from plugins.complaints.casework import database_now, lock, take
from plugins.complaints.errors import CaseError
from plugins.complaints.handling import sign
from plugins.complaints.models import Case, Category, StandIn
from plugins.complaints.states import LIVE, By, Kind
from portal.sdk import (
    ProjectRef,
    StaffRef,
    business_date,
    colleagues,
    db,
    notify,
    record,
)

HANDLE = "complaints.handle"
AT_ONCE = 500
"""So many cases are handed over at once at most; what is left is said."""


def taker_of(category: Category, project: ProjectRef) -> StaffRef | None:
    """Return who gets a new case of a category now: who takes it, or who stands in today.

    Nobody, when neither works with complaints here any more: the case is queued then.
    """
    if category.handler_id is None:
        return None
    here = {each.id: each for each in colleagues(HANDLE, project)}
    standing_in = {row.absent_id: row.taker_id for row in stand_ins(project, today(project))}
    wanted, seen = category.handler_id, set[int]()
    while wanted in standing_in and wanted not in seen:
        seen.add(wanted)
        wanted = standing_in[wanted]
    # A circle of people who are all away ends at nobody.
    return None if wanted in seen else here.get(wanted)


def stand_ins(project: ProjectRef, on: date | None = None) -> Sequence[StandIn]:
    """Return who stands in for whom, those that are over left out; `on`: only on that day."""
    mine = sa.select(StandIn).where(
        StandIn.project_id == project.id, StandIn.until >= today(project)
    )
    if on is not None:
        mine = mine.where(StandIn.since <= on, StandIn.until >= on)
    return db.session.scalars(mine.order_by(StandIn.since, StandIn.id).limit(200)).all()


def holders(project: ProjectRef) -> Mapping[int, tuple[str, int]]:
    """Return who has how many running cases in charge, also who works here no more: by account."""
    rows = db.session.execute(
        sa.select(Case.assignee_id, sa.func.max(Case.assignee), sa.func.count(Case.id))
        .where(Case.project_id == project.id, Case.state.in_(LIVE), Case.assignee_id.is_not(None))
        .group_by(Case.assignee_id)
        .order_by(sa.func.count(Case.id).desc(), Case.assignee_id)
        .limit(AT_ONCE)
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def hand_over(
    *, actor: Any, project: ProjectRef, from_id: int, to: StaffRef, reason: str
) -> tuple[int, int]:
    """Put all running cases of one colleague into another's hands; return how many, and how many
    are left.

    Each case has it in its log, with the reason as a note among the staff. Raises CaseError NOBODY:
    there is nothing to hand over, or it would go to the same person.
    """
    mine = sa.and_(Case.project_id == project.id, Case.assignee_id == from_id, Case.state.in_(LIVE))
    found = db.session.scalars(sa.select(Case.id).where(mine).order_by(Case.id).limit(AT_ONCE))
    ids = [] if from_id == to.id else list(found)
    done = 0
    for case_id in ids:
        case = lock(case_id)
        if case.assignee_id != from_id or case.state not in LIVE:
            continue  # Somebody was faster.
        at = database_now()
        take(case, "transfer", by=By.STAFF, at=at, account_id=actor.id, facts={"from": from_id})
        case.assignee_id, case.assignee = to.id, to.name
        sign(case, actor, Kind.NOTE, reason, "transfer", at)
        done += 1
    if not done:
        raise CaseError("NOBODY")
    db.session.flush()
    left = db.session.scalar(sa.select(sa.func.count(Case.id)).where(mine)) or 0
    record(
        actor=actor,
        action="complaints.hand_over",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"from": from_id, "to": to.id, "cases": done, "left": left},
        reason=reason,
    )
    if to.id != actor.id:
        notify(
            staff=[to],
            kind="complaints.handed_over",
            cause=f"complaints:handed_over:{ids[0]}:{database_now().isoformat()}",
            project=project,
            values={"number": done, "by": actor.display_name, "reason": reason},
            url=f"/p/{project.slug}/staff/complaints/?who=me",
        )
    return done, left


def keep_stand_in(
    *,
    actor: Any,
    project: ProjectRef,
    absent: StaffRef,
    taker: StaffRef,
    since: date,
    until: date,
) -> StandIn:
    """Say who gets a colleague's new complaints while they are away; one stand-in each.

    Raises CaseError NOBODY for oneself, AWAY for days in the wrong order or over already.
    """
    if absent.id == taker.id:
        raise CaseError("NOBODY")
    if not max(since, today(project)) <= until:
        raise CaseError("AWAY")
    found = db.session.scalar(
        sa.select(StandIn)
        .where(StandIn.project_id == project.id, StandIn.absent_id == absent.id)
        .with_for_update()
    )
    found = found or StandIn(project_id=project.id, absent_id=absent.id)
    found.absent, found.taker_id, found.taker = absent.name, taker.id, taker.name
    found.since, found.until = since, until
    try:
        with db.session.begin_nested():
            db.session.add(found)
    except sa.exc.IntegrityError as error:
        raise CaseError("STALE") from error
    _audit(actor, found, "stand_in")
    return found


def end_stand_in(*, actor: Any, stand_in: StandIn) -> None:
    """Let a colleague get new complaints again."""
    _audit(actor, stand_in, "stand_in_ended")
    db.session.delete(stand_in)


def today(project: ProjectRef) -> date:
    """Return the day that it is in a project."""
    return business_date(project.time_zone)


def _audit(actor: Any, stand_in: StandIn, what: str) -> None:
    record(
        actor=actor,
        action=f"complaints.{what}",
        subject=("complaints_stand_in", stand_in.public_id),
        project_id=stand_in.project_id,
        facts={"absent": stand_in.absent_id, "taker": stand_in.taker_id},
    )
