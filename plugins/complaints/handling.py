"""What staff do with a case: answer, ask, propose, take it, note something down, unseal."""

from datetime import datetime, timedelta
from typing import Any

from plugins.complaints import clocks
from plugins.complaints.casework import database_now, lock, take
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Case, Post
from plugins.complaints.searching import add_words
from plugins.complaints.states import HANDLED, By, Kind, Level, State
from plugins.complaints.subscribing.service import spread
from plugins.complaints.telling import tell
from plugins.complaints.timing import close, late, levels_of, risen
from portal.sdk import ProjectRef, db, emit, plugin_settings, record

ANSWERS = ("reply", "ask", "propose")


def answer(
    *,
    actor: Any,
    rank: Level,
    case_id: int,
    project: ProjectRef,
    step: str,
    body: str,
    version: int,
) -> Case:
    """Answer officially: only tell (`reply`), ask the owner (`ask`), or propose how it is solved.

    The first answer meets its clock when it comes before the deadline, by the database's time read
    after the case is locked. Raises CaseError: ILLEGAL_STEP, STALE, LEVEL, NO_MORE_PAUSES.
    """
    case = lock(case_id, version=version)
    at = database_now()
    if step == "propose" and rank < case.level:
        raise CaseError("LEVEL", state=case.state, version=case.version)
    if step == "ask":
        _check_pauses(case, project)
    if step == "reply" and case.state not in HANDLED:
        raise CaseError("ILLEGAL_STEP", state=case.state, version=case.version)
    calendar = clocks.calendar_of(project)
    overdue = [clocks.end(case, kind, at) for kind in (clocks.FIRST_REPLY, clocks.UPDATE)]
    # A reply tells of progress: an open case is acknowledged, an acknowledged one is under way.
    moves = {State.QUEUED: "acknowledge", State.OPEN: "acknowledge", State.ACKED: "start"}
    made = moves.get(State(case.state), "reply") if step == "reply" else step
    facts: dict[str, Any] = {} if case.first_reply_at else {"first": True}
    take(case, made, by=By.STAFF, at=at, account_id=actor.id, facts=facts)
    case.first_reply_at = case.first_reply_at or at
    sign(case, actor, Kind.OFFICIAL, body, step, at)
    case.active_at = at
    add_words(case, body)
    if case.assignee_id is None:
        case.assignee_id, case.assignee = actor.id, actor.display_name
    if step == "reply":
        if case.state != State.WAITING_OWNER:
            hours = plugin_settings("complaints", project)["update_hours"]
            clocks.start(case, clocks.UPDATE, hours * 60, at, calendar)
    else:
        overdue.append(clocks.pause(case, at, calendar))
        _wait(case, project, step, at)
    for clock in overdue:
        if clock is not None:
            late(case, project, clock, at)
    clocks.refresh_due(case)
    _audit(actor, case, step)
    spread(case)
    tell(case, project, {"propose": "proposed", "ask": "asked"}.get(step, "answered"))
    if step == "propose":
        emit(
            kind="complaints.proposed",
            project_id=project.id,
            subject=("complaints_case", case.public_id),
            data={"round": case.round},
        )
    return case


def note(*, actor: Any, case_id: int, body: str) -> None:
    """Note something among the staff; it moves no clock."""
    case = lock(case_id)
    sign(case, actor, Kind.NOTE, body, "", database_now())
    _audit(actor, case, "note")


def assign(*, actor: Any, case_id: int, version: int) -> Case:
    """Take a case; owners are told nothing by it."""
    case = lock(case_id, version=version)
    take(case, "assign", by=By.STAFF, at=database_now(), account_id=actor.id)
    case.assignee_id, case.assignee = actor.id, actor.display_name
    _audit(actor, case, "assign")
    return case


