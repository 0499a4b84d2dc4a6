"""The staff's queue of claims, and the page on which one is decided."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.claims import queries
from portal.claims.blueprint import blueprint
from portal.claims.conflicts import IllegalStepError
from portal.claims.decisions import Approval, Decision, Resolution, decide
from portal.claims.errors import ClaimError, IllegalTransitionError
from portal.claims.forms import DecisionForm
from portal.claims.models import ClaimReason, ClaimState, UnitClaim
from portal.claims.queries import ClaimFile
from portal.claims.review import review_of
from portal.claims.sentences import sentence
from portal.extensions import db
from portal.i18n import gettext
from portal.pagination import Page, page_of
from portal.projects.current import current_project
from portal.projects.errors import HomeError
from portal.projects.sentences import sentence as home_sentence

__all__ = ["blueprint"]

Answer = str | tuple[str, int] | Response
SEARCH_LENGTH = 60


@blueprint.get("/p/<project>/staff/claims")
@requires("claims.review")
def staff_list() -> str:
    """Show the project's claims in one state, the oldest first."""
    project = current_project()
    counts = queries.counts_by_state(project.id)
    state = request.args.get("state", "")
    if state not in set(ClaimState):
        # What needs a decision opens first, a quiet queue of reviews before one of disputes.
        state = ClaimState.PENDING
        if not counts.get(state) and counts.get(ClaimState.DISPUTED):
            state = ClaimState.DISPUTED
    search = request.args.get("q", "").strip()[:SEARCH_LENGTH]
    return render_template(
        "claims/staff_list.html",
        page=queue_page(project.id, state, search),
        counts=counts,
        states=list(ClaimState),
        state=state,
        search=search,
    )


def queue_page(project_id: int, state: str, search: str) -> Page[Any]:
    """Return a page of claims in one state with their claimants: the oldest open ones first."""
    return page_of(
        queries.queue(project_id, state, search),
        UnitClaim.created_at,
        UnitClaim.id,
        descending=state in (ClaimState.APPROVED, ClaimState.REFUSED, ClaimState.WITHDRAWN),
    )


@blueprint.route("/p/<project>/staff/claims/<public_id>", methods=["GET", "POST"])
@requires("claims.review")
def staff_show(public_id: str) -> Answer:
    """Show a claim beside the roster, and take the decision on it."""
    found, form = _claim(public_id), DecisionForm()
    if form.validate_on_submit():
        try:
            return _decide(found.claim, form)
        except IllegalTransitionError as error:
            raise IllegalStepError(error.state) from error
        except (ClaimError, HomeError) as error:
            db.session.rollback()
            _note_error(form, error)
            found = _claim(public_id)
    review = review_of(found, current_project())
    if request.method == "GET":
        form.since.data = review.likely_since
    body = render_template("claims/staff_show.html", review=review, form=form)
    return (body, 422) if request.method == "POST" else body


def _decide(claim: UnitClaim, form: DecisionForm) -> Response:
    _before, following = queries.neighbours(claim)
    decided(claim, form)
    name = claim.name
    db.session.commit()
    flash(
        {
            Decision.APPROVE: gettext("Approved: %(name)s.", name=name),
            Decision.MORE: gettext("Asked for more: %(name)s.", name=name),
            Decision.REFUSE: gettext("Refused: %(name)s.", name=name),
        }[Decision(form.decision.data)]
    )
    if following:
        return redirect(url_for("claims.staff_show", public_id=following), 303)
    return redirect(url_for("claims.staff_list"), 303)


def decided(claim: UnitClaim, form: DecisionForm) -> None:
    """Decide as a valid form says. Raises what `decide` raises; the caller commits."""
    decide(
        actor=current_account(),
        claim=claim,
        decision=Decision(form.decision.data),
        reason=ClaimReason(form.reason),
        note=form.note.data or "",
        approval=Approval(
            since=form.since.data,
            resolution=Resolution(form.resolution.data) if form.resolution.data else None,
            ended_on=form.ended_on.data,
            add_unit=form.add_unit.data,
            update_roster_phone=form.update_roster_phone.data,
        ),
    )


def _note_error(form: DecisionForm, error: ClaimError | HomeError) -> None:
    """Put the sentence beside the field that can put it right."""
    if isinstance(error, HomeError):
        (form.ended_on if form.ended_on.data else form.since).errors = [home_sentence(error)]
        return
    form[field_of(error)].errors = [sentence(error)]


def field_of(error: ClaimError) -> str:
    """Return the name of the field that can put it right."""
    return {
        "resolution_needed": "resolution",
        "owner_exists": "resolution",
        "unknown_unit": "add_unit",
        "reason_needed": "note",
        "since_before_sale": "since",
    }.get(error.code, "decision")


def _claim(public_id: str) -> ClaimFile:
    found = queries.claim_in(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
