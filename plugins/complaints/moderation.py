"""What moderators do to words, each act with its reason: nothing vanishes, no case is closed by it.

The case is locked first, as everywhere: `at` is read after it.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from plugins.complaints import screening
from plugins.complaints.casework import database_now, lock
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Case, Edit, Post, Review
from plugins.complaints.searching import put_into_search, rebuild_words
from plugins.complaints.states import ActKind, PostState, ReviewState, Ring, Veil
from plugins.complaints.telling import tell_author
from portal.sdk import (
    ProjectRef,
    db,
    find_members,
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


def post_of(post_id: int | None) -> Post | None:
    """Return the reply that something is about; None for the complaint itself."""
    return db.session.get_one(Post, post_id, populate_existing=True) if post_id else None


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
