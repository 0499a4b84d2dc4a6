"""The staff's page of a wave's list: what would hold is shown first, then it is kept."""

from collections import Counter
from collections.abc import Sequence

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Wave
from plugins.surveys.participants import service
from plugins.surveys.participants.service import Outcome, Row
from plugins.surveys.waves.forms import whole
from plugins.surveys.waves.staff_views import BUILD, RefusedError, find_wave
from portal.sdk import TableError, current_account, current_project, db, gettext, requires

__all__ = ["staff"]

SHOWN = 200
"""Rows with a fault on the page; the rest are counted."""


@staff.get("/p/<project>/staff/surveys/<public_id>/participants")
@requires(BUILD)
def participants(public_id: str) -> str:
    """Show whether a wave is narrowed to a list."""
    return _page(find_wave(public_id))


@staff.post("/p/<project>/staff/surveys/<public_id>/participants")
@requires(BUILD)
def change_participants(public_id: str) -> Response | tuple[str, int] | str:
    """Examine a list, keep it, or take it out."""
    found, act = find_wave(public_id), request.form.get("act", "")
    if act == "clear":
        return _keep(found, [])
    sent, typed = request.files.get("file"), request.form.get("cards", "")
    data = sent.read() if sent else typed.encode("utf-8", "replace")
    try:
        rows = service.examine(data=data, project=current_project())
    except TableError as error:
        return _page(found, typed=typed, wrong=error.sentence), 422
    members = [row.member for row in rows if row.member is not None]
    if not members:
        wrong = gettext("Nobody of the list has a verified home here.")
        return _page(found, rows=rows, typed=typed, wrong=wrong), 422
    return _keep(found, members) if act == "keep" else _page(found, rows=rows, typed=typed)


def _keep(found: Wave, members: Sequence[int]) -> Response:
    version = whole(request.form.get("version"))
    try:
        service.keep(actor=current_account(), wave=found, version=version, members=members)
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("surveys_staff.participants", public_id=found.public_id), 303)


def _page(found: Wave, rows: Sequence[Row] = (), typed: str = "", wrong: str = "") -> str:
    faults = [row for row in rows if row.outcome != Outcome.TAKEN]
    return render_template(
        "surveys/staff_participants.html",
        wave=found,
        listed=len(found.frame_rule.get("members", ())),
        counts=Counter(row.outcome for row in rows),
        faults=faults[:SHOWN],
        more=max(0, len(faults) - SHOWN),
        cards="\n".join(row.card for row in rows if row.member is not None),
        typed=typed,
        wrong=wrong,
    )