def take_over(*, actor: Any, case_id: int, project: ProjectRef, version: int) -> Case:
    """Raise a case to the group at once."""
    case = lock(case_id, version=version)
    top = max(each for each in levels_of(project) if each <= Level.GROUP)
    if case.level >= top:
        raise CaseError("LEVEL", state=case.state, version=case.version)
    take(case, "take_over", by=By.CENTRE, at=database_now(), account_id=actor.id, level=top)
    risen(case, project)
    case.assignee_id, case.assignee = actor.id, actor.display_name
    _audit(actor, case, "take_over")
    return case


def extend(
    *, actor: Any, case_id: int, project: ProjectRef, hours: int, reason: str, version: int
) -> Case:
    """Give a solution more business hours; the log has it, and the owner reads why.

    Raises CaseError NO_CLOCK: a deadline that was missed stays missed.
    """
    case = lock(case_id, version=version)
    at = database_now()
    clock = clocks.extend(case, hours * 60, at, clocks.calendar_of(project))
    if clock is None:
        raise CaseError("NO_CLOCK", state=case.state, version=case.version)
    facts = {"clock": clock.kind, "turn": clock.turn, "hours": hours}
    take(case, "extend", by=By.CENTRE, at=at, account_id=actor.id, facts=facts)
    sign(case, actor, Kind.OFFICIAL, reason, "extend", at)
    case.active_at = at
    _audit(actor, case, "extend", reason=reason)
    tell(case, project, "answered")
    return case


def overrule(*, actor: Any, case_id: int, project: ProjectRef, reason: str, version: int) -> Case:
    """Close a case as unsatisfied after the owner has refused what the group proposed."""
    case = lock(case_id, version=version)
    at = database_now()
    if case.round < 2 or case.level < max(levels_of(project)):
        raise CaseError("NOT_REFUSED", state=case.state, version=case.version)
    take(case, "overrule", by=By.CENTRE, at=at, account_id=actor.id)
    sign(case, actor, Kind.OFFICIAL, reason, "overrule", at)
    case.active_at = at
    close(case, project, at)
    _audit(actor, case, "overrule")
    tell(case, project, "answered")
    return case


def unseal(*, actor: Any, case_id: int, project: ProjectRef, reason: str) -> Case:
    """Let the group see who complained; the reason is kept, and the owner hears of it."""
    case = lock(case_id)
    take(case, "unseal", by=By.CENTRE, at=database_now(), account_id=actor.id)
    sign(case, actor, Kind.NOTE, reason, "unseal", database_now())
    _audit(actor, case, "unseal", reason=reason)
    tell(case, project, "unsealed", reason=reason)
    return case


def _check_pauses(case: Case, project: ProjectRef) -> None:
    settings = plugin_settings("complaints", project)
    spent = timedelta(seconds=case.pause_seconds)
    if case.pauses >= settings["most_pauses"] or spent >= timedelta(days=settings["pause_days"]):
        raise CaseError("NO_MORE_PAUSES", state=case.state, version=case.version)


def _wait(case: Case, project: ProjectRef, step: str, at: datetime) -> None:
    settings = plugin_settings("complaints", project)
    if step == "propose":
        case.waits_until = at + timedelta(days=settings["lapse_days"])
        return
    left = timedelta(days=settings["pause_days"], seconds=-case.pause_seconds)
    case.pauses += 1
    case.paused_at, case.waits_until = at, at + left


def sign(case: Case, actor: Any, kind: Kind, body: str, step: str, at: datetime) -> None:
    """Write words of the staff into a locked case, under their name."""
    db.session.add(
        Post(
            case_id=case.id,
            project_id=case.project_id,
            kind=kind,
            step=step,
            account_id=actor.id,
            by=actor.display_name,
            body=body,
            created_at=at,
        )
    )


def _audit(actor: Any, case: Case, what: str, reason: str | None = None) -> None:
    record(
        actor=actor,
        action=f"complaints.{what}",
        subject=("complaints_case", case.public_id),
        project_id=case.project_id,
        reason=reason,
    )
