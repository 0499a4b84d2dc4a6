"""A project's own settings: its texts in the club's languages, contact, time."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import gettext
from portal.projects.blueprint import blueprint
from portal.projects.current import current_project
from portal.projects.forms import TEXT_LENGTHS, ProjectForm, project_form
from portal.projects.models import Project
from portal.projects.service import update_project

__all__ = ["blueprint"]


@blueprint.route("/p/<project>/staff/settings", methods=["GET", "POST"])
@requires("projects.manage")
def settings() -> str | tuple[str, int] | Response:
    """Show and change the project's settings."""
    project, club = current_project(), current_club()
    present = {
        f"{key}_{language}": getattr(project, key).get(language, "")
        for key in TEXT_LENGTHS
        for language in club.languages
    }
    form = project_form(list(club.languages), club.default_language)(
        data={
            **present,
            "opened_on": project.opened_on,
            "contact_phone": project.contact_phone,
            "time_zone": project.time_zone,
        }
    )
    if form.validate_on_submit():
        save(project, form)
        db.session.commit()
        flash(gettext("The settings are saved."))
        return redirect(url_for("projects.settings"), 303)
    body = render_template(
        "projects/settings.html", form=form, keys=TEXT_LENGTHS, languages=club.languages
    )
    return (body, 422) if request.method == "POST" else body


def save(project: Project, form: ProjectForm) -> None:
    """Put what a form that is in order says into the project."""
    languages = list(current_club().languages)
    texts = {key: _texts(getattr(project, key), form, key, languages) for key in TEXT_LENGTHS}
    update_project(
        actor=current_account(),
        project=project,
        opened_on=form.opened_on.data,
        contact_phone=form.contact_phone.data or None,
        time_zone=form.time_zone.data,
        **texts,
    )


def _texts(before: object, form: object, key: str, languages: list[str]) -> dict[str, str]:
    """Return the texts of one field; a language that the club has switched off keeps its own."""
    kept = dict(before)  # type: ignore[call-overload]
    for language in languages:
        text = form[f"{key}_{language}"].data  # type: ignore[index]
        kept.pop(language, None)
        if text:
            kept[language] = text
    return kept
