"""The staff's page of a wave's quotas: how many of a group, how many are taken."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from plugins.surveys.blueprint import staff
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Wave
from plugins.surveys.quotas import service
from plugins.surveys.waves.forms import whole
from plugins.surveys.waves.staff_views import RefusedError, find_wave
from portal.sdk import current_account, current_project, db, gettext, requires

__all__ = ["staff"]


@staff.get("/p/<project>/staff/surveys/<public_id>/quotas")
@requires("surveys.build")
def quotas(public_id: str) -> str:
    """Show the quotas of a wave."""
    return _page(find_wave(public_id))


@staff.post("/p/<project>/staff/surveys/<public_id>/quotas")
@requires("surveys.build")
def change_quotas(public_id: str) -> Response | tuple[str, int]:
    """Set a quota, or take one out."""
    found, dropping = find_wave(public_id), request.form.get("do") == "drop"
    typed = {name: request.form.get(name, "") for name in ("stratum", "most", "version")}
    field, _, value = typed["stratum"].partition(":")
    most = whole(typed["most"].strip())
    wrong: dict[str, str] = {}
    known = service.strata(current_project()).get(field)
    if known is None or not (dropping or value in known):
        wrong["stratum"] = gettext("Choose a group.")
    if not dropping and not 1 <= most <= service.MOST:
        wrong["most"] = gettext("Give a whole number from 1 to 1,000,000.")
    if wrong and dropping:
        raise BadRequest
    if wrong:
        return _page(found, typed=typed, wrong=wrong), 422
    actor, version = current_account(), whole(typed["version"])
    try:
        if dropping:
            service.drop(actor=actor, wave=found, version=version, field=field, value=value)
        else:
            service.put(
                actor=actor, wave=found, version=version, field=field, value=value, most=most
            )
    except SurveyError as error:
        db.session.rollback()
        raise RefusedError(error) from error
    db.session.commit()
    flash(gettext("Saved."))
    return redirect(url_for("surveys_staff.quotas", public_id=public_id), 303)


def _page(
    found: Wave, typed: dict[str, str] | None = None, wrong: dict[str, str] | None = None
) -> str:
    return render_template(
        "surveys/staff_quotas.html",
        wave=found,
        quotas=service.listed(found),
        strata=service.strata(current_project()),
        typed=typed or {},
        wrong=wrong or {},
    )
