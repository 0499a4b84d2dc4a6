"""What the staff do with complaints, for programs: the queue, and official answers."""

from typing import Any

from werkzeug.exceptions import NotFound

from plugins.complaints import handling, queries
from plugins.complaints.api.schemas import AnswerWish, CasePage, CaseShown, PostPage, StaffWanted
from plugins.complaints.api.shown import REFUSED, listed, problem, said, whole_case
from plugins.complaints.errors import CaseError
from plugins.complaints.forms import AnswerForm
from plugins.complaints.identity import Reader
from plugins.complaints.queries import STAFF_TABS, ListFilter, Whole
from plugins.complaints.staff_views import HANDLE, VIEW, rank
from portal.sdk import (
    ApiBlueprint,
    api_form,
    api_page,
    current_account,
    current_project,
    db,
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
    return whole_case(_find(public_id), _reader())


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
    found, form = _find(public_id).case, api_form(AnswerForm, body)
    try:
        handling.answer(
            actor=current_account(),
            rank=rank(),
            case_id=found.id,
            project=current_project(),
            step=form.step.data,
            body=form.body.data or "",
            version=form.version.data or 0,
        )
    except CaseError as error:
        raise problem(error) from error
    db.session.commit()
    return whole_case(_find(public_id), _reader())


def _reader() -> Reader:
    return Reader(staff=True, rank=rank())


def _find(public_id: str) -> Whole:
    found = queries.find_whole(current_project().id, _reader(), public_id)
    if found is None:
        raise NotFound
    return found


__all__ = ["api"]
