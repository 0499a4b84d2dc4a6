"""The staff's pages: the leads, the check on site with the decision, the stages of the sale."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from plugins.referrals import answering, checks, dispute_queries, queries, reward_queries
from plugins.referrals.blueprint import staff
from plugins.referrals.earning import coming
from plugins.referrals.errors import ReferralError
from plugins.referrals.forms import PriceForm, StageForm
from plugins.referrals.models import Beneficiary, Campaign, Lead
from plugins.referrals.posting import owner_of
from plugins.referrals.queries import VIEWS, ListFilter
from plugins.referrals.settling import SWAPPABLE
from plugins.referrals.shares.service import shares_of
from plugins.referrals.states import DISPUTABLE, ENDINGS, SALES, State
from plugins.referrals.words import REFUSALS, STATES, STATUS
from portal.sdk import (
    business_date,
    current_account,
    current_project,
    db,
    find_members,
    gettext,
    may,
    now,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
VERIFY, SALE, OVERRIDE = "referrals.verify", "referrals.sales", "referrals.override"
KNOWN_STATES = (*VIEWS, *State)


class IllegalStepError(Conflict):
    """A 409 whose page says where the lead stands now."""

    def __init__(self, state: str) -> None:
        super().__init__()
        self.advice = gettext(
            "This lead stands at “%(state)s” now. Load its page again to go on from there.",
            state=STATES[state][0],
        )


@staff.get("/p/<project>/staff/referrals/")
@requires(VERIFY)
def index() -> str:
    """List the leads: what waits for an answer first."""
    project, wanted = current_project(), ListFilter.read(request.args, KNOWN_STATES)
    page = queries.managed(project.id, wanted)
    return render_template(
        "referrals/staff_index.html",
        page=page,
        wanted=wanted,
        counts=queries.counts(project.id),
        members=find_members({row[1].member_id for row in page.items}),
        at=now(),
    )


@staff.get("/p/<project>/staff/referrals/scan")
@requires(VERIFY)
def scan() -> Page:
    """Find a lead by the friend's code: scanned, or typed."""
    typed = request.args.get("code", "")
    if not typed:
        return render_template("referrals/scan.html", typed="", unknown=False)
    found = queries.lead_by_pass(current_project().id, typed)
    if found is None:
        return render_template("referrals/scan.html", typed=typed[:40], unknown=True), 404
    return redirect(url_for("referrals_staff.show", public_id=found.public_id), 303)


@staff.get("/p/<project>/staff/referrals/leads/<public_id>")
@requires(VERIFY)
def show(public_id: str) -> str:
    """Show one lead: every check with its evidence, the clock, the decision, the history."""
    return lead_page(_find(public_id))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/arrive")
@requires(VERIFY)
def arrive(public_id: str) -> Page:
    """Write down that the friend has come."""
    lead, _rules = find_with_rules(public_id)
    values: dict[str, Any] = {"actor": current_account(), "project": current_project()}
    try:
        answering.note_visit(**values, lead=lead, at=now())
    except ReferralError as error:
        return refused(public_id, error)
    return done(public_id, gettext("The visit is noted."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/decide")
@requires(VERIFY)
def decide(public_id: str) -> Page:
    """Accept a lead, refuse it, or hand it to the manager."""
    lead, _rules = find_with_rules(public_id)
    try:
        answering.answer(
            actor=current_account(), project=current_project(), lead=lead, words=typed_words(),
            choice=request.form.get("choice", ""), reason=request.form.get("reason", ""), at=now(),
            may_override=may(OVERRIDE),
        )  # fmt: skip
    except ReferralError as error:
        return refused(public_id, error)
    return done(public_id, gettext("Your answer is noted."))


def lead_page(
    lead: Lead,
    refused: str = "",
    form: StageForm | None = None,
    prices: PriceForm | None = None,
) -> str:
    project, at = current_project(), now()
    rewards, others = reward_queries.rewards_of(lead), shares_of(lead)[1:]
    typed = {name: each / 100 for name in ("price", "area") if (each := getattr(lead, name))}
    found = answering.checks_of(project, lead, at)
    form = form or StageForm(formdata=None, data={"on": business_date(project.time_zone, at)})
    return render_template(
        "referrals/staff_show.html",
        lead=lead,
        rules=lead.campaign,
        checks=found,
        worst=checks.worst(found),
        steps=queries.history(lead),
        early=queries.early_stages(lead),
        rewards=rewards,
        forecast=coming(project, lead, rewards, tuple(Beneficiary)),
        shares=[(owner_of(each).name, share) for each, share in others],
        prices=prices or PriceForm(formdata=None, data=typed),
        owner=find_members([lead.referrer.member_id])[lead.referrer.member_id],
        next_stages=[to for to, sources in SALES.items() if lead.state in sources],
        endings=[
            to
            for to, sources in ENDINGS.items()
            if lead.state in sources and (to == State.LOST or may(OVERRIDE))
        ],
        form=form,
        refused=refused,
        typed=request.form if request.method == "POST" else {},
        dispute=dispute_queries.of_lead(lead) if lead.disputed_at else None,
        disputable=DISPUTABLE,
        swappable=SWAPPABLE,
        may_override=may(OVERRIDE),
        may_sell=may(SALE),
        at=at,
    )


def _find(public_id: str) -> Lead:
    found = queries.lead_of_project(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def find_with_rules(public_id: str) -> tuple[Lead, Campaign]:
    lead = _find(public_id)
    if lead.campaign is None or lead.phone is None:
        raise IllegalStepError(lead.state)
    return lead, lead.campaign


def typed_words() -> str:
    return request.form.get("words", "").strip()[:400]


def refused(public_id: str, error: ReferralError, form: StageForm | None = None) -> Page:
    db.session.rollback()
    if error.code == "ILLEGAL_STEP":
        raise IllegalStepError(error.state)
    page = lead_page(_find(public_id), str(REFUSALS[error.code]), form)
    return page, STATUS.get(error.code, 409)


def done(public_id: str, said: str) -> Response:
    db.session.commit()
    flash(said)
    return redirect(url_for("referrals_staff.show", public_id=public_id), 303)
