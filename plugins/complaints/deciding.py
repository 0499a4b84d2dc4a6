"""What only the owner's household may do: accept, refuse, reopen, withdraw."""

from datetime import datetime

from plugins.complaints import clocks
from plugins.complaints.casework import database_now, lock, take
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Case, Category, Post
from plugins.complaints.searching import add_words
from plugins.complaints.states import By, Kind, State, above
from plugins.complaints.timing import close, levels_of, risen, run_on
from portal.sdk import MemberRef, ProjectRef, db

LEAST_SATISFIED = 3
"""A lower rating closes the case as unsatisfied."""


def accept(
    *, case_id: int, member: MemberRef, project: ProjectRef, rating: int, version: int
) -> Case:
    """Close a case with a rating from 1 to 5; below 3 it is closed as unsatisfied.

    Raises CaseError: OWN_CASE for who handles it, ILLEGAL_STEP, STALE.
    """
    case = _mine(case_id, member, version)
    if case.assignee_id == member.account_id:
        raise CaseError("OWN_CASE", state=case.state, version=case.version)
    at = database_now()
    step = "accept" if rating >= LEAST_SATISFIED else "settle"
    take(
        case,
        step,
        by=By.OWNER,
        at=at,
        account_id=member.account_id,
        facts={"rating": rating},
    )
    case.rating = rating
    close(case, project, at)
    return case


def refuse(
    *, case_id: int, member: MemberRef, project: ProjectRef, reason: str, version: int
) -> Case:
    """Refuse what is proposed: a new round begins, one level up, where only that level proposes."""
    case = _mine(case_id, member, version)
    at = database_now()
    higher = above(case.level, levels_of(project))
    take(
        case,
        "refuse",
        by=By.OWNER,
        at=at,
        account_id=member.account_id,
        level=higher,
        new_round=True,
    )
    _say(case, member, reason, "refuse", at)
    case.waits_until, case.rating = None, None
    run_on(case, project, at)
    if higher is not None:
        risen(case, project)
    return case


def reopen(
    *, case_id: int, member: MemberRef, project: ProjectRef, reason: str, version: int
) -> Case:
    """Open a lapsed case again, within the days that it may be."""
    case = _mine(case_id, member, version)
    at = database_now()
    if case.state == State.CLOSED_LAPSED and (case.waits_until is None or at > case.waits_until):
        raise CaseError("TOO_LATE", state=case.state, version=case.version)
    take(case, "reopen", by=By.OWNER, at=at, account_id=member.account_id, new_round=True)
    _say(case, member, reason, "reopen", at)
    case.closed_at, case.waits_until = None, None
    hours = db.session.get_one(Category, case.category_id).resolution_hours
    clocks.start(case, clocks.RESOLUTION, hours * 60, at, clocks.calendar_of(project))
    run_on(case, project, at)
    return case


def withdraw(*, case_id: int, member: MemberRef, project: ProjectRef, version: int) -> Case:
    """Take a complaint back; it is counted apart from what was solved."""
    case = _mine(case_id, member, version)
    at = database_now()
    take(case, "withdraw", by=By.OWNER, at=at, account_id=member.account_id)
    close(case, project, at)
    return case


def _mine(case_id: int, member: MemberRef, version: int) -> Case:
    case = lock(case_id, version=version)
    if case.household_id != member.household_id:
        raise CaseError("NOT_YOURS", state=case.state, version=case.version)
    return case


def _say(case: Case, member: MemberRef, words: str, step: str, at: datetime) -> None:
    db.session.add(
        Post(
            case_id=case.id,
            project_id=case.project_id,
            kind=Kind.REPLY,
            step=step,
            member_id=member.id,
            voice=0,
            body=words,
            created_at=at,
        )
    )
    case.replies += 1
    case.active_at = at
    add_words(case, words)
