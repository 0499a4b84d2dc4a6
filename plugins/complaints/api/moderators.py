"""What moderators do, for programs: the queue, decisions, threads, joining, sanctions, appeals."""

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from plugins.complaints import looks, merging, moderation, moderation_queries, queries, sanctions
from plugins.complaints.api.duty_schemas import (
    ActPage,
    ActShown,
    AppealWish,
    BeginWish,
    LockWish,
    LookPage,
    LookShown,
    LooksWanted,
    LookWish,
    MergeWish,
)
from plugins.complaints.api.schemas import CaseShown
from plugins.complaints.api.shown import REFUSED, acted, problem, whole_case
from plugins.complaints.errors import CaseError
from plugins.complaints.identity import Reader
from plugins.complaints.models import Act, Case, Post, Review
from plugins.complaints.moderation_forms import NO_SANCTION, STAY, AppealAnswerForm, LookForm
from plugins.complaints.moderation_queries import Looked
from plugins.complaints.moderation_views import MODERATE, decide_look
from plugins.complaints.staff_views import CENTRE, rank
from plugins.complaints.states import Ring
from portal.sdk import (
    ApiBlueprint,
    api_form,
    api_page,
    current_account,
    current_project,
    requires,
)

api = ApiBlueprint(
    "complaints_moderation_api",
    __name__,
    url_prefix="/api/v1/p/<project>/complaints/moderation",
    title="Complaints",
)


@api.call("GET", "/", LookPage, query=LooksWanted, paged=True)
@requires(MODERATE)
def queue(query: dict[str, bool]) -> Any:
    """List what waits for a look, what is due first at the top."""
    page = moderation_queries.looks(current_project().id, raised=query.get("raised", False))
    return api_page(page, lambda row: _listed(*row))


@api.call("GET", "/looks/<public_id>", LookShown)
@requires(MODERATE)
def look(public_id: str) -> dict[str, Any]:
    """Show what a look is about, and what households said."""
    return _shown(_look(public_id))


