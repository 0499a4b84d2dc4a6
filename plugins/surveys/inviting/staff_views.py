"""The staff's pages around invitations: reminders with one button, a poster with a QR code."""

import io

import segno
from flask import flash, redirect, render_template, url_for
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.errors import SurveyError
from plugins.surveys.inviting import reminding
from plugins.surveys.waves.staff_views import RefusedError, find_wave
from portal.sdk import (
    current_account,
    current_project,
    db,
    ngettext,
    now,
    our_address,
    requires,
)

__all__ = ["staff"]

_DARK = "#0f3d3a"
_TYPES = {"svg": "image/svg+xml", "png": "image/png"}


@staff.post("/p/<project>/staff/surveys/<public_id>/remind")
@requires("surveys.build")
def remind(public_id: str) -> Response:
    """Remind who has not answered."""
    found = find_wave(public_id)
    try:
        number = reminding.remind(
            actor=current_account(), project=current_project(), wave=found, at=now()
        )
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(ngettext("%(num)d is being reminded.", "%(num)d are being reminded.", number))
    return redirect(url_for("surveys_staff.wave", public_id=public_id), 303)


@staff.get("/p/<project>/staff/surveys/<public_id>/poster")
@requires("surveys.results")
def poster(public_id: str) -> str:
    """Show a page to print, with a code that leads to the survey."""
    found = find_wave(public_id)
    link = _link(public_id)
    code = segno.make(link, error="m", micro=False).svg_data_uri(scale=6, border=2, dark=_DARK)
    return render_template("surveys/staff_poster.html", wave=found, qr=code, link=link)


@staff.get("/p/<project>/staff/surveys/<public_id>/poster.svg", defaults={"kind": "svg"})
@staff.get("/p/<project>/staff/surveys/<public_id>/poster.png", defaults={"kind": "png"})
@requires("surveys.results")
def poster_file(public_id: str, kind: str) -> Response:
    """Send the code as a picture."""
    found, out = find_wave(public_id), io.BytesIO()
    code = segno.make(_link(found.public_id), error="q", micro=False)
    code.save(out, kind=kind, scale=20, border=4, dark=_DARK, light="#ffffff")
    answer = Response(out.getvalue(), mimetype=_TYPES[kind])
    answer.headers["Content-Disposition"] = f'attachment; filename="survey-{public_id}.{kind}"'
    return answer


def _link(public_id: str) -> str:
    return our_address(url_for("surveys.show", public_id=public_id))
