"""The staff's pages of waves: the list, one wave with its steps, whom it asks."""

import secrets

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import Conflict, Forbidden, NotFound
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.errors import SurveyError
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.problems import InstrumentError
from plugins.surveys.inviting.reminding import silent
from plugins.surveys.library import FIRST
from plugins.surveys.models import Wave
from plugins.surveys.showing import moment
from plugins.surveys.states import STEPS, State
from plugins.surveys.waves import queries, service
from plugins.surveys.waves.forms import SurveyForm, TermsForm, whole
from plugins.surveys.waves.queries import WaveFilter
from plugins.surveys.words import MODES, REFUSALS, STATES
from portal.sdk import (
    ExportFormat,
    buildings_of,
    current_account,
    current_project,
    db,
    export_file,
    gettext,
    localized,
    may,
    now,
    record,
    requires,
    tiers,
)

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
BUILD, RESULTS = "surveys.build", "surveys.results"


class RefusedError(Conflict):
    """A 409 whose page says where the wave stands now."""

    def __init__(self, error: SurveyError) -> None:
        super().__init__()
        self.advice = gettext(
            "%(why)s It stands at “%(state)s” now.",
            why=REFUSALS[error.code],
            state=STATES[error.state][0],
        )


def find_wave(public_id: str) -> Wave:
    """Return a wave of the project of the address, else 404."""
    wave = queries.find(current_project().id, public_id)
    if wave is None:
        raise NotFound
    return wave


@staff.get("/p/<project>/staff/surveys/")
@requires(RESULTS)
def index() -> str:
    """List the waves, the newest first."""
    wanted = WaveFilter.read(request.args)
    page = queries.listed(current_project().id, wanted)
    rates = queries.rates([wave.id for wave, _ in page.items])
    return render_template("surveys/staff_index.html", page=page, wanted=wanted, rates=rates)


@staff.post("/p/<project>/staff/surveys/export.<kind>")
@requires(RESULTS)
def export(kind: str) -> Response:
    """Send the list as filtered as a file, and note who took it."""
    if kind not in set(ExportFormat):
        raise NotFound
    wanted, project = WaveFilter.read(request.args), current_project()
    found = list(queries.exported(project.id, wanted))
    rates = queries.rates([wave.id for wave, _ in found])
    rows = [
        (
            localized(wave.title),
            wave.number,
            str(STATES[wave.state][0]),
            str(MODES[wave.mode][0]),
            moment(wave.opens_at),
            moment(wave.closes_at),
            rates[wave.id].asked if wave.id in rates else 0,
            rates[wave.id].answered if wave.id in rates else 0,
        )
        for wave, _ in found
    ]
    record(
        actor=current_account(),
        action="surveys.exported",
        subject=("surveys_list", project.slug),
        project_id=project.id,
        facts={"format": kind, "rows": len(rows), "filtered_by": sorted(wanted.args())},
    )
    db.session.commit()
    header = (
        gettext("Title"), gettext("Wave"), gettext("State"),
        gettext("Who can see who answered what"),
        gettext("Opens"), gettext("Closes"), gettext("Asked to answer"), gettext("Answered"),
    )  # fmt: skip
    return export_file(name="surveys", kind=ExportFormat(kind), header=header, rows=rows)


@staff.route("/p/<project>/staff/surveys/new", methods=["GET", "POST"])
@requires(BUILD)
def new() -> Page:
    """Make a survey, with the questions of its kind."""
    form = SurveyForm()
    if not form.validate_on_submit():
        return _new(form), 422 if form.errors else 200
    kind = form.series.data
    try:
        wave = service.make_survey(
            actor=current_account(),
            project=current_project(),
            title=form.texts("title"),
            series=f"own_{secrets.token_hex(4)}" if kind == "own" else kind,
            **FIRST.get(kind, {}),
        )
    except SurveyError as error:
        db.session.rollback()
        form.series.errors = [str(REFUSALS[error.code])]
        return _new(form), 422
    db.session.commit()
    flash(gettext("Saved as a draft."))
    return redirect(url_for("surveys_staff.build", public_id=wave.public_id), 303)


