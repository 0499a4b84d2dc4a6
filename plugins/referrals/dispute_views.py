"""The staff's pages of disputes: open one, hear both sides, decide."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from plugins.referrals import dispute_queries, queries, reward_queries
from plugins.referrals import disputes as service
from plugins.referrals.blueprint import staff
from plugins.referrals.errors import ReferralError
from plugins.referrals.evidence.forms import MOST, EvidenceForm
from plugins.referrals.evidence.service import pictures_of
from plugins.referrals.exclusions import NAME
from plugins.referrals.models import Dispute, DisputeState, Outcome
from plugins.referrals.posting import owner_of
from plugins.referrals.staff_views import refused, typed_words
from plugins.referrals.words import REFUSALS, STATUS
from portal.sdk import (
    current_account,
    current_project,
    db,
    find_members,
    gettext,
    now,
    plugin_settings,
    requires,
    takes_files,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
JUDGE, SALE = "referrals.judge", "referrals.sales"


@staff.get("/p/<project>/staff/referrals/disputes")
@requires(JUDGE)
def disputes() -> str:
    """List the disputes, the newest first."""
    state = request.args.get("state", "")
    state = state if state in set(DisputeState) else ""
    page = dispute_queries.disputes(current_project().id, state)
    return render_template(
        "referrals/disputes.html",
        page=page,
        state=state,
        members=find_members({row[2].member_id for row in page.items}),
    )


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/dispute")
@requires(SALE)
def open_dispute(public_id: str) -> Page:
    """Open a dispute about a lead for one of the sides."""
    lead = queries.lead_of_project(current_project().id, public_id)
    if lead is None:
        raise NotFound
    try:
        service.open_dispute(**_act(), lead=lead, side="staff")
    except ReferralError as error:
        return refused(public_id, error)
    db.session.commit()
    flash(gettext("The dispute is open: the rewards of the lead are frozen until it ends."))
    return redirect(url_for("referrals_staff.show", public_id=public_id), 303)


@staff.get("/p/<project>/staff/referrals/disputes/<public_id>")
@requires(JUDGE)
def dispute(public_id: str) -> str:
    """Show one dispute: both sides on one timeline, the rewards, the decision."""
    return _page(_find(public_id))


@staff.post("/p/<project>/staff/referrals/disputes/<public_id>/evidence")
@requires(JUDGE)
@takes_files(MOST)
def dispute_evidence(public_id: str) -> Page:
    """Add what the sales office has to say."""
    form = EvidenceForm()
    if not form.validate():
        return _page(_find(public_id), form=form), 422
    found, pictures = _find(public_id), form.photos.data
    lead, _rival = service.parties(found)

    def act() -> None:
        service.add_evidence(**_act(), dispute=found, lead=lead, side="staff", pictures=pictures)

    return _do(public_id, act, gettext("It is added."))


@staff.post("/p/<project>/staff/referrals/disputes/<public_id>/decide")
@requires(JUDGE)
def decide_dispute(public_id: str) -> Page:
    """Decide a dispute; on an appeal, for good."""
    found, project, form = _find(public_id), current_project(), request.form
    outcome = form.get("outcome", "")
    shares = [form.get(name, "") for name in ("share", "other_share")]
    mine, theirs = (_whole(each) for each in shares)
    further = [
        (queries.referrer_by_code(project.id, code), _whole(part))
        for code, part in zip(form.getlist("third"), form.getlist("third_share"), strict=False)
        if code.strip()
    ][: service.MOST_OTHERS + 1]

    def act() -> None:
        if outcome not in set(Outcome):
            raise ReferralError("NO_REASON")
        whole = mine + theirs + sum(part for _, part in further)
        if outcome == Outcome.SPLIT and (whole != 100 or theirs < 1):
            raise ReferralError("BAD_SHARE")
        service.decide(
            **_act(),
            dispute=found,
            outcome=Outcome(outcome),
            share=mine,
            other=queries.referrer_by_code(project.id, form.get("other", "")),
            others=further,
            appeal_days=int(plugin_settings(NAME, project)["appeal_days"]),
        )

    return _do(public_id, act, gettext("The decision is noted; the owners are told."))


def _whole(text: str) -> int:
    """Return a percent as it was typed, nought for what is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0


def _do(public_id: str, act: Callable[[], None], said: str) -> Page:
    try:
        act()
    except ReferralError as error:
        db.session.rollback()
        page = _page(_find(public_id), str(REFUSALS[error.code]))
        return page, STATUS.get(error.code, 409)
    db.session.commit()
    flash(said)
    return redirect(url_for("referrals_staff.dispute", public_id=public_id), 303)


def _act() -> dict[str, Any]:
    return {
        "actor": current_account(), "project": current_project(), "words": typed_words(),
        "at": now(),
    }  # fmt: skip


def _page(found: Dispute, refused: str = "", form: EvidenceForm | None = None) -> str:
    lead, rival = service.parties(found)
    leads = [each for each in (lead, rival) if each]
    steps = dispute_queries.timeline([each.id for each in leads])
    return render_template(
        "referrals/dispute_show.html",
        dispute=found,
        lead=lead,
        rival=rival,
        owner=owner_of(lead.referrer_id),
        rival_owner=owner_of(rival.referrer_id) if rival else None,
        other=owner_of(found.other_id) if found.other_id else None,
        further=[(owner_of(each).name, part) for each, part in found.others],
        steps=steps,
        photos=pictures_of([step for step, _ in steps]),
        form=form or EvidenceForm(formdata=None),
        rewards=[reward for each in leads for reward in reward_queries.rewards_of(each)],
        heard=found.state in service.HEARD,
        outside=current_account().id not in service.in_the_sale(found, lead, rival),
        refused=refused,
        typed=request.form if request.method == "POST" else MultiDict(),
    )


def _find(public_id: str) -> Dispute:
    found = dispute_queries.dispute(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
