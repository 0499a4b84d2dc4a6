"""Publishing a sealed wave, the auditor's archive of it, and the auditor's signature."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.errors import SurveyError
from plugins.surveys.exporting import rows
from plugins.surveys.models import Publication, Wave
from plugins.surveys.publishing import service
from plugins.surveys.publishing.bundle import archive
from plugins.surveys.publishing.reading import published
from plugins.surveys.states import State
from plugins.surveys.waves.forms import whole
from plugins.surveys.waves.service import take_step
from plugins.surveys.waves.staff_views import RefusedError, find_wave
from portal.sdk import (
    current_account,
    current_project,
    db,
    gettext,
    now,
    record,
    requires,
)

__all__ = ["staff"]

RAW, RELEASE, RESULTS = "surveys.raw", "surveys.release", "surveys.results"


@staff.get("/p/<project>/staff/surveys/<public_id>/publication")
@requires(RESULTS)
def publication(public_id: str) -> str:
    """Show what is published of a wave, or what has to happen before."""
    return _page(find_wave(public_id))


@staff.post("/p/<project>/staff/surveys/<public_id>/publish")
@requires(RELEASE)
def publish(public_id: str) -> Response | tuple[str, int]:
    """Publish the figures of a sealed wave, once it is confirmed that they stay as they are."""
    found = find_wave(public_id)
    if request.form.get("sure") != "yes" and found.state == State.SEALED:
        return _page(
            found, wrong=gettext("Tick the box first: nothing of it can be taken back.")
        ), 422
    try:
        take_step(
            actor=current_account(),
            project=current_project(),
            wave=found,
            step="publish",
            version=whole(request.form.get("version")),
            at=now(),
        )
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Published. Everybody who was asked is told."))
    return redirect(url_for("surveys_staff.publication", public_id=public_id), 303)


@staff.get("/p/<project>/staff/surveys/<public_id>/audit")
@requires(RAW)
def audit(public_id: str) -> str:
    """Show the auditor the hashes of a published wave, its archive and the signature."""
    found = find_wave(public_id)
    return render_template(
        "surveys/staff_audit.html", wave=found, publication=service.publication_of(found)
    )


@staff.post("/p/<project>/staff/surveys/<public_id>/archive.zip")
@requires(RAW)
def take_archive(public_id: str) -> Response:
    """Send the auditor's archive; of fewer than k answers none."""
    found = find_wave(public_id)
    known = _published(found)
    number = rows.count(found, rows.Cell())
    if number < found.least_cell:
        raise RefusedError(SurveyError("FEW", state=found.state, version=found.version))
    data = archive(found, known)
    record(
        actor=current_account(),
        action="surveys.archive_taken",
        subject=("surveys_wave", found.public_id),
        project_id=found.project_id,
        facts={"rows": number, "seal_hash": known.seal_hash, "figures_hash": known.figures_hash},
    )
    db.session.commit()
    answer = Response(data, mimetype="application/zip")
    answer.headers["Content-Disposition"] = f'attachment; filename="survey-{public_id}.zip"'
    return answer


@staff.post("/p/<project>/staff/surveys/<public_id>/sign")
@requires(RAW)
def sign(public_id: str) -> Response:
    """Sign the published figures, as somebody who has checked them."""
    found = find_wave(public_id)
    try:
        service.sign(actor=current_account(), wave=found, at=now())
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Signed. Owners read that the figures were checked."))
    return redirect(url_for("surveys_staff.audit", public_id=public_id), 303)


def _published(wave: Wave) -> Publication:
    found = service.publication_of(wave)
    if found is None:
        raise RefusedError(SurveyError("NOT_PUBLISHED", state=wave.state, version=wave.version))
    return found


def _page(wave: Wave, wrong: str = "") -> str:
    own = current_account().id in (wave.made_by, wave.sent_by)
    return render_template(
        "surveys/staff_publication.html",
        wave=wave,
        publication=service.publication_of(wave),
        found=published(wave),
        own=own,
        wrong=wrong,
    )