def _new(form: SurveyForm) -> str:
    return render_template("surveys/staff_new.html", form=form)


@staff.get("/p/<project>/staff/surveys/<public_id>")
@requires(RESULTS)
def wave(public_id: str) -> str:
    """Show a wave: where it stands, who has answered, what comes next."""
    found = find_wave(public_id)
    return render_template("surveys/staff_wave.html", **_shown(found))


def _shown(found: Wave) -> dict[str, object]:
    try:
        instrument = read(found.instrument)
    except InstrumentError:
        instrument = None
    rates = queries.rates_by(found.id)
    total = sum(rates["stage"].values(), queries.Rate())
    steps = [
        name
        for name, way in STEPS.items()
        if found.state in way.sources and name != "publish" and may(way.permission)
    ]
    return {
        "wave": found,
        "instrument": instrument,
        "rates": rates,
        "total": total,
        "steps": steps,
        "silent": silent(found, now()) if found.state == State.FIELD else None,
        "problems": service.problems_of(found) if found.state == State.DRAFT else [],
    }


@staff.post("/p/<project>/staff/surveys/<public_id>/step")
@requires(RESULTS)
def step(public_id: str) -> Response:
    """Lead a wave to its next state."""
    found, name = find_wave(public_id), request.form.get("step", "")
    if name not in STEPS or not may(STEPS[name].permission):
        raise Forbidden
    if name == "publish":
        # Its own page asks first: nothing of it can be taken back.
        return redirect(url_for("surveys_staff.publication", public_id=public_id), 303)
    try:
        service.take_step(
            actor=current_account(),
            project=current_project(),
            wave=found,
            step=name,
            version=whole(request.form.get("version")),
            at=now(),
        )
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Done. It stands at “%(state)s” now.", state=STATES[found.state][0]))
    return redirect(url_for("surveys_staff.wave", public_id=public_id), 303)


@staff.post("/p/<project>/staff/surveys/<public_id>/again")
@requires(BUILD)
def again(public_id: str) -> Response:
    """Begin the next wave with the same questions."""
    try:
        made = service.next_wave(actor=current_account(), wave=find_wave(public_id))
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Saved as a draft."))
    return redirect(url_for("surveys_staff.build", public_id=made.public_id), 303)


@staff.route("/p/<project>/staff/surveys/<public_id>/terms", methods=["GET", "POST"])
@requires(BUILD)
def terms(public_id: str) -> Page:
    """Say whom a wave asks, when, who can know, and what an answer earns."""
    found, project, form = find_wave(public_id), current_project(), TermsForm()
    known = [(tier.key, localized(tier.name)) for tier in tiers()]
    form.offer([building.name for building in buildings_of(project)], known)
    if request.method == "GET":
        form.show(found, project)
    typed = {name: request.form.get(f"weight_{name}", "") for name in dimensions(found)}
    weights = {name: whole(text) for name, text in typed.items()} or dict(found.weights)
    if not form.validate_on_submit():
        shown = weights if request.method == "POST" else dict(found.weights)
        return _terms(form, found, shown), 422 if form.errors else 200
    try:
        service.change(
            actor=current_account(),
            wave=found,
            version=whole(form.version.data),
            weights=weights,
            **form.values(project, found),
        )
    except SurveyError as error:
        db.session.rollback()
        form.form_errors.append(str(REFUSALS[error.code]))
        form.version.data = str(found.version)
        return _terms(form, found, weights), 409
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("surveys_staff.terms", public_id=public_id), 303)


def dimensions(found: Wave) -> list[str]:
    """Return the dimensions of a wave's questions, in their order."""
    try:
        questions = read(found.instrument).questions
    except InstrumentError:
        return list(found.weights)
    names = [each.dimension for each in questions]
    names += [row.dimension for each in questions for row in each.rows]
    return list(dict.fromkeys(name for name in names if name))


def _terms(form: TermsForm, found: Wave, weights: dict[str, int]) -> str:
    return render_template(
        "surveys/staff_terms.html",
        form=form,
        wave=found,
        weights=weights,
        dimensions=dimensions(found),
    )
