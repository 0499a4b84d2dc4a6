"""Asking for a joined complaint to be taken apart, and what the moderators answer."""

from typing import Any

import sqlalchemy as sa

from plugins.complaints import merging, moderation
from plugins.complaints.casework import database_now, lock
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Case, LogEntry, Report, Review
from plugins.complaints.moderation import APART, STAYS
from plugins.complaints.states import ActKind, State
from plugins.complaints.telling import tell_author
from portal.sdk import MemberRef, ProjectRef, db


def may_object(case: Case, member: MemberRef) -> bool:
    """Tell whether a household may ask for its joined complaint to be taken apart."""
    mine = case.household_id == member.household_id and case.state == State.MERGED
    return mine and not _asked(case)


def object_to(*, case_id: int, member: MemberRef, project: ProjectRef) -> bool:
    """Put it before the moderators that a complaint was joined; tell whether that is new.

    Raises CaseError: NOT_YOURS, or NOT_JOINED when it is not joined.
    """
    case = lock(case_id)
    if case.household_id != member.household_id:
        raise CaseError("NOT_YOURS", state=case.state, version=case.version)
    if case.state != State.MERGED:
        raise CaseError("NOT_JOINED", state=case.state, version=case.version)
    if _asked(case):
        return False
    at = database_now()
    review = moderation.review_of(case, project, None, at)
    review.reasons = {**review.reasons, APART: 1}
    by_home = sa.select(Report.id).where(
        Report.review_id == review.id, Report.household_id == member.household_id
    )
    if db.session.scalar(by_home) is None:
        review.reports += 1
        db.session.add(
            Report(
                review_id=review.id,
                project_id=project.id,
                household_id=member.household_id,
                member_id=member.id,
                reason=APART,
                created_at=at,
            )
        )
    return True


def is_objection(review: Review) -> bool:
    """Tell whether a look is about a joining, too."""
    return APART in review.reasons


def take_apart(*, actor: Any, review: Review, project: ProjectRef) -> None:
    """Take apart what a look is about; what is apart already stays so. Before the look is ended."""
    if db.session.get_one(Case, review.case_id).merged_into_id is not None:
        merging.unmerge(actor=actor, case_id=review.case_id, project=project)


def leave_joined(*, actor: Any, review: Review, project: ProjectRef, note: str) -> Act | None:
    """Leave a complaint joined, write that down and tell the member, who may appeal then."""
    case = lock(review.case_id)
    if case.state != State.MERGED:
        return None
    act = Act(
        project_id=project.id,
        case_id=case.id,
        member_id=case.member_id,
        kind=ActKind.MERGE,
        reason=STAYS,
        note=note,
        account_id=actor.id,
        by=actor.display_name,
        created_at=database_now(),
    )
    db.session.add(act)
    db.session.flush()
    moderation.audit(actor, case, "look_stays")
    tell_author(case.member_id, act, case, project)
    return act


def _asked(case: Case) -> bool:
    joined_at = db.session.scalar(
        sa.select(sa.func.max(LogEntry.seq)).where(
            LogEntry.case_id == case.id, LogEntry.step == "merge"
        )
    )
    entry = sa.select(LogEntry.at).where(LogEntry.case_id == case.id, LogEntry.seq == joined_at)
    since = db.session.scalars(entry).one()
    mine = sa.select(Review).where(Review.case_id == case.id, Review.post_id.is_(None))
    looks = db.session.scalars(mine.order_by(Review.created_at.desc()).limit(20))
    return any(
        APART in look.reasons and (look.decided_at is None or look.decided_at >= since)
        for look in looks
    )
