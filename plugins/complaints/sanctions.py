"""Sanctions on members, and appeals to the group against what moderators did."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.complaints import merging
from plugins.complaints.casework import database_now, lock
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Case, Post, Review
from plugins.complaints.moderation import STAYS, apply, audit
from plugins.complaints.states import ActKind, AppealState, Ring, State
from plugins.complaints.telling import tell_author
from portal.sdk import MemberRef, ProjectRef, db, now, record

BARRING = (ActKind.MUTE, ActKind.SUSPEND)
APPEALABLE = (
    ActKind.HIDE,
    ActKind.MASK,
    ActKind.REDACT,
    ActKind.LOCK,
    ActKind.WARN,
    ActKind.MERGE,
    *BARRING,
)
APPEAL_DAYS = 30
_UNDOING = {ActKind.HIDE: ActKind.SHOW, ActKind.LOCK: ActKind.UNLOCK}


def barred(project: ProjectRef, member: MemberRef) -> Act | None:
    """Return the sanction that a member is under in a project now, the heavier one first."""
    mine = sa.select(Act).where(
        Act.member_id == member.id,
        Act.project_id == project.id,
        Act.kind.in_(BARRING),
        Act.lifted_at.is_(None),
        Act.until > now(),
    )
    return db.session.scalar(mine.order_by(Act.kind.desc(), Act.until.desc()).limit(1))


def check_may_write(case: Case, project: ProjectRef, member: MemberRef) -> None:
    """Refuse words in others' threads to who is muted, and to all where the thread is locked.

    The household that complained always may answer in its own case.
    """
    if case.household_id == member.household_id:
        return
    if case.locked:
        raise CaseError("LOCKED", state=case.state, version=case.version)
    check_not_barred(project, member, BARRING)


def check_not_barred(
    project: ProjectRef, member: MemberRef, kinds: tuple[ActKind, ...] = (ActKind.SUSPEND,)
) -> None:
    """Refuse what a sanction forbids; complaints for the staff alone are never asked about."""
    found = barred(project, member)
    if found is not None and found.kind in kinds:
        raise CaseError("MUTED" if found.kind == ActKind.MUTE else "SUSPENDED")


def sanction(
    *,
    actor: Any,
    review: Review,
    project: ProjectRef,
    kind: ActKind,
    days: int,
    reason: str,
    note: str,
) -> Act:
    """Warn, mute or suspend whose words a look was about; the trail of the case is not touched."""
    case = lock(review.case_id)
    post = db.session.get(Post, review.post_id) if review.post_id else None
    author = post.member_id if post else case.member_id
    if author is None:
        raise CaseError("OFFICIAL", state=case.state, version=case.version)
    at = database_now()
    act = Act(
        project_id=project.id,
        case_id=case.id,
        post_id=review.post_id,
        member_id=author,
        kind=kind,
        reason=reason,
        note=note,
        public=case.ring != Ring.PRIVATE,
        until=at + timedelta(days=days) if kind in BARRING else None,
        account_id=actor.id,
        by=actor.display_name,
        created_at=at,
    )
    db.session.add(act)
    db.session.flush()
    audit(actor, case, kind, reason=reason)
    tell_author(author, act, case, project)
    return act


def lift(*, actor: Any, act: Act, project: ProjectRef) -> None:
    """End a sanction before its time."""
    _lift(act, actor, database_now())
    record(
        actor=actor,
        action="complaints.lift",
        subject=("complaints_act", act.public_id),
        project_id=project.id,
    )


def may_appeal(act: Act, at: datetime) -> bool:
    """Tell whether the member concerned may still ask the group."""
    young = at - act.created_at <= timedelta(days=APPEAL_DAYS)
    if act.kind == ActKind.MERGE and act.reason != STAYS:
        return False  # The moderators are asked first.
    return act.kind in APPEALABLE and act.appeal == AppealState.NONE and young


def appeal(*, act_id: int, member: MemberRef, body: str) -> Act:
    """Ask the group to look at an act again: once, within 30 days."""
    act = _locked(act_id)
    at = database_now()
    if act.member_id != member.id or not may_appeal(act, at):
        raise CaseError("NO_APPEAL", state=act.appeal)
    act.appeal, act.appeal_body, act.appealed_at = AppealState.OPEN, body, at
    return act


def answer_appeal(
    *, actor: Any, act_id: int, project: ProjectRef, overturn: bool, body: str
) -> Act:
    """Uphold an act, or undo it; who did it does not decide. What was covered stays covered."""
    known = db.session.get_one(Act, act_id)
    if known.kind == ActKind.MERGE and known.case_id:
        merging.lock_joined(known.case_id)
    case = lock(known.case_id) if known.case_id else None
    act = _locked(act_id)
    at = database_now()
    if act.appeal != AppealState.OPEN:
        raise CaseError("DECIDED", state=act.appeal)
    if act.account_id == actor.id:
        raise CaseError("OWN_CASE", state=act.appeal)
    act.appeal = AppealState.OVERTURNED if overturn else AppealState.UPHELD
    act.answer, act.answered_by, act.answered_at = body, actor.display_name, at
    if overturn:
        _undo(act, case, project, actor, at)
    record(
        actor=actor,
        action=f"complaints.appeal_{act.appeal}",
        subject=("complaints_act", act.public_id),
        project_id=project.id,
    )
    if case is not None and act.member_id is not None:
        tell_author(act.member_id, act, case, project, kind="appeal_answered")
    return act


def _undo(act: Act, case: Case | None, project: ProjectRef, actor: Any, at: datetime) -> None:
    kind = ActKind(act.kind)
    if kind in (*BARRING, ActKind.WARN):
        _lift(act, actor, at)
    elif case is not None and case.state == State.MERGED and kind == ActKind.MERGE:
        merging.unmerge(actor=actor, case_id=case.id, project=project)
    elif case is not None and kind in _UNDOING:
        post = db.session.get(Post, act.post_id) if act.post_id else None
        apply(case, project, post, _UNDOING[kind], reason="appeal", at=at, actor=actor)


def _lift(act: Act, actor: Any, at: datetime) -> None:
    """Write down that a sanction is over: the act stays, another one says so."""
    if act.lifted_at is not None:
        raise CaseError("DECIDED", state=act.appeal)
    act.lifted_at = at
    db.session.add(
        Act(
            project_id=act.project_id,
            case_id=act.case_id,
            member_id=act.member_id,
            kind=ActKind.LIFT,
            reason="lifted",
            public=act.public,
            account_id=actor.id,
            by=actor.display_name,
            created_at=at,
        )
    )
    db.session.flush()


def _locked(act_id: int) -> Act:
    return db.session.execute(
        sa.select(Act)
        .where(Act.id == act_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).scalar_one()
