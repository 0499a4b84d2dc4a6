"""What moderators look at: reports of households, their own looks, decisions, and what is late."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.complaints.casework import database_now, lock
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Report, Review
from plugins.complaints.moderation import (
    RISING,
    apply,
    audit,
    author_of,
    check_impartial,
    is_hidden,
    is_veiled,
    post_of,
    review_of,
)
from plugins.complaints.states import ActKind, Kind, ReviewState
from portal.sdk import (
    MemberRef,
    ProjectRef,
    db,
    now,
)


def report(
    *,
    case_id: int,
    post_id: int | None,
    member: MemberRef,
    project: ProjectRef,
    reason: str,
    body: str,
) -> bool:
    """Ask the moderators to look; a household counts once. Tell whether it is new."""
    case = lock(case_id)
    post, at = post_of(post_id), database_now()
    if author_of(case, post) == member.id:
        raise CaseError("OWN_WORDS", state=case.state, version=case.version)
    if is_hidden(case, post):
        raise CaseError("HIDDEN", state=case.state, version=case.version)
    review = review_of(case, project, post, at)
    known = sa.select(Report.id).where(
        Report.review_id == review.id, Report.household_id == member.household_id
    )
    if db.session.scalar(known) is not None:
        return False
    db.session.add(
        Report(
            review_id=review.id,
            project_id=project.id,
            household_id=member.household_id,
            member_id=member.id,
            reason=reason,
            body=body,
            created_at=at,
        )
    )
    review.reports += 1
    review.reasons = {**review.reasons, reason: review.reasons.get(reason, 0) + 1}
    return True


def look(*, actor: Any, case_id: int, post_id: int | None, project: ProjectRef) -> Review:
    """Put something into the queue oneself."""
    case = lock(case_id)
    post = post_of(post_id)
    check_impartial(actor, case, post)
    if post is not None and post.kind != Kind.REPLY:
        raise CaseError("OFFICIAL", state=case.state, version=case.version)
    review = review_of(case, project, post, database_now())
    audit(actor, case, "look")
    return review


def decide(
    *,
    actor: Any,
    group: bool,
    review_id: int,
    project: ProjectRef,
    kind: ActKind | None,
    reason: str,
    note: str,
) -> Review:
    """End a look: do `kind` to the words, or None to leave them as they were, in view.

    Raises CaseError: DECIDED, RAISED for what only the group decides, OWN_CASE.
    """
    case = lock(db.session.get_one(Review, review_id).case_id)
    review = db.session.get_one(Review, review_id, populate_existing=True)
    if review.state != ReviewState.OPEN:
        raise CaseError("DECIDED", state=case.state, version=case.version)
    if review.raised and not group:
        raise CaseError("RAISED", state=case.state, version=case.version)
    post, at = post_of(review.post_id), database_now()
    check_impartial(actor, case, post)
    if kind is None and is_veiled(case, post):
        kind = ActKind.RELEASE
    if kind is not None:
        apply(case, project, post, kind, reason=reason, at=at, actor=actor, note=note)
    _end(review, hidden=kind == ActKind.HIDE, at=at, by=actor.display_name)
    audit(actor, case, f"look_{kind or 'kept'}", reason=reason)
    return review


def stale(projects: Collection[int], limit: int) -> Sequence[Review]:
    """Return looks of these projects whose time is up."""
    mine = sa.select(Review).where(
        Review.state == ReviewState.OPEN,
        Review.raised.is_(False),
        Review.due_at <= now(),
        Review.project_id.in_(projects),
    )
    return db.session.scalars(mine.order_by(Review.due_at, Review.id).limit(limit)).all()


def release(*, review_id: int, case_id: int, project: ProjectRef) -> bool:
    """Let go of what nobody has looked at in time; what is delicate rises. Tell whether."""
    case = lock(case_id)
    review = db.session.get_one(Review, review_id, populate_existing=True)
    at = database_now()
    if review.state != ReviewState.OPEN or review.raised or review.due_at > at:
        return False
    if RISING & set(review.reasons):
        review.raised = True
        return True
    post = post_of(review.post_id)
    if is_veiled(case, post):
        apply(case, project, post, ActKind.RELEASE, reason="stale", at=at)
    _end(review, hidden=False, at=at, by="")
    return True


def _end(review: Review, *, hidden: bool, at: datetime, by: str) -> None:
    review.state = ReviewState.HIDDEN if hidden else ReviewState.KEPT
    review.decided_at, review.by = at, by
