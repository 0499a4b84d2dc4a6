"""The staff's page of what is done about a survey."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from plugins.surveys.actions import service
from plugins.surveys.actions.forms import ActionForm
from plugins.surveys.blueprint import staff
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Action, Wave
from plugins.surveys.publishing.reading import actions_of
from plugins.surveys.states import DONE
from plugins.surveys.waves.staff_views import RefusedError, find_wave
from portal.sdk import current_account, db, gettext, now, requires

__all__ = ["staff"]

Page = str | tuple[str, int] | Response
BUILD = "surveys.build"


@staff.route("/p/<project>/staff/surveys/<public_id>/actions", methods=["GET", "POST"])
@requires(BUILD)
def actions(public_id: str) -> Page:
    """Show what is done about a wave, and add to it."""
    wave, form = find_wave(public_id), ActionForm()
    if not form.validate_on_submit():
        return _page(wave, form), 422 if form.errors else 200
    try:
        service.add(actor=current_account(), wave=wave, **_typed(form))
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Saved."))
    return _back(public_id)


@staff.route("/p/<project>/staff/surveys/<public_id>/actions/<action_id>", methods=["GET", "POST"])
@requires(BUILD)
def edit_action(public_id: str, action_id: str) -> Page:
    """Change an action."""
    wave = find_wave(public_id)
    action, form = _find(wave, action_id), ActionForm()
    if request.method == "GET":
        form.dimension.data = action.dimension
        form.fill_texts("said", action.said)
        form.fill_texts("did", action.did)
    elif form.validate_on_submit():
        service.edit(actor=current_account(), wave=wave, action=action, **_typed(form))
        db.session.commit()
        flash(gettext("Saved."))
        return _back(public_id)
    return _page(wave, form, action_id), 422 if form.errors else 200


@staff.post("/p/<project>/staff/surveys/<public_id>/actions/<action_id>/do")
@requires(BUILD)
def do_action(public_id: str, action_id: str) -> Response:
    """Mark an action as done or planned, withdraw it or put it back, move it up."""
    wave = find_wave(public_id)
    action, actor = _find(wave, action_id), current_account()
    match request.form.get("do", ""):
        case "done":
            service.mark(actor=actor, wave=wave, action=action, done_at=now())
        case "planned":
            service.mark(actor=actor, wave=wave, action=action, done_at=None)
        case "withdraw":
            service.withdraw(actor=actor, wave=wave, action=action, at=now())
        case "restore":
            service.withdraw(actor=actor, wave=wave, action=action, at=None)
        case "up":
            service.move_up(actor=actor, wave=wave, action=action)
        case _:
            raise BadRequest
    db.session.commit()
    flash(gettext("Saved."))
    return _back(public_id)


def _find(wave: Wave, action_id: str) -> Action:
    found = service.find(wave, action_id)
    if found is None:
        raise NotFound
    return found


def _typed(form: ActionForm) -> dict[str, Any]:
    return {
        "dimension": form.dimension.data or "",
        "said": form.texts("said"),
        "did": form.texts("did"),
    }


def _back(public_id: str) -> Response:
    return redirect(url_for("surveys_staff.actions", public_id=public_id), 303)


def _page(wave: Wave, form: ActionForm, editing: str = "") -> str:
    return render_template(
        "surveys/staff_actions.html",
        wave=wave,
        form=form,
        editing=editing,
        closed=wave.state in DONE,
        actions=actions_of(wave, withdrawn=True),
    )
