"""Requests about members' data, for the staff's programs, and how long the club keeps what."""

from typing import Any

from marshmallow import Schema, fields, validate
from werkzeug.exceptions import NotFound

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.exporting import declare_export
from portal.api.fields import Choice, Input, Moment, Output, Text, Whole, list_of
from portal.api.forms import checked, form_over
from portal.api.paging import page_schema, paged
from portal.api.problems import invalid
from portal.extensions import db
from portal.i18n import gettext
from portal.pagination import page_of
from portal.privacy import queries, service, staff_views
from portal.privacy.api import MOVED, RequestShown, moved, refusal, request_shown
from portal.privacy.errors import PrivacyError, RequestStateError
from portal.privacy.forms import NOTE_MAX, StartForm, StopForm
from portal.privacy.models import PrivacyRequest, RequestKind, RequestReason, RequestState
from portal.privacy.service import LEAST_WAITING, MOST_DAYS, MOST_WAITING
from portal.privacy.service import REFUSAL_REASONS as STOPS
from portal.privacy.service import STAFF_REASONS as STARTS
from portal.privacy.words import REASON_TITLES
from portal.projects.current import current_project
from portal.tokens.current import refuse_services

blueprint = ApiBlueprint(
    "staff_privacy_api", "portal.privacy", url_prefix="/api/v1", title="Requests about data"
)


class RequestRow(RequestShown):
    """A request of a member."""

    member_id = Text(22)
    member_name = Text(80)
    project = Text(40, allow_none=True, metadata={"description": "Where staff asked for it."})


class RequestStep(Output):
    """A step of a request."""

    state = Choice(RequestState)
    reason = Choice(RequestReason)
    reason_title = Text()
    note = Text(NOTE_MAX)
    actor = Text(80)
    at = Moment()


class RequestDetail(RequestRow):
    """A request with its steps."""

    history = list_of(RequestStep)


class RequestsQuery(Schema):
    """Which requests; `open`: those that are not over."""

    kind = fields.String(load_default="", validate=validate.OneOf(["", *RequestKind]))
    state = fields.String(load_default="", validate=validate.OneOf(["", "open", *RequestState]))


class ErasureStart(Input):
    """Why a member is to be erased, and what shows it."""

    reason = Choice(tuple(map(str, STARTS)), required=True)
    note = Text(NOTE_MAX, required=True)


class ErasureStop(Input):
    """Why an erasure is stopped."""

    reason = Choice(tuple(map(str, STOPS)), required=True)
    note = Text(NOTE_MAX, load_default="")


class RuleShown(Output):
    """How long rows of a kind are kept."""

    key = Text(60)
    title = Text()
    days = Whole(0, MOST_DAYS)
    least_days = Whole(0, MOST_DAYS)


class TermsShown(Output):
    """How long an erasure waits, and how long rows are kept."""

    waiting_days = Whole(0, 100)
    rules = list_of(RuleShown)


class TermsWish(Input):
    """The terms that are to count; `days` by the keys of the rules, those left out stay."""

    waiting_days = Whole(LEAST_WAITING, MOST_WAITING, required=True)
    days = fields.Dict(keys=fields.String(), values=Whole(0, MOST_DAYS), load_default=dict)


@blueprint.call("GET", "/centre/privacy", page_schema(RequestRow), query=RequestsQuery, paged=True)
@requires("privacy.manage")
def staff_list(query: dict[str, str]) -> Any:
    """List the requests of the whole club, the newest first."""
    page = page_of(
        queries.requests(query["kind"], query["state"]),
        PrivacyRequest.created_at,
        PrivacyRequest.id,
        descending=True,
    )
    return paged(page, _row)


@blueprint.call("GET", "/centre/privacy/terms", TermsShown)
@requires("privacy.manage")
def terms() -> dict[str, Any]:
    """Show how long an erasure waits, and how long rows are kept."""
    rules = queries.retention_rules()
    now = queries.current_terms(rules)
    return {
        "waiting_days": now.waiting_days,
        "rules": [
            {
                "key": rule.key,
                "title": str(rule.title),
                "days": now.days[rule.key],
                "least_days": rule.least_days,
            }
            for rule in rules
        ],
    }


