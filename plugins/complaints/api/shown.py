"""Complaints and posts as programs get them, and why an act was refused."""

from collections.abc import Callable
from typing import Any, TypeVar

from plugins.complaints import identity
from plugins.complaints.errors import CaseError
from plugins.complaints.identity import Reader
from plugins.complaints.models import Case, Category, Clock, Post
from plugins.complaints.queries import Whole
from plugins.complaints.views import STATUS
from plugins.complaints.words import REFUSALS
from portal.sdk import ApiProblem, db

T = TypeVar("T")
REFUSED = {
    403: "`code` says why: a moderator's sanction, another household's case, one's own case.",
    409: "STALE, ILLEGAL_STEP, CLOSED and others; `state` and `version` are the case's now.",
    429: "TOO_MANY: who is new writes less at once.",
}


def problem(error: CaseError) -> ApiProblem:
    """Return the answer to a refused act, which is rolled back; `code` is the refusal's own."""
    db.session.rollback()
    told: dict[str, object] = {"code": error.code}
    if error.version:
        told |= {"state": error.state, "version": error.version}
    status = STATUS.get(error.code, 409)
    detail = str(REFUSALS[error.code])
    return ApiProblem(status, error.code.lower(), detail=detail, extra=told)


def acted(act: Callable[[], T]) -> T:
    """Do something and commit it; raises the problem of a refusal."""
    try:
        made = act()
    except CaseError as error:
        raise problem(error) from error
    db.session.commit()
    return made


def listed(case: Case, category: Category, reader: Reader) -> dict[str, Any]:
    """Return a complaint of a list; its title only for who may read it now."""
    return {
        "id": case.public_id,
        "code": case.code,
        "title": case.title if identity.sees_words(case, reader) else None,
        "state": case.state,
        "level": case.level,
        "ring": case.ring,
        "channel": case.channel,
        "category": category.key,
        "own": reader.owns(case),
        "households": case.households,
        "replies": case.replies,
        "due_at": case.due_at,
        "waits_until": case.waits_until,
        "handed_in_at": case.created_at,
        "active_at": case.active_at,
    }


def whole_case(whole: Whole, reader: Reader) -> dict[str, Any]:
    """Return a complaint with its clocks."""
    case = whole.case
    seen = identity.sees_words(case, reader)
    return {
        **listed(case, whole.category, reader),
        "body": case.body if seen else None,
        "author": identity.author(case, reader) if seen else "",
        "place": identity.place(case, reader) if seen else "",
        "photos": list(case.photos) if seen else [],
        "version": case.version,
        "round": case.round,
        "rating": case.rating,
        "joined": whole.joined,
        "follows": whole.follows,
        "locked": case.locked,
        "clocks": [_clock(each) for each in whole.clocks],
    }


def said(post: Post, quoted: Post | None, case: Case, reader: Reader) -> dict[str, Any]:
    """Return something said in a thread."""
    seen = identity.sees_post(post, reader)
    return {
        "id": post.public_id,
        "kind": post.kind,
        "step": post.step,
        "by": identity.speaker(post, case, reader) if seen else "",
        "body": post.body if seen else None,
        "quotes": quoted.public_id if quoted is not None else None,
        "photos": list(post.photos or ()) if seen else [],
        "said_at": post.created_at,
    }


def _clock(clock: Clock) -> dict[str, Any]:
    return {
        "kind": clock.kind,
        "due_at": clock.due_at,
        "running": clock.running,
        "paused": clock.paused_at is not None,
        "provisional": clock.provisional,
        "met_at": clock.met_at,
        "breached_at": clock.breached_at,
    }
