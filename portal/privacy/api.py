"""What a member asks about their own data, for programs: a copy of it, and to be erased."""

from typing import Any

from flask_babel import get_locale
from marshmallow.fields import Nested
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import member_only, whole_token
from portal.accounts.confirmation import recently_confirmed
from portal.accounts.current import current_account
from portal.accounts.security_api import CONFIRM
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Flag, Input, Moment, Output, Text, Whole, list_of
from portal.api.forms import checked, form_over
from portal.api.problems import Problem, conflict, refused
from portal.extensions import db
from portal.i18n import DEFAULT_LANGUAGE, gettext
from portal.idempotency.answers import without_key
from portal.members.current import current_member
from portal.personal_data import ErasureNote
from portal.privacy import queries, service
from portal.privacy.errors import PrivacyError, RequestStateError
from portal.privacy.forms import ErasureForm
from portal.privacy.models import PrivacyRequest, RequestKind, RequestReason, RequestState
from portal.privacy.views import send_export
from portal.privacy.words import STATE_TITLES, sentence

blueprint = ApiBlueprint(
    "privacy_api", "portal.privacy", url_prefix="/api/v1/me/privacy", title="My data"
)
MOVED = {409: "The request is in another state now (`state`), or one is open already."}


class RequestShown(Output):
    """A request about one's data."""

    id = Text(22)
    kind = Choice(RequestKind)
    state = Choice(RequestState)
    state_title = Text()
    due_at = Moment(
        allow_none=True,
        metadata={"description": "Erasure: when it is done. Copy: until when it is kept."},
    )
    created_at = Moment()
    finished_at = Moment(allow_none=True)


class NoteShown(Output):
    """A line of what an erasure takes away, or of what stays and why (`kept`)."""

    title = Text()
    kept = Text()


class PrivacyShown(Output):
    """How one's requests stand, and what an erasure would mean."""

    export = Nested(RequestShown, allow_none=True)
    erasure = Nested(RequestShown, allow_none=True)
    waiting_days = Whole(0, 100, metadata={"description": "How long an erasure waits."})
    erased = list_of(NoteShown)
    kept = list_of(NoteShown)
    objections = list_of(Text(), metadata={"description": "What stands in an erasure's way now."})


class ErasureWish(Input):
    """That `erased` and `kept` were read, and are wanted so."""

    understood = Flag(required=True)


@blueprint.call("GET", "", PrivacyShown)
@member_only
def show() -> dict[str, Any]:
    """Show how one's requests stand, and what an erasure would take away."""
    member = current_member()
    latest = queries.latest_requests(member.id)
    gone, kept = queries.notes_for(member)
    return {
        "export": _latest(latest.get(RequestKind.EXPORT)),
        "erasure": _latest(latest.get(RequestKind.ERASURE)),
        "waiting_days": queries.waiting_days(),
        "erased": [_note(each) for each in gone],
        "kept": [_note(each) for each in kept],
        "objections": [str(each) for each in queries.objections_to(member)],
    }


@blueprint.call("POST", "/exports", RequestShown, status=202, errors={**CONFIRM, **MOVED})
@member_only
@whole_token
@recently_confirmed
def export() -> dict[str, Any]:
    """Ask for a copy of everything that is kept of one: a zip that is made in some minutes."""
    try:
        made = service.request_export(
            actor=current_account(),
            member=current_member(),
            language=str(get_locale() or DEFAULT_LANGUAGE),
        )
    except PrivacyError as error:
        raise refusal(error) from error
    db.session.commit()
    return request_shown(made)


@blueprint.call("GET", "/requests/<public_id>", RequestShown)
@member_only
def show_request(public_id: str) -> dict[str, Any]:
    """Show how a request stands: ask now and then until a copy is `ready`."""
    return request_shown(_own(public_id))


@blueprint.call(
    "POST",
    "/exports/<public_id>/file",
    media="application/zip",
    errors={**CONFIRM, 410: "The copy is not ready yet, or no longer kept."},
)
@member_only
@whole_token
@without_key
@recently_confirmed
def download(public_id: str) -> Response:
    """Fetch the zip; that it was taken is noted, therefore a POST."""
    found = queries.request_of(current_member().id, public_id, RequestKind.EXPORT)
    if found is None:
        raise NotFound
    return send_export(found)


@blueprint.call(
    "POST",
    "/erasures",
    RequestShown,
    status=202,
    body=ErasureWish,
    errors={**CONFIRM, **MOVED, 422: "Something stands in the way: `errors.body` says what."},
)
@member_only
@whole_token
@recently_confirmed
def erase(body: dict[str, bool]) -> dict[str, Any]:
    """Ask to be erased after the waiting period; until then it may be withdrawn."""
    member = current_member()
    checked(form_over(ErasureForm, body))
    objections = queries.objections_to(member)
    if objections:
        raise Problem(422, "objections", errors={"body": objections})
    try:
        made = service.request_erasure(actor=current_account(), member=member)
    except PrivacyError as error:
        raise refusal(error) from error
    db.session.commit()
    return request_shown(made)


@blueprint.call("POST", "/requests/<public_id>/cancel", RequestShown, errors=MOVED)
@member_only
@whole_token
def cancel(public_id: str) -> dict[str, Any]:
    """Withdraw one of one's own requests. Nothing was erased."""
    found = _own(public_id)
    try:
        service.cancel(actor=current_account(), request=found, reason=RequestReason.CHANGED_MIND)
    except RequestStateError as error:
        raise moved(error) from error
    db.session.commit()
    return request_shown(found)


def request_shown(found: PrivacyRequest) -> dict[str, Any]:
    """Return a request as its member sees it."""
    return {
        "id": found.public_id,
        "kind": found.kind,
        "state": found.state,
        "state_title": str(STATE_TITLES[found.state]),
        "due_at": found.due_at,
        "created_at": found.created_at,
        "finished_at": found.finished_at,
    }


def refusal(error: PrivacyError) -> Problem:
    """Return why a request cannot be made."""
    db.session.rollback()
    if error.code == "already_open":
        return conflict(error.code, sentence(error.code))
    return refused(error.code, sentence(error.code))


def moved(error: RequestStateError) -> Problem:
    """Return the 409 that names where a request stands."""
    db.session.rollback()
    return conflict(
        "illegal_step",
        gettext("The request stands now at: %(state)s", state=STATE_TITLES[error.state]),
        state=str(error.state),
    )


def _own(public_id: str) -> PrivacyRequest:
    member_id = current_member().id
    for kind in RequestKind:
        found = queries.request_of(member_id, public_id, kind)
        if found is not None:
            return found
    raise NotFound


def _latest(found: PrivacyRequest | None) -> dict[str, Any] | None:
    return request_shown(found) if found else None


def _note(note: ErasureNote) -> dict[str, str]:
    return {"title": str(note.title), "kept": str(note.kept)}
