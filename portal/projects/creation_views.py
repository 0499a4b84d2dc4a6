"""Adding a project to the club."""

from flask import flash, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from portal.access import requires
from portal.accounts.current import current_account
from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import gettext
from portal.projects.blueprint import blueprint
from portal.projects.errors import HomeError
from portal.projects.forms import TEXT_LENGTHS, new_project_form
from portal.projects.sentences import sentence
from portal.projects.service import create_project

__all__ = ["blueprint"]


@blueprint.route("/centre/projects/new", methods=["GET", "POST"])
@requires("projects.manage")
def new_project() -> str | tuple[str, int] | Response:
    """Add a project; its homes and people come with the roster, its staff with roles."""
    club = current_club()
    languages = list(club.languages)
    form = new_project_form(languages, club.default_language)(data={"time_zone": "Asia/Shanghai"})
    if form.validate_on_submit():
        typed = {
            key: {each: form[f"{key}_{each}"].data for each in languages} for key in TEXT_LENGTHS
        }
        texts = {
            key: {each: text for each, text in of.items() if text} for key, of in typed.items()
        }
        try:
            project = create_project(
                actor=current_account(),
                slug=form.slug.data or "",
                opened_on=form.opened_on.data,
                contact_phone=form.contact_phone.data or None,
                time_zone=form.time_zone.data,
                **texts,
            )
        except HomeError as error:
            form.slug.errors = [sentence(error)]
        else:
            db.session.commit()
            flash(gettext("The project is added. Next, import its roster and give roles."))
            return redirect(url_for("staff.desk", project=project.slug), 303)
    body = render_template(
        "projects/new.html", form=form, keys=TEXT_LENGTHS, languages=club.languages
    )
    return (body, 422) if request.method == "POST" else body
