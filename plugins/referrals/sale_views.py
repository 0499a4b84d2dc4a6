"""The staff's pages of the sale: its stages, follow-up, the end of a lead, the list as a file."""

from flask import request
from werkzeug.exceptions import Forbidden, NotFound
from werkzeug.wrappers import Response

from plugins.referrals import queries, stages
from plugins.referrals.blueprint import staff
from plugins.referrals.codes import show_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.forms import PriceForm, StageForm
from plugins.referrals.importing import take_up
from plugins.referrals.measures.entering import note_price
from plugins.referrals.queries import ListFilter
from plugins.referrals.settling import swap_home
from plugins.referrals.showing import moment
from plugins.referrals.staff_views import (
    KNOWN_STATES,
    OVERRIDE,
    SALE,
    Page,
    done,
    find_with_rules,
    lead_page,
    refused,
    typed_words,
)
from plugins.referrals.states import ENDINGS, SALES, FollowUp, State
from plugins.referrals.words import REFUSALS, STATES
from portal.sdk import (
    ExportFormat,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    may,
    now,
    record,
    requires,
)

__all__ = ["staff"]


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/stage")
@requires(SALE)
def stage(public_id: str) -> Page:
    """Write down a stage of the sale."""
    lead, rules = find_with_rules(public_id)
    form, to = StageForm(), request.form.get("to", "")
    if to not in SALES:
        raise NotFound
    if not form.validate() or form.on.data is None:
        return lead_page(lead, form=form), 422
    try:
        stages.advance(
            actor=current_account(),
            project=current_project(),
            lead=lead,
            rules=rules,
            to=State(to),
            on=form.on.data,
            buyer=form.buyer.data or "",
            building=form.building.data or "",
            evidence=(form.evidence.data or "").strip(),
            price=form.hundredths("price"),
            area=form.hundredths("area"),
            at=now(),
        )
    except ReferralError as error:
        return refused(public_id, error, form)
    take_up(actor=current_account(), project=current_project(), lead=lead, at=now())
    return done(public_id, gettext("The stage is noted."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/follow-up")
@requires(SALE)
def follow_up(public_id: str) -> Page:
    """Write down that people met, which renews the protection."""
    lead, rules = find_with_rules(public_id)
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
            words=typed_words(),
            at=now(),
        )
    except ReferralError as error:
        return refused(public_id, error)
    return done(public_id, gettext("The follow-up is noted, the protection is renewed."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/end")
@requires(SALE)
def end(public_id: str) -> Page:
    """End a lead: it did not buy, or its purchase was cancelled."""
    lead, _rules = find_with_rules(public_id)
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
            words=typed_words(),
            at=now(),
        )
    except ReferralError as error:
        return refused(public_id, error)
    return done(public_id, gettext("The lead has ended."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/price")
@requires(SALE)
def price(public_id: str) -> Page:
    """Write down price and area, which some rewards are reckoned from."""
    lead, _rules = find_with_rules(public_id)
    form = PriceForm()
    if not form.validate():
        return lead_page(lead, prices=form), 422
    try:
        changed = note_price(
            actor=current_account(),
            project=current_project(),
            lead=lead,
            price=form.hundredths("price"),
            area=form.hundredths("area"),
            words=(form.words.data or "").strip(),
            at=now(),
        )
    except ReferralError as error:
        return refused(public_id, error)
    if not changed:
        return refused(public_id, ReferralError("NOTHING_NEW"))
    return done(public_id, gettext("Price and area are noted; the rewards follow them."))


@staff.post("/p/<project>/staff/referrals/leads/<public_id>/swap")
@requires(SALE)
def swap(public_id: str) -> Page:
    """Note that the friend buys another home."""
    lead, _rules = find_with_rules(public_id)
    try:
        swap_home(
            actor=current_account(),
            project=current_project(),
            lead=lead,
            building=request.form.get("building", "").strip()[:40],
            words=typed_words(),
            at=now(),
        )
    except ReferralError as error:
        return refused(public_id, error)
    return done(public_id, gettext("The rewards are reckoned by the new home."))


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
