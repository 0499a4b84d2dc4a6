"""The staff's queue of adjustments that wait for a second person."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import Text, gettext, lazy
from portal.points import waiting
from portal.points.blueprint import blueprint
from portal.points.errors import PointsError
from portal.points.explain import title_of_line
from portal.points.kinds import Kind, ProposalState
from portal.points.proposals import decide, describe
from portal.points.sentences import SENTENCES, sentence
from portal.points.staff_forms import DecisionForm
from portal.points.waiting import Case
from portal.projects.current import current_project

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
STATES: dict[str, Text] = {
    ProposalState.PROPOSED: lazy("Waiting"),
    ProposalState.APPROVED: lazy("Agreed"),
    ProposalState.REFUSED: lazy("Refused"),
}
KINDS: dict[str, Text] = {
    Kind.AWARD: lazy("Award points"),
    Kind.DEDUCT: lazy("Take points away"),
}


@blueprint.get("/p/<project>/staff/points/proposals")
@requires("points.view")
def staff_proposals() -> str:
    """Show the project's proposals of one state."""
    project_id = current_project().id
    args = request.args
    asked = waiting.wanted(args.get("state", ""), args.get("kind", ""), args.get("q", ""))
    return render_template(
        "points/staff_proposals.html",
        page=waiting.proposals_page(project_id, asked),
        asked=asked,
        counts=waiting.counts(project_id),
        states=STATES,
        kinds=KINDS,
        reader=current_account(),
    )


@blueprint.get("/p/<project>/staff/points/proposals/<proposal_id>")
@requires("points.view")
def staff_proposal(proposal_id: str) -> str:
    """Show one proposal: what it does, why, and who may decide."""
    return _show(_case(proposal_id), DecisionForm(formdata=None))


@blueprint.post("/p/<project>/staff/points/proposals/<proposal_id>")
@requires("points.approve")
def staff_decide(proposal_id: str) -> Page:
    """Agree to a colleague's proposal, or refuse it."""
    case, form = _case(proposal_id), DecisionForm()
    if not form.validate():
        return _show(case, form), 422
    approve = form.decision.data == "approve"
    actor = current_account()
    try:
        decide(
            actor=actor,
            proposal=case.proposal,
            member=case.member,
            approve=approve,
            note=form.note.data or "",
        )
    except PointsError as error:
        db.session.rollback()
        if error.code == "reason_needed":
            form.note.errors = [gettext("Say why: your colleague reads it.")]
            return _show(_case(proposal_id), form), 422
        return _show(_case(proposal_id), form, sentence(error)), 409
    following = waiting.next_after(case.proposal, actor.id)
    db.session.commit()
    flash(gettext("Agreed and booked.") if approve else gettext("Refused; nothing is booked."))
    if following is None:
        return redirect(url_for("points.staff_proposals"), 303)
    return redirect(url_for("points.staff_proposal", proposal_id=following), 303)


def _case(public_id: str) -> Case:
    found = waiting.case_of(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _show(case: Case, form: DecisionForm, fault: str = "") -> str:
    return render_template(
        "points/staff_proposal.html",
        case=case,
        deed=describe(case.proposal),
        line=title_of_line(case.origin) if case.origin else "",
        form=form,
        fault=fault,
        stale=SENTENCES[case.stale] if case.stale else "",
        states=STATES,
        kinds=KINDS,
        reader=current_account(),
    )