@blueprint.call("PUT", "/centre/privacy/terms", TermsShown, body=TermsWish)
@requires("privacy.manage")
def change_terms(body: dict[str, Any]) -> dict[str, Any]:
    """Set how long an erasure waits, and how long rows are kept."""
    rules = {rule.key: rule for rule in queries.retention_rules()}
    for key, days in body["days"].items():
        if key not in rules:
            raise invalid(days=gettext("There is no such rule: %(key)s", key=key))
        if days < rules[key].least_days:
            sentence = gettext("At least %(number)s.", number=rules[key].least_days)
            raise invalid(**{f"days.{key}": sentence})
    now = queries.current_terms(list(rules.values()))
    service.change_terms(
        actor=current_account(),
        waiting=body["waiting_days"],
        days={**now.days, **body["days"]},
    )
    db.session.commit()
    return terms()


@blueprint.call("GET", "/centre/privacy/<public_id>", RequestDetail)
@requires("privacy.manage")
def staff_show(public_id: str) -> dict[str, Any]:
    """Show a request and its history."""
    return _detail(_find(public_id))


@blueprint.call("POST", "/centre/privacy/<public_id>/confirm", RequestDetail, errors=MOVED)
@requires("privacy.manage")
def staff_confirm(public_id: str) -> dict[str, Any]:
    """Confirm an erasure that somebody else of the staff asked for."""
    refuse_services()
    found = _find(public_id)
    try:
        service.confirm_erasure(actor=current_account(), request=found)
    except PrivacyError as error:
        raise refusal(error) from error
    except RequestStateError as error:
        raise moved(error) from error
    db.session.commit()
    return _detail(_find(public_id))


@blueprint.call(
    "POST", "/centre/privacy/<public_id>/stop", RequestDetail, body=ErasureStop, errors=MOVED
)
@requires("privacy.manage")
def staff_stop(public_id: str, body: dict[str, str]) -> dict[str, Any]:
    """Stop an erasure, with a reason."""
    found = _find(public_id)
    if found.kind != RequestKind.ERASURE:
        raise NotFound
    form = checked(form_over(StopForm, body))
    try:
        service.cancel(
            actor=current_account(),
            request=found,
            reason=RequestReason(form.reason.data),
            note=form.note.data or "",
        )
    except RequestStateError as error:
        raise moved(error) from error
    db.session.commit()
    return _detail(_find(public_id))


@blueprint.call(
    "POST",
    "/p/<project>/staff/members/<public_id>/erasure",
    RequestDetail,
    status=202,
    body=ErasureStart,
    errors=MOVED,
)
@requires("privacy.manage")
def staff_start(public_id: str, body: dict[str, str]) -> dict[str, Any]:
    """Ask for a member's erasure on the member's word; somebody else confirms it."""
    project = current_project()
    member = queries.member_in(project.id, public_id)
    if member is None:
        raise NotFound
    form = checked(form_over(StartForm, body))
    try:
        made = service.start_erasure(
            actor=current_account(),
            member=member,
            project=project,
            reason=RequestReason(form.reason.data),
            note=form.note.data or "",
        )
    except PrivacyError as error:
        raise refusal(error) from error
    made_id = made.public_id
    db.session.commit()
    return _detail(_find(made_id))


declare_export(
    blueprint, "/centre/privacy", "staff_export", staff_views.staff_export, query=RequestsQuery
)


def _find(public_id: str) -> PrivacyRequest:
    found = queries.find_request(public_id)
    if found is None:
        raise NotFound
    return found


def _row(found: PrivacyRequest) -> dict[str, Any]:
    return {
        **request_shown(found),
        "member_id": found.member.public_id,
        "member_name": found.member.name,
        "project": found.project.slug if found.project else None,
    }


def _detail(found: PrivacyRequest) -> dict[str, Any]:
    return {
        **_row(found),
        "history": [
            {
                "state": each.to_state,
                "reason": each.reason,
                "reason_title": str(REASON_TITLES[each.reason]),
                "note": each.note,
                "actor": each.actor.display_name if each.actor else "",
                "at": each.created_at,
            }
            for each in queries.history_of(found.id)
        ],
    }
