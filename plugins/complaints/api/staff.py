"""What the staff do with complaints, for programs: the queue, answers, other hands, the group."""

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from plugins.complaints import handling, promising, queries
from plugins.complaints.api.duty_schemas import ExtendWish, MoveWish, NoteWish, TransferWish
from plugins.complaints.api.schemas import (
    AnswerWish,
    CasePage,
    CaseShown,
    PostPage,
    ReasonWish,
    StaffWanted,
    VersionWish,
)
from plugins.complaints.api.shown import REFUSED, acted, listed, said, whole_case
from plugins.complaints.filters import STAFF_TABS, ListFilter
from plugins.complaints.following_forms import ExtendForm
from plugins.complaints.forms import AnswerForm, ReasonForm, WordsForm
from plugins.complaints.identity import Reader
from plugins.complaints.queries import Whole
from plugins.complaints.staff_views import CENTRE, HANDLE, VIEW, rank
from portal.sdk import (
    ApiBlueprint,
    ApiProblem,
    api_form,
    api_page,
    colleagues,
    current_account,
    current_project,
    gettext,
    may,
    requires,
)

api = ApiBlueprint(
    "complaints_staff_api",
    __name__,
    url_prefix="/api/v1/p/<project>/complaints/staff",
    title="Complaints",
)


@api.call("GET", "/", CasePage, query=StaffWanted, paged=True)
@requires(VIEW)
def queue(query: dict[str, str]) -> Any:
    """List the cases of the project, what is due first at the top."""
    reader, wanted = _reader(), ListFilter.read(query, STAFF_TABS)
    page = queries.queue(current_project().id, reader, wanted, current_account().id)
    return api_page(page, lambda row: listed(row[0], row[1], reader))


@api.call("GET", "/<public_id>", CaseShown)
@requires(VIEW)
def case(public_id: str) -> dict[str, Any]:
    """Show a case with its clocks to who handles it."""
    return _shown(public_id)


@api.call("GET", "/<public_id>/posts", PostPage, paged=True)
@requires(VIEW)
def posts(public_id: str) -> Any:
    """List what was said, notes among the staff included."""
    found, reader = _find(public_id).case, _reader()
    page = queries.posts(found, notes=True)
    return api_page(page, lambda row: said(row[0], row[1], found, reader))


@api.call("POST", "/<public_id>/answer", CaseShown, body=AnswerWish, errors=REFUSED)
@requires(HANDLE)
def answer(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Answer officially, ask the owner, or propose a solution."""
    form = api_form(AnswerForm, body)
    said = {"step": form.step.data, "body": form.body.data or "", "rank": rank()}
    return _done(public_id, handling.answer, project=current_project(), **said, **_version(body))


@api.call("POST", "/<public_id>/note", CaseShown, body=NoteWish, errors=REFUSED)
@requires(HANDLE)
def note(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Note something that owners do not see."""
    return _done(public_id, handling.note, body=api_form(WordsForm, body).body.data or "")


@api.call("POST", "/<public_id>/assign", CaseShown, body=VersionWish, errors=REFUSED)
@requires(HANDLE)
def assign(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take charge of a case."""
    return _done(public_id, handling.assign, **_version(body))


@api.call("POST", "/<public_id>/move", CaseShown, body=MoveWish, errors=REFUSED)
@requires(HANDLE)
def move(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Send a case to another category, and to who takes its cases."""
    kinds = {each.key: each for each in queries.categories(current_project().id)}
    category = kinds.get(body["category"])
    if category is None:
        _find(public_id)
        raise _unknown()
    reason = api_form(ReasonForm, {key: body[key] for key in ("body", "version")}).body.data or ""
    where = {"project": current_project(), "category": category, "reason": reason}
    return _done(public_id, promising.move, **where, **_version(body))


@api.call("POST", "/<public_id>/transfer", CaseShown, body=TransferWish, errors=REFUSED)
@requires(HANDLE)
def transfer(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put a case into a colleague's hands."""
    here = {each.public_id: each for each in colleagues(HANDLE, current_project())}
    to = here.get(body["colleague"])
    if to is None:
        _find(public_id)
        raise _unknown()
    return _done(public_id, promising.transfer, to_id=to.id, to_name=to.name, **_version(body))


@api.call("POST", "/<public_id>/take-over", CaseShown, body=VersionWish, errors=REFUSED)
@requires(CENTRE)
def take_over(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Raise a case to the group."""
    return _done(public_id, handling.take_over, project=current_project(), **_version(body))


@api.call("POST", "/<public_id>/extend", CaseShown, body=ExtendWish, errors=REFUSED)
@requires(CENTRE)
def extend(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Give a solution more time, with a reason that the owner reads."""
    form = api_form(ExtendForm, body)
    more = {"hours": form.hours.data or 1, "reason": form.body.data or ""}
    return _done(public_id, handling.extend, project=current_project(), **more, **_version(body))


@api.call("POST", "/<public_id>/overrule", CaseShown, body=ReasonWish, errors=REFUSED)
@requires(CENTRE)
def overrule(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Close a case as unsatisfied after the owner refused the group's solution."""
    why = {"project": current_project(), "reason": api_form(ReasonForm, body).body.data or ""}
    return _done(public_id, handling.overrule, **why, **_version(body))


@api.call("POST", "/<public_id>/unseal", CaseShown, body=ReasonWish, errors=REFUSED)
@requires(CENTRE)
def unseal(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Look up which home complained; the reason is kept, and the owner hears of it."""
    reason = api_form(ReasonForm, body).body.data or ""
    return _done(public_id, handling.unseal, project=current_project(), reason=reason)


def _done(public_id: str, act: Callable[..., object], **more: Any) -> dict[str, Any]:
    found = _find(public_id).case
    acted(lambda: act(actor=current_account(), case_id=found.id, **more))
    return _shown(public_id)


def _version(body: dict[str, Any]) -> dict[str, int]:
    return {"version": body["version"]}


def _unknown() -> ApiProblem:
    said = gettext("Choose a category or a colleague.")
    return ApiProblem(422, "unknown", detail=said, extra={"code": "UNKNOWN"})


def _shown(public_id: str) -> dict[str, Any]:
    whole = _find(public_id)
    seen = may(CENTRE) and queries.has_unsealed(whole.case, current_account().id)
    return whole_case(whole, Reader(staff=True, rank=rank(), unsealed=seen))


def _reader() -> Reader:
    return Reader(staff=True, rank=rank())


def _find(public_id: str) -> Whole:
    found = queries.find_whole(current_project().id, _reader(), public_id)
    if found is None:
        raise NotFound
    return found


__all__ = ["api"]
