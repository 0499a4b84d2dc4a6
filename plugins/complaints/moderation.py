"""What moderators do to words, each act with its reason: nothing vanishes, no case is closed by it.

The case is locked first, as everywhere: `at` is read after it.
"""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.complaints import screening
from plugins.complaints.casework import database_now, lock
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Case, Edit, Post, Report, Review
from plugins.complaints.searching import put_into_search, rebuild_words
from plugins.complaints.states import ActKind, Kind, PostState, ReviewState, Ring, Veil
from plugins.complaints.telling import tell_author
from portal.sdk import (
    MemberRef,
    ProjectRef,
    db,
    find_members,
    now,
    plugin_settings,
    record,
)

PERSONAL, WORD, UNLAWFUL = "personal", "word", "unlawful"
APART, STAYS = "apart", "stays"
"""A household asks for its joined complaint to be taken apart; it stays joined."""
RISING = frozenset({PERSONAL, UNLAWFUL, APART})
"""What nobody has looked at in time rises to the group for these, and is released for others."""
VEILING = (ActKind.HOLD, ActKind.HIDE)
_UNVEILING = (ActKind.RELEASE, ActKind.SHOW, ActKind.MASK)


def screen(case: Case, project: ProjectRef, post: Post | None, at: datetime) -> None:
    """Hold public words with personal numbers or listed words until somebody has looked."""
    if case.ring == Ring.PRIVATE:
        return
    settings = plugin_settings("complaints", project)
    texts = [post.body] if post else [case.title, case.body]
    found = [PERSONAL] if any(map(screening.personal, texts)) else []
    for reason, key in ((WORD, "held_words"), (UNLAWFUL, "legal_words")):
        if screening.has_word(texts, screening.words_of(settings[key] or "")):
            found.append(reason)
    if not found:
        return
    db.session.flush()
    review = review_of(case, project, post, at)
    review.reasons = {**review.reasons, **dict.fromkeys(found, 1)}
    review.held = True
    apply(case, project, post, ActKind.HOLD, reason=found[0], at=at)


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
    post, at = _post(post_id), database_now()
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
    post = _post(post_id)
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
    post, at = _post(review.post_id), database_now()
    check_impartial(actor, case, post)
    if kind is None and is_veiled(case, post):
        kind = ActKind.RELEASE
    if kind is not None:
        apply(case, project, post, kind, reason=reason, at=at, actor=actor, note=note)
    _end(review, hidden=kind == ActKind.HIDE, at=at, by=actor.display_name)
    audit(actor, case, f"look_{kind or 'kept'}", reason=reason)
    return review


def set_locked(*, actor: Any, case_id: int, project: ProjectRef, locked: bool, reason: str) -> None:
    """Let neighbours reply no more, or again; the household and the staff always may."""
    case = lock(case_id)
    check_impartial(actor, case, None)
    if case.locked != locked:
        kind = ActKind.LOCK if locked else ActKind.UNLOCK
        apply(case, project, None, kind, reason=reason, at=database_now(), actor=actor)
        audit(actor, case, kind, reason=reason)


def apply(
    case: Case,
    project: ProjectRef,
    post: Post | None,
    kind: ActKind,
    *,
    reason: str,
    at: datetime,
    actor: Any = None,
    note: str = "",
) -> Act:
    """Do an act to a locked case or a post of it, write it down, and tell whose words they are."""
    author = author_of(case, post)
    act = Act(
        project_id=project.id,
        case_id=case.id,
        post_id=post.id if post else None,
        member_id=author,
        kind=kind,
        reason=reason,
        note=note,
        public=case.ring != Ring.PRIVATE,
        account_id=actor.id if actor else None,
        by=actor.display_name if actor else "",
        created_at=at,
    )
    db.session.add(act)
    db.session.flush()
    if kind == ActKind.MASK:
        _mask(case, post)
    if kind in (ActKind.LOCK, ActKind.UNLOCK):
        case.locked = kind == ActKind.LOCK
    if kind in (*VEILING, *_UNVEILING):
        _veil(case, post, act)
        rebuild_words(case)
        put_into_search(case, project)
    if author is not None:
        tell_author(author, act, case, project)
    return act


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
    post = _post(review.post_id)
    if is_veiled(case, post):
        apply(case, project, post, ActKind.RELEASE, reason="stale", at=at)
    _end(review, hidden=False, at=at, by="")
    return True


def author_of(case: Case, post: Post | None) -> int | None:
    """Return the member whose words they are; None for the staff's."""
    return post.member_id if post else case.member_id


def is_veiled(case: Case, post: Post | None) -> bool:
    """Tell whether neighbours do not see it now."""
    return post.state != PostState.SHOWN if post else case.veil != Veil.NONE


def is_hidden(case: Case, post: Post | None) -> bool:
    """Tell whether a moderator has hidden it."""
    return post.state == PostState.HIDDEN if post else case.veil == Veil.HIDDEN


def audit(actor: Any, case: Case, what: str, reason: str | None = None) -> None:
    """Write what somebody of the staff did into the trail."""
    record(
        actor=actor,
        action=f"complaints.{what}",
        subject=("complaints_case", case.public_id),
        project_id=case.project_id,
        reason=reason or None,
    )


def review_of(case: Case, project: ProjectRef, post: Post | None, at: datetime) -> Review:
    """Return the open look at something; the case is locked, so that there is one only."""
    target = Review.post_id == post.id if post else Review.post_id.is_(None)
    found = db.session.scalar(
        sa.select(Review).where(Review.case_id == case.id, target, Review.state == ReviewState.OPEN)
    )
    if found is not None:
        return found
    hours = plugin_settings("complaints", project)["review_hours"]
    made = Review(
        case_id=case.id,
        post_id=post.id if post else None,
        project_id=project.id,
        reasons={},
        reports=0,
        due_at=at + timedelta(hours=hours),
        created_at=at,
    )
    db.session.add(made)
    db.session.flush()
    return made


def _post(post_id: int | None) -> Post | None:
    return db.session.get_one(Post, post_id, populate_existing=True) if post_id else None


def _end(review: Review, *, hidden: bool, at: datetime, by: str) -> None:
    review.state = ReviewState.HIDDEN if hidden else ReviewState.KEPT
    review.decided_at, review.by = at, by


def check_impartial(actor: Any, case: Case, post: Post | None) -> None:
    """Refuse who is in charge of the case, and whose own words they are."""
    concerned = find_members([each for each in (case.member_id, author_of(case, post)) if each])
    own = any(member.account_id == actor.id for member in concerned.values())
    if case.assignee_id == actor.id or own:
        raise CaseError("OWN_CASE", state=case.state, version=case.version)


def _veil(case: Case, post: Post | None, act: Act) -> None:
    told = dict(act.told) if act.kind in VEILING else {}
    hidden = act.kind == ActKind.HIDE
    if post is not None:
        post.tomb = told
        post.state = PostState.SHOWN
        if told:
            post.state = PostState.HIDDEN if hidden else PostState.HELD
    else:
        case.tomb = told
        case.veil = Veil.NONE
        if told:
            case.veil = Veil.HIDDEN if hidden else Veil.HELD


def _mask(case: Case, post: Post | None) -> None:
    """Cover personal numbers, also in what the words were before."""
    if post is not None:
        post.body = screening.mask(post.body)
    else:
        case.title, case.body = screening.mask(case.title), screening.mask(case.body)
    target = Edit.post_id == post.id if post else Edit.post_id.is_(None)
    for edit in db.session.scalars(sa.select(Edit).where(Edit.case_id == case.id, target)):
        edit.body = screening.mask(edit.body)
