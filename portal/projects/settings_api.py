"""A project's settings, and adding a project, for the staff's programs."""

from typing import Any

from portal.access import requires
from portal.accounts.current import current_account
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Day, Input, Output, Text, texts_of
from portal.api.forms import checked, form_over
from portal.api.problems import refused
from portal.club.queries import current_club
from portal.extensions import db
from portal.projects.current import current_project
from portal.projects.errors import HomeError
from portal.projects.forms import TEXT_LENGTHS, new_project_form, project_form
from portal.projects.models import Project
from portal.projects.sentences import sentence
from portal.projects.service import create_project
from portal.projects.settings_views import save

blueprint = ApiBlueprint(
    "project_settings_api", "portal.projects", url_prefix="/api/v1", title="A project's settings"
)


class ProjectSettingsShown(Output):
    """A project's settings, its texts in every language."""

    slug = Text(40)
    name = texts_of(TEXT_LENGTHS["name"])
    city = texts_of(TEXT_LENGTHS["city"])
    welcome = texts_of(TEXT_LENGTHS["welcome"])
    opened_on = Day(allow_none=True)
    contact_phone = Text(40, allow_none=True)
    time_zone = Text(60)


class ProjectSettingsChange(Input):
    """What is to change; what is left out stays. Languages that the club does not offer stay."""

    name = texts_of(TEXT_LENGTHS["name"])
    city = texts_of(TEXT_LENGTHS["city"])
    welcome = texts_of(TEXT_LENGTHS["welcome"])
    opened_on = Day(allow_none=True)
    contact_phone = Text(40, allow_none=True)
    time_zone = Text(60, metadata={"description": "As in the tz database: Asia/Shanghai."})


class ProjectWish(Input):
    """A project that is added; its slug stays for ever."""

    slug = Text(40, required=True, metadata={"description": "Its name in addresses."})
    name = texts_of(TEXT_LENGTHS["name"], required=True)
    city = texts_of(TEXT_LENGTHS["city"], load_default=dict)
    welcome = texts_of(TEXT_LENGTHS["welcome"], load_default=dict)
    opened_on = Day(allow_none=True, load_default=None)
    contact_phone = Text(40, allow_none=True, load_default=None)
    time_zone = Text(60, load_default="Asia/Shanghai")


@blueprint.call("GET", "/p/<project>/staff/settings", ProjectSettingsShown)
@requires("projects.manage")
def settings() -> dict[str, Any]:
    """Show the project's settings."""
    return _shown(current_project())


@blueprint.call(
    "PATCH", "/p/<project>/staff/settings", ProjectSettingsShown, body=ProjectSettingsChange
)
@requires("projects.manage")
def change_settings(body: dict[str, Any]) -> dict[str, Any]:
    """Change the project's texts, contact or time zone."""
    project, club = current_project(), current_club()
    present = {name: getattr(project, name) for name in ProjectSettingsChange().fields}
    kind = project_form(list(club.languages), club.default_language)
    save(project, checked(form_over(kind, _values({**present, **body}))))
    db.session.commit()
    return _shown(project)


@blueprint.call("POST", "/centre/projects", ProjectSettingsShown, status=201, body=ProjectWish)
@requires("projects.manage")
def new_project(body: dict[str, Any]) -> dict[str, Any]:
    """Add a project; its homes and people come with the roster, its staff with roles."""
    club = current_club()
    languages = list(club.languages)
    kind = new_project_form(languages, club.default_language)
    form = checked(form_over(kind, {**_values(body), "slug": body["slug"]}))
    typed = {key: {each: form[f"{key}_{each}"].data for each in languages} for key in TEXT_LENGTHS}
    texts = {key: {each: text for each, text in of.items() if text} for key, of in typed.items()}
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
        raise refused(error.code, sentence(error), "slug") from error
    db.session.commit()
    return _shown(project)


def _values(body: dict[str, Any]) -> dict[str, Any]:
    """Return a body as the form has it: a field for each language."""
    values = {key: value for key, value in body.items() if key not in TEXT_LENGTHS}
    for key in TEXT_LENGTHS:
        values |= {f"{key}_{language}": text for language, text in body[key].items()}
    return values


def _shown(project: Project) -> dict[str, Any]:
    return {"slug": project.slug} | {
        name: getattr(project, name) for name in ProjectSettingsChange().fields
    }
