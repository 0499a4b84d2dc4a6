"""The staff's pages: the list, the editor with its preview, one activity with its registrations."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, NotFound
from werkzeug.wrappers import Response

from plugins.events import lists, queries, rosters, service
from plugins.events.asking.queries import columns_of, said_by
from plugins.events.blueprint import staff
from plugins.events.errors import EventError
from plugins.events.forms import TEXTS, EventForm
from plugins.events.models import Occurrence, Quota
from plugins.events.queries import ListFilter
from plugins.events.series import changing
from plugins.events.series import service as series
from plugins.events.showing import moment, ticket_code
from plugins.events.states import AT_THE_DOOR, EDITABLE, STEPS, Seat, State
from plugins.events.words import REFUSALS, SEATS, STATES
from portal.sdk import (
    ExportFormat,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    localized,
    may,
    ngettext,
    now,
    record,
    requires,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
MANAGE = "events.manage"


class IllegalStepError(Conflict):
    """A 409 whose page says where the activity stands now."""

    def __init__(self, error: EventError) -> None:
        super().__init__()
        title = STATES[error.state][0] if error.state else ""
        self.advice = {
            "OWN_WORK": gettext("Somebody else has to review what you handed in."),
            "CHANGING": REFUSALS["CHANGING"],
            "PAST": gettext("The time of registration lies in the past. Change it first."),
        }.get(
            error.code,
            gettext(
                "This activity stands at “%(state)s” now. Load its page again to go on from there.",
                state=title,
            ),
        )


@staff.get("/p/<project>/staff/events/")
@requires(MANAGE)
def index() -> str:
    """List the activities, the latest date first."""
    wanted = ListFilter.read(request.args, tuple(State))
    page = lists.managed(current_project().id, wanted)
    return render_template("events/staff_index.html", page=page, wanted=wanted)


@staff.route("/p/<project>/staff/events/new", methods=["GET", "POST"])
@requires(MANAGE)
def new() -> Page:
    """Write an activity."""
    form, project = EventForm(), current_project()
    if not form.validate_on_submit():
        return _editor(form, None), 422 if form.errors else 200
    made = service.write(actor=current_account(), project=project, draft=form.draft(project))
    db.session.commit()
    flash(gettext("Saved as a draft."))
    return redirect(url_for("events_staff.preview", public_id=made.public_id), 303)


@staff.route("/p/<project>/staff/events/<public_id>/edit", methods=["GET", "POST"])
@requires(MANAGE)
def edit(public_id: str) -> Page:
    """Change an activity."""
    occurrence, quotas = _find_whole(public_id)
    project = current_project()
    if occurrence.state not in EDITABLE:
        raise IllegalStepError(EventError("ILLEGAL_STEP", state=occurrence.state))
    form = EventForm()
    if request.method == "GET":
        form.show(occurrence, quotas[0], project)
    if not form.validate_on_submit():
        return _editor(form, occurrence), 422 if form.errors else 200
    act: dict[str, Any] = {"occurrence": occurrence, "draft": form.draft(project), "at": now()}
    act |= {"actor": current_account(), "project": project}
    many = 1
    try:
        if occurrence.series_id is None:
            service.rewrite(**act)
        else:
            many = series.rewrite(**act, following=request.form.get("dates") == "following")
    except EventError as error:
        db.session.rollback()
        raise IllegalStepError(error) from error
    db.session.commit()
    flash(saved(many))
    return redirect(url_for("events_staff.preview", public_id=public_id), 303)


@staff.get("/p/<project>/staff/events/<public_id>")
@requires(MANAGE)
def show(public_id: str) -> str:
    """Show one activity: its state, its seats, who is registered."""
    return _manage(public_id)


@staff.post("/p/<project>/staff/events/<public_id>/step")
@requires(MANAGE)
def step(public_id: str) -> Page:
    """Lead an activity to its next state."""
    occurrence, name = _find(public_id), request.form.get("step", "")
    if name not in allowed_steps(occurrence):
        raise IllegalStepError(EventError("ILLEGAL_STEP", state=occurrence.state))
    reason = request.form.get("reason", "").strip()[:200]
    try:
        service.take_step(
            actor=current_account(),
            project=current_project(),
            occurrence=occurrence,
            step=name,
            at=now(),
            reason=reason,
        )
    except EventError as error:
        db.session.rollback()
        if error.code == "NO_REASON":
            return _manage(public_id, asked=name), 422
        raise IllegalStepError(error) from error
    db.session.commit()
    flash(gettext("Done. It stands at “%(state)s” now.", state=STATES[occurrence.state][0]))
    return redirect(url_for("events_staff.show", public_id=public_id), 303)


@staff.post("/p/<project>/staff/events/<public_id>/registrations/<party>/mark")
@requires(MANAGE)
def mark(public_id: str, party: str) -> Response:
    """Note whether a party came."""
    occurrence = _find(public_id)
    registration = rosters.party(current_project().id, occurrence, party)
    state = request.form.get("state", "")
    if registration is None or state not in AT_THE_DOOR:
        raise NotFound
    try:
        service.mark(
            actor=current_account(),
            registration=registration,
            occurrence=occurrence,
            state=Seat(state),
            at=now(),
        )
    except EventError as error:
        db.session.rollback()
        raise IllegalStepError(error) from error
    db.session.commit()
    kept: dict[str, Any] = {**ListFilter.read(request.args, tuple(Seat)).args()}
    return redirect(url_for("events_staff.show", public_id=public_id, **kept), 303)


@staff.post("/p/<project>/staff/events/<public_id>/export.<kind>")
@requires(MANAGE)
def export(public_id: str, kind: str) -> Response:
    """Send the registrations as filtered as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    occurrence = _find(public_id)
    wanted = ListFilter.read(request.args, tuple(Seat))
    choices, chosen = rosters.chosen(occurrence)
    questions, said = columns_of(occurrence)
    rows = [
        (
            name,
            ticket_code(each.ticket),
            str(SEATS[each.state][0]),
            each.seats,
            each.charged // 1000,
            each.refunded // 1000,
            each.deposit // 1000,
            moment(each.created_at),
            *(chosen.get((each.id, quota.id), 0) for quota in choices),
            *(said.get((each.id, question.key), "") for question in questions),
        )
        for each, name in rosters.all_parties(occurrence, wanted)
    ]
    record(
        actor=current_account(),
        action="events.exported",
        subject=("events_occurrence", occurrence.public_id),
        project_id=current_project().id,
        facts={"format": kind, "rows": len(rows), "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    header = (
        gettext("Who registered"),
        gettext("Ticket"),
        gettext("State"),
        gettext("Persons"),
        gettext("Points paid"),
        gettext("Points returned"),
        gettext("Deposit in points"),
        gettext("Registered at"),
        *(localized(quota.title) for quota in choices),
        *(localized(question.title) for question in questions),
    )
    return export_file(
        name=f"registrations-{public_id}", kind=ExportFormat(kind), header=header, rows=rows
    )


def saved(dates: int) -> str:
    """Return the sentence of what was saved, for how many dates of a series."""
    if dates == 1:
        return gettext("Saved.")
    if dates > changing.AT_ONCE:
        return gettext(
            "Saved. It is passed on to the other dates now, %(num)s in all; “Dates” says how far.",
            num=dates,
        )
    return ngettext("Saved for %(num)d date.", "Saved for %(num)d dates.", dates)


def allowed_steps(occurrence: Occurrence) -> list[str]:
    """Return the steps from here that the reader may take."""
    steps = [name for name, way in STEPS.items() if occurrence.state in way.sources]
    return [name for name in steps if name != "approve" or may("events.review")]


def _manage(public_id: str, asked: str = "") -> str:
    occurrence, quotas = _find_whole(public_id)
    log = request.args.get("tab") == "log"
    wanted = ListFilter.read(request.args, tuple(Seat))
    counts = rosters.counts(occurrence)
    page = None if log else rosters.page_of_parties(occurrence, wanted)
    return render_template(
        "events/staff_show.html",
        occurrence=occurrence,
        quotas=quotas,
        page=page,
        said=said_by([each for each, _name in page.items] if page else [], occurrence.event),
        wanted=wanted,
        counts={state: number for state, (number, _points) in counts.items()},
        to_return=counts.get(Seat.CONFIRMED, (0, 0))[1],
        steps=allowed_steps(occurrence),
        log=queries.log_of(occurrence) if log else None,
        asked=asked,
        editable=occurrence.state in EDITABLE,
        ways=STEPS,
    )


def _editor(form: EventForm, occurrence: Occurrence | None) -> str:
    return render_template("events/edit.html", form=form, occurrence=occurrence, texts=TEXTS)


def _find(public_id: str) -> Occurrence:
    found: Any = queries.find(current_project().id, public_id)
    if found is None:
        raise NotFound
    occurrence: Occurrence = found
    return occurrence


def _find_whole(public_id: str) -> tuple[Occurrence, list[Quota]]:
    found = queries.find_with_quotas(current_project().id, public_id)
    if found is None:
        raise NotFound
    return found
