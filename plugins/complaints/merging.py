"""Joining cases about one trouble, and taking them apart exactly as they were.

A case keeps its own households; the one that it is joined into counts all of them, each once. Only
a case without joined ones joins another that is not joined itself: so the graph has no cycle.
"""

from typing import Any

import sqlalchemy as sa

from plugins.complaints import clocks, moderation
from plugins.complaints.casework import database_now, lock, take
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Case, MeToo
from plugins.complaints.searching import put_into_search
from plugins.complaints.states import LIVE, ActKind, By, Ring, Veil
from plugins.complaints.subscribing.service import follow
from plugins.complaints.telling import tell_author
from plugins.complaints.timing import run_on
from portal.sdk import ProjectRef, db, find_members, plugin_settings


def merge(*, actor: Any, case_id: int, into_id: int, project: ProjectRef) -> Case:
    """Join a public case into another; its clocks stop, and its page leads there.

    Raises CaseError NO_MERGE: itself, a private, hidden or finished one, or a joined one.
    """
    case, into = _both(case_id, into_id)
    at = database_now()
    _check_joinable(actor, case, into)
    took = {"account_id": actor.id, "at": at, "by": By.STAFF}
    # State and target change in one statement: a CHECK ties them.
    with db.session.no_autoflush:
        case.merged_into_id = into.id
        take(case, "merge", facts={"into": into.public_id}, **took)
    case.waits_until = case.paused_at = None
    clocks.pause(case, at, clocks.calendar_of(project))
    for kind in (clocks.FIRST_REPLY, clocks.UPDATE):
        clocks.end(case, kind, at, judged=False)
    take(into, "gather", facts={"case": case.public_id}, **took)
    into.households = count(into)
    into.active_at = at
    follow(case=into, member=find_members([case.member_id])[case.member_id])
    _tell(actor, case, into, project, ActKind.MERGE, "duplicate")
    return into


def unmerge(*, actor: Any, case_id: int, project: ProjectRef) -> Case:
    """Take a joined case out again: it goes on with the time that it had left.

    Raises CaseError: NOT_JOINED, STALE, OWN_CASE for who has one of them in charge.
    """
    case, into = lock_joined(case_id)
    if actor.id in (case.assignee_id, into.assignee_id):
        raise CaseError("OWN_CASE", state=case.state, version=case.version)
    at = database_now()
    took = {"account_id": actor.id, "at": at, "by": By.STAFF}
    with db.session.no_autoflush:
        case.merged_into_id = None
        take(case, "unmerge", facts={"from": into.public_id}, **took)
    case.active_at = at
    run_on(case, project, at)
    if case.first_reply_at is None:
        hours = plugin_settings("complaints", project)["first_reply_hours"]
        clocks.start(case, clocks.FIRST_REPLY, hours * 60, at, clocks.calendar_of(project))
    take(into, "scatter", facts={"case": case.public_id}, **took)
    into.households = count(into)
    _tell(actor, case, into, project, ActKind.UNMERGE, "apart")
    return case


def lock_joined(case_id: int) -> tuple[Case, Case]:
    """Lock a joined case and the one it is joined into. Raises CaseError NOT_JOINED, STALE."""
    into_id = db.session.scalar(sa.select(Case.merged_into_id).where(Case.id == case_id))
    if into_id is None:
        raise CaseError("NOT_JOINED")
    case, into = _both(case_id, into_id)
    if case.merged_into_id != into.id:
        raise CaseError("STALE", state=case.state, version=case.version)
    return case, into


def count(case: Case) -> int:
    """Return the households of a case and of those joined into it, each once."""
    db.session.flush()
    of = sa.select(Case.id).where(sa.or_(Case.id == case.id, Case.merged_into_id == case.id))
    households = sa.func.count(sa.distinct(MeToo.household_id))
    return db.session.scalar(sa.select(households).where(MeToo.case_id.in_(of))) or 0


def joined(case: Case) -> list[Case]:
    """Return the cases joined into one, by number."""
    mine = sa.select(Case).where(Case.merged_into_id == case.id)
    return list(db.session.scalars(mine.order_by(Case.number).limit(50)))


def find_by_code(project_id: int, code: str) -> Case | None:
    """Return a case of a project by its number: TS-0012, ts12 or 12."""
    digits = code.strip().upper().removeprefix("TS").lstrip("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 9:
        return None
    return db.session.scalar(
        sa.select(Case).where(Case.project_id == project_id, Case.number == int(digits))
    )


def _both(case_id: int, into_id: int) -> tuple[Case, Case]:
    """Lock two cases, always in the same order."""
    if case_id == into_id:
        raise CaseError("NO_MERGE")
    found = {each: lock(each) for each in sorted((case_id, into_id))}
    return found[case_id], found[into_id]


def _check_joinable(actor: Any, case: Case, into: Case) -> None:
    children = sa.select(Case.id).where(Case.merged_into_id == case.id).limit(1)
    wrong = any(
        each.state not in LIVE or each.ring == Ring.PRIVATE or each.veil != Veil.NONE
        for each in (case, into)
    )
    if wrong or case.project_id != into.project_id or db.session.scalar(children) is not None:
        raise CaseError("NO_MERGE", state=case.state, version=case.version)
    if actor.id in (case.assignee_id, into.assignee_id):
        raise CaseError("OWN_CASE", state=case.state, version=case.version)


def _tell(
    actor: Any, case: Case, into: Case, project: ProjectRef, kind: ActKind, reason: str
) -> None:
    act = Act(
        project_id=project.id,
        case_id=into.id,
        member_id=case.member_id,
        kind=kind,
        reason=reason,
        note=into.code,
        account_id=actor.id,
        by=actor.display_name,
        created_at=database_now(),
    )
    db.session.add(act)
    db.session.flush()
    put_into_search(case, project)
    moderation.audit(actor, case, kind, reason=into.code)
    tell_author(case.member_id, act, case, project)
