"""A member's tiers, as the staff of a project see them, and tiers given by hand."""

import sqlalchemy as sa
from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.extensions import db
from portal.i18n import gettext
from portal.projects.current import current_project
from portal.staff.member_page import member_here
from portal.staff.tier_forms import DecisionForm, OverrideForm
from portal.tiers import overrides
from portal.tiers.blueprint import blueprint
from portal.tiers.errors import TierError
from portal.tiers.evaluate import today
from portal.tiers.models import Override
from portal.tiers.sentences import sentence
from portal.tiers.versions import InForce, in_force
from portal.tiers.views import tier_page

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response


@blueprint.get("/p/<project>/staff/members/<public_id>/tier")
@requires("members.view")
def staff_member(public_id: str) -> str:
    """Show a member's tier, why it is so, and what was given by hand."""
    return _page(public_id, OverrideForm(formdata=None))


@blueprint.post("/p/<project>/staff/members/<public_id>/tier")
@requires("tiers.override")
def staff_override(public_id: str) -> Page:
    """Propose a tier for a member."""
    member, found = member_here(public_id), _scheme(request.args.get("scheme"))
    form = OverrideForm()
    form.offer(found)
    if not form.validate():
        return _page(public_id, form), 422
    assert form.expires_on.data is not None
    try:
        overrides.propose_override(
            actor=current_account(),
            member=member,
            project_id=current_project().id,
            found=found,
            tier=form.tier.data,
            reason=form.reason.data or "",
            expires_on=form.expires_on.data,
        )
    except TierError as error:
        db.session.rollback()
        form.form_errors.append(sentence(error))
        return _page(public_id, form), 422
    db.session.commit()
    flash(gettext("Proposed. A colleague has to agree before it counts."))
    return _back(public_id)


@blueprint.post("/p/<project>/staff/members/<public_id>/tier/<override_id>")
@requires("tiers.approve")
def staff_decide(public_id: str, override_id: str) -> Page:
    """Agree to a colleague's proposal, refuse it, or end a tier given by hand."""
    member = member_here(public_id)
    override = db.session.scalar(
        sa.select(Override).where(
            Override.public_id == override_id, Override.member_id == member.id
        )
    )
    if override is None:
        raise NotFound
    form = DecisionForm()
    decision = form.decision.data if form.validate() else ""
    actor = current_account()
    try:
        if decision == "end":
            overrides.end_override(actor=actor, override=override, member=member)
        elif decision in ("approve", "refuse"):
            overrides.decide_override(
                actor=actor, override=override, member=member, approve=decision == "approve"
            )
        else:
            return _page(public_id, OverrideForm(formdata=None)), 422
    except TierError as error:
        db.session.rollback()
        raise Conflict(sentence(error)) from error
    db.session.commit()
    flash(gettext("Done."))
    return _back(public_id)


def _back(public_id: str) -> Response:
    scheme = request.args.get("scheme")
    return redirect(url_for("tiers.staff_member", public_id=public_id, scheme=scheme), 303)


def _scheme(key: str | None) -> InForce:
    schemes = in_force(today())
    found = next((each for each in schemes if key in (None, each.key)), None)
    if found is None:
        raise NotFound
    return found


def _page(public_id: str, form: OverrideForm) -> str:
    member = member_here(public_id)
    page = tier_page(member, request.args.get("scheme"))
    if page.at is not None:
        form.offer(page.at.found)
    return render_template(
        "tiers/staff_member.html",
        subject=member,
        tab="tier",
        page=page,
        form=form,
        decision=DecisionForm(formdata=None),
        reader=current_account(),
    )
