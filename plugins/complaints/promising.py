"""Promises with a day, and cases that go to others: another category, another pair of hands."""

from collections.abc import Collection
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.complaints.casework import database_now, lock, take
from plugins.complaints.errors import CaseError
from plugins.complaints.handling import sign
from plugins.complaints.models import Case, Category, Promise
from plugins.complaints.moderation import audit
from plugins.complaints.routing.service import taker_of
from plugins.complaints.states import By, Kind, PromiseState
from plugins.complaints.telling import tell
from portal.sdk import ProjectRef, business_date, db

LONGEST = timedelta(days=730)


def promise(
    *, actor: Any, case_id: int, project: ProjectRef, body: str, due_on: date, version: int
) -> Promise:
    """Promise something by a day; the owner and the neighbours read it. Raises CaseError DAY."""
    case = lock(case_id, version=version)
    at = database_now()
    today = business_date(project.time_zone, at)
    if not today <= due_on <= today + LONGEST:
        raise CaseError("DAY", state=case.state, version=case.version)
    facts = {"due_on": due_on.isoformat()}
    take(case, "promise", by=By.STAFF, at=at, account_id=actor.id, facts=facts)
    made = Promise(
        case_id=case.id,
        project_id=case.project_id,
        body=body,
        due_on=due_on,
        account_id=actor.id,
        by=actor.display_name,
        created_at=at,
    )
    db.session.add(made)
    case.active_at = at
    audit(actor, case, "promise")
    tell(case, project, "answered")
    return made


def keep(*, actor: Any, promise_id: int, project: ProjectRef) -> Promise:
    """Say that a promise is kept, on its day at the latest. Raises CaseError DECIDED."""
    case = lock(db.session.get_one(Promise, promise_id).case_id)
    found = db.session.get_one(Promise, promise_id, populate_existing=True)
    at = database_now()
    if found.state != PromiseState.OPEN or business_date(project.time_zone, at) > found.due_on:
        raise CaseError("DECIDED", state=case.state, version=case.version)
    take(case, "keep", by=By.STAFF, at=at, account_id=actor.id)
    found.state, found.ended_at = PromiseState.KEPT, at
    audit(actor, case, "keep")
    tell(case, project, "answered")
    return found


def broken(projects: Collection[ProjectRef], limit: int) -> list[Promise]:
    """Return open promises of these projects whose day is over there."""
    at = database_now()
    over = [
        sa.and_(
            Promise.project_id == project.id,
            Promise.due_on < business_date(project.time_zone, at),
        )
        for project in projects
    ]
    mine = sa.select(Promise).where(Promise.state == PromiseState.OPEN, sa.or_(sa.false(), *over))
    return list(db.session.scalars(mine.order_by(Promise.due_on, Promise.id).limit(limit)))


def break_(*, promise_id: int, case_id: int, project: ProjectRef) -> bool:
    """Write down that a promise was not kept; it happens once. Tell whether."""
    case = lock(case_id)
    found = db.session.get_one(Promise, promise_id, populate_existing=True)
    at = database_now()
    if found.state != PromiseState.OPEN or business_date(project.time_zone, at) <= found.due_on:
        return False
    take(case, "break", by=By.CLOCK, at=at, facts={"due_on": found.due_on.isoformat()})
    found.state, found.ended_at = PromiseState.BROKEN, at
    tell(case, project, "answered")
    return True


def move(
    *,
    actor: Any,
    case_id: int,
    project: ProjectRef,
    category: Category,
    reason: str,
    version: int,
) -> Case:
    """Send a case to another category and to who takes its cases; its clocks run on as they are.

    The owner is told, and everybody who sees the case reads why.
    """
    case = lock(case_id, version=version)
    facts = {"category": category.key}
    at = database_now()
    take(case, "move", by=By.STAFF, at=at, account_id=actor.id, facts=facts)
    sign(case, actor, Kind.OFFICIAL, reason, "move", at)
    case.active_at = at
    case.category_id = category.id
    taker = taker_of(category, project)
    case.assignee_id, case.assignee = (taker.id, taker.name) if taker else (None, "")
    audit(actor, case, "move", reason=reason)
    tell(case, project, "moved")
    return case


def transfer(*, actor: Any, case_id: int, to_id: int, to_name: str, version: int) -> Case:
    """Put a case into a colleague's hands; owners are told nothing by it."""
    case = lock(case_id, version=version)
    take(case, "transfer", by=By.STAFF, at=database_now(), account_id=actor.id)
    case.assignee_id, case.assignee = to_id, to_name
    audit(actor, case, "transfer")
    return case


def classify(*, actor: Any, case_id: int, defect: str, version: int) -> Case:
    """Name the defect behind a case, for engineering; "" takes the name away."""
    case = lock(case_id, version=version)
    facts = {"defect": defect}
    take(case, "classify", by=By.STAFF, at=database_now(), account_id=actor.id, facts=facts)
    case.defect = defect
    audit(actor, case, "classify")
    return case
