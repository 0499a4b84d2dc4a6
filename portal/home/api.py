"""Projects, for programs: finding, following, and a project's home."""

from typing import Any

from marshmallow import Schema, fields, validate

from portal import clock
from portal.access import member_only, public
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Choice, Day, Flag, Output, Text, Whole, list_of
from portal.api.paging import page_schema, paged
from portal.extensions import db
from portal.forms import tidy
from portal.home import queries
from portal.home.greeting import greeting, years_in_club
from portal.home.views import SEARCH_LENGTH, project_named
from portal.i18n import localized
from portal.members.current import current_member, find_current_member
from portal.projects import service as projects
from portal.projects.current import belonging, current_project
from portal.projects.models import Project, Role
from portal.projects.queries import unit_title
from portal.slots import fill

blueprint = ApiBlueprint("home_api", "portal.home", url_prefix="/api/v1", title="Projects")


class ProjectShown(Output):
    """A project, and what it is to the reader."""

    slug = Text(40)
    name = Text()
    city = Text()
    welcome = Text(400)
    opened_on = Day(allow_none=True)
    time_zone = Text(40)
    contact_phone = Text(40, allow_none=True)
    lives_there = Flag()
    follows = Flag()


class ProjectQuery(Schema):
    """What the list is narrowed to."""

    q = fields.String(load_default="", validate=validate.Length(max=SEARCH_LENGTH))


class HomeHere(Output):
    """One of the member's homes in the project."""

    id = Text(22)
    title = Text()
    role = Choice(Role)
    since = Day()


class TodoShown(Output):
    """Something asked of the owner; `url` is the page where it is done."""

    title = Text()
    hint = Text()
    icon = Text(40)
    url = Text(400)
    action = Text(allow_none=True)


class OwnerHomeShown(Output):
    """What the owner's home shows, as facts."""

    project = fields.Nested(ProjectShown)
    greeting = Text()
    year = Whole(1, 1000, metadata={"description": "Which year of membership this is."})
    homes = list_of(HomeHere)
    todos = list_of(TodoShown)
    claiming = Flag(metadata={"description": "Whether a claim of a home here is in progress."})


@blueprint.call("GET", "/projects", page_schema(ProjectShown), query=ProjectQuery, paged=True)
@public
def find(query: dict[str, str]) -> Any:
    """Find projects by name or city."""
    return paged(queries.find_projects(tidy(query["q"])), _shown)


@blueprint.call("GET", "/p/<project>", ProjectShown)
@public
def show() -> dict[str, Any]:
    """Show one project."""
    return _shown(current_project())


@blueprint.call("GET", "/p/<project>/home", OwnerHomeShown)
@member_only
def home() -> dict[str, Any]:
    """Show a member's home in a project: greeting, homes, what is asked of them."""
    project, member, now = current_project(), current_member(), clock.now()
    parts = fill("member_home", project)
    return {
        "project": _shown(project),
        "greeting": greeting(member, at=now, time_zone=project.time_zone),
        "year": years_in_club(member.joined_on, clock.business_date(project.time_zone, now)),
        "homes": [
            {
                "id": home.unit.public_id,
                "title": unit_title(home.unit),
                "role": home.role,
                "since": home.since,
            }
            for home in queries.homes_and_points(member.id, project.id)[0]
        ],
        "todos": [
            {
                "title": str(todo.title),
                "hint": str(todo.hint),
                "icon": todo.icon,
                "url": todo.url,
                "action": str(todo.action) if todo.action else None,
            }
            for part in parts
            for todo in part.todos
        ],
        "claiming": any(part.claiming for part in parts),
    }


@blueprint.call("PUT", "/projects/<slug>/follow")
@member_only
def follow(slug: str) -> None:
    """Follow a project without owning there."""
    projects.follow(member=current_member(), project=project_named(slug))
    db.session.commit()


@blueprint.call("DELETE", "/projects/<slug>/follow")
@member_only
def unfollow(slug: str) -> None:
    """Stop following a project."""
    projects.unfollow(member=current_member(), project=project_named(slug))
    db.session.commit()


def _shown(project: Project) -> dict[str, Any]:
    belongs = belonging() if find_current_member() else None
    return {
        "slug": project.slug,
        "name": localized(project.name),
        "city": localized(project.city),
        "welcome": localized(project.welcome),
        "opened_on": project.opened_on,
        "time_zone": project.time_zone,
        "contact_phone": project.contact_phone,
        "lives_there": belongs is not None and project.id in belongs.owned,
        "follows": belongs is not None and project.id in belongs.followed,
    }
