"""What owners do with complaints, for programs."""

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from plugins.complaints import deciding, posting, queries
from plugins.complaints.api.schemas import (
    CasePage,
    CaseShown,
    ComplaintWish,
    OptionsShown,
    PostPage,
    RatingWish,
    ReasonWish,
    ReplyWish,
    VersionWish,
    Wanted,
)
from plugins.complaints.api.shown import REFUSED, acted, listed, problem, said, whole_case
from plugins.complaints.errors import CaseError
from plugins.complaints.filters import OWNER_FILTERS, ListFilter
from plugins.complaints.forms import ComplaintForm, RatingForm, ReasonForm, ReplyForm
from plugins.complaints.identity import Reader
from plugins.complaints.joining import service as joining
from plugins.complaints.models import Case
from plugins.complaints.subscribing import service as subscribing
from plugins.complaints.views import find_shown
from portal.sdk import (
    ApiBlueprint,
    ApiProblem,
    HomeRef,
    api_form,
    api_page,
    current_member,
    current_project,
    gettext,
    homes_of,
    localized,
    member_only,
)

api = ApiBlueprint(
    "complaints_api", __name__, url_prefix="/api/v1/p/<project>/complaints", title="Complaints"
)
_NO_HOME = {**REFUSED, 403: "Without a home in the project; or `code` says why."}


@api.call("GET", "/", CasePage, query=Wanted, paged=True)
@member_only
def cases(query: dict[str, str]) -> Any:
    """List the complaints that the member may see, the latest words first."""
    reader = _reader()
    page = queries.threads(current_project().id, reader, ListFilter.read(query, OWNER_FILTERS))
    return api_page(page, lambda row: listed(row[0], row[1], reader))


@api.call("GET", "/options", OptionsShown)
@member_only
def options() -> dict[str, Any]:
    """Say what a new complaint may be about, and which homes the member has here."""
    homes = homes_of(current_member(), current_project())
    return {
        "categories": [
            {"key": each.key, "title": localized(each.title)}
            for each in queries.categories(current_project().id)
        ],
        "homes": [{"key": each.public_id, "title": each.title} for each in homes],
    }


@api.call("POST", "/", CaseShown, status=201, body=ComplaintWish, errors=_NO_HOME)
@member_only
def submit(body: dict[str, Any]) -> dict[str, Any]:
    """Hand a complaint in; its clocks run from now on."""
    homes, categories = _homes(), queries.categories(current_project().id)
    form = api_form(ComplaintForm, body, lambda form: form.offer(categories, homes))
    made = acted(
        lambda: posting.submit(
            member=current_member(), project=current_project(), draft=form.draft()
        )
    )
    return _shown(made.public_id)


@api.call("GET", "/<public_id>", CaseShown)
@member_only
def case(public_id: str) -> dict[str, Any]:
    """Show a complaint with its clocks."""
    return _shown(public_id)


@api.call("GET", "/<public_id>/posts", PostPage, paged=True)
@member_only
def posts(public_id: str) -> Any:
    """List what was said about a complaint, the oldest first."""
    found, reader = find_shown(public_id), _reader()
    page = queries.posts(found, notes=False)
    return api_page(page, lambda row: said(row[0], row[1], found, reader))


@api.call("POST", "/<public_id>/reply", CaseShown, body=ReplyWish, errors=_NO_HOME)
@member_only
def reply(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Say something in the thread."""
    found = find_shown(public_id)
    _homes()
    form = api_form(ReplyForm, body, lambda form: form.for_ring(found.ring))
    quoted = queries.post(found, form.quote.data) if form.quote.data else None
    return _done(
        found,
        posting.reply,
        project=current_project(),
        body=form.body.data or "",
        quote_id=quoted.id if quoted else None,
    )


@api.call("POST", "/<public_id>/me-too", CaseShown, errors=_NO_HOME)
@member_only
def me_too(public_id: str) -> dict[str, Any]:
    """Say that one's household has the same trouble; once, however often it is sent."""
    _homes()
    return _done(find_shown(public_id), posting.me_too, project=current_project())


@api.call("POST", "/<public_id>/apart", CaseShown, errors=REFUSED)
@member_only
def apart(public_id: str) -> dict[str, Any]:
    """Ask the moderators to take one's joined complaint apart; once, however often it is sent."""
    return _done(find_shown(public_id), joining.object_to, project=current_project())


@api.call("POST", "/<public_id>/not-me", CaseShown, errors=REFUSED)
@member_only
def not_me(public_id: str) -> dict[str, Any]:
    """Take one's household out again."""
    return _done(find_shown(public_id), posting.not_me)


@api.call("POST", "/<public_id>/follow", CaseShown, errors=_NO_HOME)
@member_only
def follow(public_id: str) -> dict[str, Any]:
    """Hear of every answer."""
    _homes()
    found = find_shown(public_id)
    acted(lambda: subscribing.follow(case=found, member=current_member()))
    return _shown(public_id)


@api.call("POST", "/<public_id>/unfollow", CaseShown)
@member_only
def unfollow(public_id: str) -> dict[str, Any]:
    """Hear no more of it."""
    found = find_shown(public_id)
    acted(lambda: subscribing.unfollow(case=found, member=current_member()))
    return _shown(public_id)


@api.call("POST", "/<public_id>/accept", CaseShown, body=RatingWish, errors=REFUSED)
@member_only
def accept(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Accept a solution with a rating: the household closes its case."""
    api_form(RatingForm, body)
    return _decide(public_id, deciding.accept, body["version"], rating=body["rating"])


@api.call("POST", "/<public_id>/refuse", CaseShown, body=ReasonWish, errors=REFUSED)
@member_only
def refuse(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Refuse a solution: the case rises a level."""
    reason = api_form(ReasonForm, body).body.data
    return _decide(public_id, deciding.refuse, body["version"], reason=reason)


@api.call("POST", "/<public_id>/reopen", CaseShown, body=ReasonWish, errors=REFUSED)
@member_only
def reopen(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Open a lapsed case again."""
    reason = api_form(ReasonForm, body).body.data
    return _decide(public_id, deciding.reopen, body["version"], reason=reason)


@api.call("POST", "/<public_id>/withdraw", CaseShown, body=VersionWish, errors=REFUSED)
@member_only
def withdraw(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Take a complaint back."""
    return _decide(public_id, deciding.withdraw, body["version"])


def _reader() -> Reader:
    return Reader(member=current_member())


def _shown(public_id: str) -> dict[str, Any]:
    reader = _reader()
    found = queries.find_whole(current_project().id, reader, public_id)
    if found is None:
        raise NotFound
    return whole_case(found, reader)


def _homes() -> list[HomeRef]:
    """Return the member's homes here; raises the 403 of who has none."""
    homes = homes_of(current_member(), current_project())
    if not homes:
        said = gettext("Complaining and replying need a verified home here.")
        raise ApiProblem(403, "no_home", detail=said, extra={"code": "NO_HOME"})
    return homes


def _decide(public_id: str, decide: Callable[..., Case], version: int, **more: Any) -> Any:
    """Let the household decide on the version that it was shown."""
    found = find_shown(public_id)
    if found.household_id != current_member().household_id:
        raise problem(CaseError("NOT_YOURS"))
    return _done(found, decide, project=current_project(), version=version, **more)


def _done(found: Case, act: Callable[..., object], **more: Any) -> dict[str, Any]:
    public_id = found.public_id
    acted(lambda: act(case_id=found.id, member=current_member(), **more))
    return _shown(public_id)


__all__ = ["api"]
