"""The check on site for programs: scan, every check with its evidence, the decision."""

from collections.abc import Callable
from typing import Any

from werkzeug.exceptions import NotFound

from plugins.referrals import answering, checks, queries
from plugins.referrals.codes import show_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Lead
from plugins.referrals.problems import REFUSED, problem
from plugins.referrals.queries import ListFilter
from plugins.referrals.staff_views import KNOWN_STATES, OVERRIDE, VERIFY
from plugins.referrals.stages import REASONS
from plugins.referrals.states import State
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    api_fields,
    api_page,
    api_page_schema,
    current_account,
    current_project,
    db,
    find_members,
    may,
    now,
    requires,
)

api = ApiBlueprint(
    "referrals_verify_api", __name__, url_prefix="/api/v1/p/<project>/referrals/staff",
    title="Referrals",
)  # fmt: skip


class CheckShown(ApiOutput):
    """A rule with its answer and its evidence. `ask`: a person looks at it and says why."""

    code = api_fields.Text()
    title = api_fields.Text()
    answer = api_fields.Choice(checks.Answer)
    evidence = api_fields.Text()


class LeadListed(ApiOutput):
    """A lead of the desk, masked. `code`: what the friend shows; `answer_by`: until when the staff
    owe an answer."""

    id = api_fields.Text(22)
    code = api_fields.Text()
    name = api_fields.Text()
    friend = api_fields.Text()
    state = api_fields.Choice(State)
    reason = api_fields.Text()
    arrived_at = api_fields.Moment(allow_none=True)
    answer_by = api_fields.Moment(allow_none=True)
    escalated_at = api_fields.Moment(allow_none=True)
    ends_at = api_fields.Moment(allow_none=True)


class LeadChecked(LeadListed):
    """A lead with every check, the worst first; `worst` is null without consent."""

    owner = api_fields.Text()
    rules_version = api_fields.Whole(1, 100_000, allow_none=True)
    worst = api_fields.Choice(checks.Answer, allow_none=True)
    checks = api_fields.list_of(CheckShown)


class Wanted(ApiInput):
    """What the list is narrowed to."""

    q = api_fields.Text(60)
    state = api_fields.Choice(KNOWN_STATES)


class Scanned(ApiInput):
    """What the friend shows."""

    code = api_fields.Text(40, required=True)


class Answered(ApiInput):
    """The decision. `words`: needed where a check did not pass, and to hand a lead on; `reason`: to
    refuse one."""

    choice = api_fields.Choice(answering.CHOICES, required=True)
    words = api_fields.Text(400)
    reason = api_fields.Choice(REASONS)


@api.call("GET", "/leads", api_page_schema(LeadListed), query=Wanted, paged=True)
@requires(VERIFY)
def leads(query: dict[str, str]) -> Any:
    """List the leads of the project, the newest first."""
    wanted = ListFilter.read(query, KNOWN_STATES)
    return api_page(queries.managed(current_project().id, wanted), lambda row: _listed(row[0]))


@api.call("POST", "/scan", LeadChecked, body=Scanned)
@requires(VERIFY)
def scan(body: dict[str, str]) -> dict[str, object]:
    """Find a lead by the friend's code, with every check; nothing is written."""
    return _checked(queries.lead_by_pass(current_project().id, body["code"]))


@api.call("GET", "/leads/<public_id>", LeadChecked)
@requires(VERIFY)
def lead(public_id: str) -> dict[str, object]:
    """Show a lead with every check."""
    return _checked(_find(public_id))


@api.call("POST", "/leads/<public_id>/arrival", LeadChecked, errors=REFUSED)
@requires(VERIFY)
def arrive(public_id: str) -> dict[str, object]:
    """Write down that the friend has come; a second call changes nothing."""
    return _act(public_id, answering.note_visit)


@api.call("POST", "/leads/<public_id>/decision", LeadChecked, body=Answered, errors=REFUSED)
@requires(VERIFY)
def decide(body: dict[str, str], public_id: str) -> dict[str, object]:
    """Accept a lead, refuse it, or hand it to the manager."""
    return _act(
        public_id, answering.answer, choice=body["choice"], words=body.get("words") or "",
        reason=body.get("reason") or "", may_override=may(OVERRIDE),
    )  # fmt: skip


def _act(public_id: str, act: Callable[..., None], **values: Any) -> dict[str, object]:
    found, at = _find(public_id), now()
    try:
        act(actor=current_account(), project=current_project(), lead=found, at=at, **values)
    except ReferralError as error:
        raise problem(error) from error
    db.session.commit()
    return _checked(_find(public_id))


def _listed(found: Lead) -> dict[str, object]:
    same = ("name", "state", "reason", "arrived_at", "answer_by", "escalated_at", "ends_at")
    return {
        "id": found.public_id,
        "code": show_code(found.pass_code),
        "friend": found.phone_masked,
        **{key: getattr(found, key) for key in same},
    }


def _checked(found: Lead | None) -> dict[str, object]:
    if found is None:
        raise NotFound
    every = answering.checks_of(current_project(), found, now())
    owner = found.referrer.member_id
    return {
        **_listed(found),
        "owner": find_members([owner])[owner].name,
        "rules_version": found.campaign.version if found.campaign else None,
        "worst": checks.worst(every) if every else None,
        "checks": [
            {key: getattr(each, key) for key in ("code", "title", "answer", "evidence")}
            for each in every
        ],
    }


def _find(public_id: str) -> Lead:
    found = queries.lead_of_project(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
