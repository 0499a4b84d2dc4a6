"""The owners' page of a dispute: object, add to it, appeal."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import dispute_queries, disputes, queries
from plugins.referrals.blueprint import blueprint
from plugins.referrals.errors import ReferralError
from plugins.referrals.evidence.forms import MOST, EvidenceForm
from plugins.referrals.evidence.service import pictures_of
from plugins.referrals.models import Dispute, Lead
from plugins.referrals.words import REFUSALS, STATUS
from portal.sdk import (
    current_account,
    current_member,
    current_project,
    db,
    gettext,
    member_only,
    now,
    takes_files,
)

__all__ = ["blueprint"]

Page = str | tuple[str, int] | Response
_PAGE = "/p/<project>/referrals/leads/<public_id>/dispute"


@blueprint.get(_PAGE)
@member_only
def dispute(public_id: str) -> str:
    """Show how the dispute about a lead stands, and what can be said now."""
    return _page(_own(public_id))


@blueprint.post(_PAGE)
@member_only
@takes_files(MOST)
def object_to(public_id: str) -> Page:
    """Object to how a lead ended."""

    def act(lead: Lead, found: Dispute | None, values: dict[str, Any]) -> None:
        disputes.open_dispute(**values, lead=lead)

    return _say(public_id, act, gettext("Your objection is with somebody outside this sale."))


@blueprint.post(f"{_PAGE}/evidence")
@member_only
@takes_files(MOST)
def add_evidence(public_id: str) -> Page:
    """Add something to the dispute."""

    def act(lead: Lead, found: Dispute | None, values: dict[str, Any]) -> None:
        disputes.add_evidence(**values, lead=lead, dispute=_there(found))

    return _say(public_id, act, gettext("It is added."))


@blueprint.post(f"{_PAGE}/appeal")
@member_only
@takes_files(MOST)
def appeal(public_id: str) -> Page:
    """Appeal against the decision, once."""

    def act(lead: Lead, found: Dispute | None, values: dict[str, Any]) -> None:
        disputes.appeal(**values, lead=lead, dispute=_there(found))

    return _say(public_id, act, gettext("Somebody else looks at it again."))


def _say(
    public_id: str, act: Callable[[Lead, Dispute | None, dict[str, Any]], None], said: str
) -> Page:
    _own(public_id)
    form, words = EvidenceForm(), request.form.get("words", "").strip()[:400]
    if not form.validate():
        return _page(_own(public_id), typed=words, form=form), 422
    lead = _own(public_id)
    values: dict[str, Any] = {
        "actor": current_account(), "project": current_project(), "words": words, "side": "owner",
        "at": now(), "pictures": form.photos.data,
    }  # fmt: skip
    try:
        act(lead, dispute_queries.of_lead(lead), values)
    except ReferralError as error:
        db.session.rollback()
        page = _page(_own(public_id), str(REFUSALS[error.code]), words)
        return page, STATUS.get(error.code, 409)
    db.session.commit()
    flash(said)
    return redirect(url_for("referrals.dispute", public_id=public_id), 303)


def _page(lead: Lead, refused: str = "", typed: str = "", form: EvidenceForm | None = None) -> str:
    steps = queries.history(lead)
    return render_template(
        "referrals/dispute.html",
        lead=lead,
        dispute=dispute_queries.of_lead(lead),
        heard=disputes.HEARD,
        may_object=disputes.may_object(lead),
        steps=steps,
        photos=pictures_of([step for step, _ in steps if step.by == current_account().id]),
        form=form or EvidenceForm(formdata=None),
        account_id=current_account().id,
        refused=refused,
        typed=typed,
        at=now(),
    )


def _there(found: Dispute | None) -> Dispute:
    if found is None:
        raise ReferralError("NOT_NOW")
    return found


def _own(public_id: str) -> Lead:
    found = queries.own_lead(current_project().id, current_member().id, public_id)
    if found is None:
        raise NotFound
    return found