@api.call("POST", "/looks/<public_id>/decide", LookShown, body=LookWish, errors=REFUSED)
@requires(MODERATE)
def decide(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take the decision: leave, mask or hide the words; warn, mute or suspend who wrote them."""
    found = _look(public_id)
    usual = {"joined": STAY, "sanction": NO_SANCTION, "reason": "", "note": ""}
    form = api_form(LookForm, usual | body)
    acted(lambda: decide_look(found, form))
    return _shown(_look(public_id))


@api.call("POST", "/cases/<public_id>/look", LookShown, body=BeginWish, errors=REFUSED)
@requires(MODERATE)
def begin_look(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put a complaint, or a reply in it, before the moderators."""
    case, wanted = _case(public_id), body.get("reply")
    post = queries.post(case, wanted) if wanted else None
    if wanted and post is None:
        raise NotFound
    review = acted(
        lambda: looks.look(
            actor=current_account(),
            case_id=case.id,
            post_id=post.id if post else None,
            project=current_project(),
        )
    )
    return _shown(_look(review.public_id))


@api.call("POST", "/cases/<public_id>/lock", CaseShown, body=LockWish, errors=REFUSED)
@requires(MODERATE)
def lock(public_id: str, body: dict[str, bool]) -> dict[str, Any]:
    """Close a thread for neighbours, or open it again."""
    case = _case(public_id)
    if case.ring == Ring.PRIVATE:
        raise NotFound
    return _done(
        case,
        moderation.set_locked,
        locked=body["locked"],
        reason="heated" if body["locked"] else "calm",
    )


@api.call("POST", "/cases/<public_id>/merge", CaseShown, body=MergeWish, errors=REFUSED)
@requires(MODERATE)
def merge(public_id: str, body: dict[str, str]) -> dict[str, Any]:
    """Join a complaint into another about the same trouble."""
    case = _case(public_id)
    into = merging.find_by_code(current_project().id, body["code"])
    if into is None:
        raise problem(CaseError("NO_MERGE"))
    return _done(case, merging.merge, into_id=into.id)


@api.call("POST", "/cases/<public_id>/unmerge", CaseShown, errors=REFUSED)
@requires(MODERATE)
def unmerge(public_id: str) -> dict[str, Any]:
    """Take a joined complaint apart again."""
    return _done(_case(public_id), merging.unmerge)


@api.call("GET", "/sanctions", ActPage, paged=True)
@requires(MODERATE)
def sanctioned() -> Any:
    """List the sanctions in force."""
    return api_page(
        moderation_queries.sanctions(current_project().id), lambda row: _act_shown(row[0], row[1])
    )


@api.call("POST", "/sanctions/<public_id>/lift", ActShown, errors=REFUSED)
@requires(MODERATE)
def lift(public_id: str) -> dict[str, Any]:
    """End a sanction before its time."""
    act = _act(public_id)
    if act.kind not in sanctions.BARRING:
        raise NotFound
    acted(lambda: sanctions.lift(actor=current_account(), act=act, project=current_project()))
    return _act_shown(act, moderation_queries.words_of(act)[0])


@api.call("GET", "/appeals", ActPage, paged=True)
@requires(MODERATE)
def appeals() -> Any:
    """List what members have appealed against, the oldest first."""
    return api_page(
        moderation_queries.appeals(current_project().id), lambda row: _act_shown(row[0], row[1])
    )


@api.call("POST", "/appeals/<public_id>/decide", ActShown, body=AppealWish, errors=REFUSED)
@requires(CENTRE)
def appeal(public_id: str, body: dict[str, str]) -> dict[str, Any]:
    """Take the group's decision on an appeal."""
    act, form = _act(public_id), api_form(AppealAnswerForm, body)
    acted(
        lambda: sanctions.answer_appeal(
            actor=current_account(),
            act_id=act.id,
            project=current_project(),
            overturn=form.verdict.data == "overturn",
            body=form.body.data or "",
        )
    )
    return _act_shown(_act(public_id), moderation_queries.words_of(act)[0])


def _done(case: Case, act: Callable[..., object], **more: Any) -> dict[str, Any]:
    public_id, project = case.public_id, current_project()
    acted(lambda: act(actor=current_account(), case_id=case.id, project=project, **more))
    reader = Reader(staff=True, rank=rank())
    found = queries.find_whole(project.id, reader, public_id)
    if found is None:
        raise NotFound
    return whole_case(found, reader)


def _listed(review: Review, case: Case, post: Post | None) -> dict[str, Any]:
    return {
        "id": review.public_id,
        "case": case.public_id,
        "code": case.code,
        "reply": post.public_id if post else None,
        "title": case.title,
        "body": (post or case).body,
        "state": review.state,
        "reasons": sorted(review.reasons),
        "reports": review.reports,
        "held": review.held,
        "raised": review.raised,
        "due_at": review.due_at,
    }


def _shown(found: Looked) -> dict[str, Any]:
    said = [each.body for each in moderation_queries.reports(found.review) if each.body]
    return {**_listed(found.review, found.case, found.post), "said": said}


def _act_shown(act: Act, case: Case | None) -> dict[str, Any]:
    return {
        "id": act.public_id,
        "kind": act.kind,
        "reason": act.reason,
        "by": act.by,
        "code": case.code if case else None,
        "until": act.until,
        "appeal": act.appeal,
        "appeal_body": act.appeal_body,
        "answer": act.answer,
        "done_at": act.created_at,
    }


def _look(public_id: str) -> Looked:
    found = moderation_queries.find_look(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _case(public_id: str) -> Case:
    found = queries.find(current_project().id, Reader(staff=True), public_id)
    if found is None:
        raise NotFound
    return found


def _act(public_id: str) -> Act:
    found = moderation_queries.find_act(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


__all__ = ["api"]
