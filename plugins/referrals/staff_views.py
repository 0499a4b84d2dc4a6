"""The staff's pages: the leads, the check on site with the decision, the stages of the sale."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, Forbidden, NotFound
from werkzeug.wrappers import Response

from plugins.referrals import checks, queries, stages
from plugins.referrals.blueprint import staff
from plugins.referrals.codes import show_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.forms import StageForm
from plugins.referrals.models import Campaign, Lead
from plugins.referrals.queries import VIEWS, ListFilter
from plugins.referrals.showing import moment
from plugins.referrals.states import ENDINGS, SALES, FollowUp, State
from plugins.referrals.words import REFUSALS, STATES, STATUS
from portal.sdk import (
    ExportFormat,
    business_date,
    current_account,
    current_project,
    db,
    export_file,
    find_members,
    gettext,
    may,
    now,
    record,
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
    return _page(_find(public_id))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/arrive")
@requires(VERIFY)
def arrive(public_id: str) -> Page:
    """Write down that the friend has come."""
    lead, rules = _find_with_rules(public_id)
    values: dict[str, Any] = {"actor": current_account(), "project": current_project()}
    try:
        act = stages.visit if lead.state == State.ACCEPTED else stages.note_arrival
        act(**values, lead=lead, rules=rules, at=now())
    except ReferralError as error:
        return _refused(public_id, error)
    return _done(public_id, gettext("The visit is noted."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/decide")
@requires(VERIFY)
def decide(public_id: str) -> Page:
    """Accept a lead, refuse it, or hand it to the manager."""
    lead, rules = _find_with_rules(public_id)
    choice, words = request.form.get("choice", ""), _words()
    values: dict[str, Any] = {
        "actor": current_account(), "project": current_project(), "lead": lead, "words": words,
        "at": now(),
    }  # fmt: skip
    try:
        if choice == "accept":
            override = may(OVERRIDE)
            stages.accept(**values, rules=rules, checks=_checks(lead, rules), may_override=override)
        elif choice == "reject":
            stages.reject(**values, reason=request.form.get("reason", ""))
        elif choice == "escalate":
            if not words:
                raise ReferralError("NO_REASON", state=lead.state)
            stages.escalate(**values)
        else:
            raise ReferralError("NO_REASON", state=lead.state)
    except ReferralError as error:
        return _refused(public_id, error)
    return _done(public_id, gettext("Your answer is noted."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/stage")
@requires(SALE)
def stage(public_id: str) -> Page:
    """Write down a stage of the sale."""
    lead, rules = _find_with_rules(public_id)
    form, to = StageForm(), request.form.get("to", "")
    if to not in SALES:
        raise NotFound
    if not form.validate() or form.on.data is None:
        return _page(lead, form=form), 422
    try:
        stages.advance(
            actor=current_account(),
            project=current_project(),
            lead=lead,
            rules=rules,
            to=State(to),
            on=form.on.data,
            buyer=form.buyer.data or "",
            evidence=(form.evidence.data or "").strip(),
            at=now(),
        )
    except ReferralError as error:
        return _refused(public_id, error, form)
    return _done(public_id, gettext("The stage is noted."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/follow-up")
@requires(SALE)
def follow_up(public_id: str) -> Page:
    """Write down that people met, which renews the protection."""
    lead, rules = _find_with_rules(public_id)
    kind = request.form.get("kind", "")
    if kind not in set(FollowUp):
        raise NotFound
    try:
        stages.follow_up(
            actor=current_account(),
            project=current_project(),
            lead=lead,
            rules=rules,
            kind=kind,
            words=_words(),
            at=now(),
        )
    except ReferralError as error:
        return _refused(public_id, error)
    return _done(public_id, gettext("The follow-up is noted, the protection is renewed."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/end")
@requires(SALE)
def end(public_id: str) -> Page:
    """End a lead: it did not buy, or its purchase was cancelled."""
    lead, _rules = _find_with_rules(public_id)
    to = request.form.get("to", "")
    if to not in ENDINGS:
        raise NotFound
    if to == State.CANCELLED and not may(OVERRIDE):
        raise Forbidden
    try:
        stages.end(
            actor=current_account(),
            project=current_project(),
            lead=lead,
            to=State(to),
            words=_words(),
            at=now(),
        )
    except ReferralError as error:
        return _refused(public_id, error)
    return _done(public_id, gettext("The lead has ended."))


@staff.post("/p/<project>/staff/referrals/export.<kind>")
@requires(SALE)
def export(kind: str) -> Response:
    """Send the leads as filtered as a file, numbers masked, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    project, wanted = current_project(), ListFilter.read(request.args, KNOWN_STATES)
    found = list(queries.all_managed(project.id, wanted))
    rows = [
        (
            show_code(lead.pass_code),
            lead.name,
            lead.phone_masked,
            show_code(referrer.code),
            str(STATES[lead.state][0]),
            str(REFUSALS.get(lead.reason, "")),
            moment(lead.created_at),
            lead.stage_on or "",
        )
        for lead, referrer in found
    ]
    record(
        actor=current_account(),
        action="referrals.exported",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    header = (
        gettext("Code of the lead"),
        gettext("Friend"),
        gettext("Number, masked"),
        gettext("Owner's code"),
        gettext("State"),
        gettext("Why it ended"),
        gettext("Lead since"),
        gettext("Day of the latest stage"),
    )
    name = f"leads-{project.slug}"
    return export_file(name=name, kind=ExportFormat(kind), header=header, rows=rows)


def _page(lead: Lead, refused: str = "", form: StageForm | None = None) -> str:
    project, at = current_project(), now()
    found = _checks(lead, lead.campaign) if lead.campaign and lead.phone else []
    form = form or StageForm(formdata=None, data={"on": business_date(project.time_zone, at)})
    return render_template(
        "referrals/staff_show.html",
        lead=lead,
        rules=lead.campaign,
        checks=found,
        worst=checks.worst(found),
        steps=queries.history(lead),
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
        may_override=may(OVERRIDE),
        may_sell=may(SALE),
        at=at,
    )


def _checks(lead: Lead, rules: Campaign) -> list[checks.Check]:
    return checks.run_checks(
        project=current_project(), lead=lead, referrer=lead.referrer, rules=rules, at=now()
    )


def _find(public_id: str) -> Lead:
    found = queries.lead_of_project(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found


def _find_with_rules(public_id: str) -> tuple[Lead, Campaign]:
    lead = _find(public_id)
    if lead.campaign is None or lead.phone is None:
        raise IllegalStepError(lead.state)
    return lead, lead.campaign


def _words() -> str:
    return request.form.get("words", "").strip()[:400]


def _refused(public_id: str, error: ReferralError, form: StageForm | None = None) -> Page:
    db.session.rollback()
    if error.code == "ILLEGAL_STEP":
        raise IllegalStepError(error.state)
    page = _page(_find(public_id), str(REFUSALS[error.code]), form)
    return page, STATUS.get(error.code, 409)


def _done(public_id: str, said: str) -> Response:
    db.session.commit()
    flash(said)
    return redirect(url_for("referrals_staff.show", public_id=public_id), 303)
