"""Where people arrive: the club's front door, a project's home, the switch between projects."""

from dataclasses import dataclass

from flask import flash, g, redirect, render_template, request, session, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from portal import clock
from portal.access import member_only, public
from portal.extensions import db
from portal.forms import tidy
from portal.home import queries
from portal.home.blueprint import blueprint
from portal.home.greeting import greeting, years_in_club
from portal.i18n import gettext, localized
from portal.members.current import current_member, find_current_member
from portal.members.models import Member
from portal.permissions.current import current_rights
from portal.points.queries import Figures
from portal.projects import service as projects
from portal.projects.current import belonging, current_project, my_projects
from portal.projects.models import Ownership, Project
from portal.projects.queries import find_project, unit_title
from portal.slots import Card, Todo, fill
from portal.tiers.terms import Tier

__all__ = ["blueprint"]

TODOS_SHOWN = 3
SEARCH_LENGTH = 60


@dataclass(frozen=True)
class OwnerHome:
    """What the owner's home shows."""

    greeting: str
    year: int
    homes: list[Ownership]
    todos: list[Todo]
    cards: list[Card]
    claiming: bool
    show_all: bool
    points: Figures
    tier: Tier | None

    @property
    def todos_shown(self) -> list[Todo]:
        """Return the first to-dos, or all of them when the reader asked for them."""
        return self.todos if self.show_all else self.todos[:TODOS_SHOWN]


@blueprint.get("/")
@public
def index() -> str | Response:
    """Lead members to their project and staff to their desk; show the club to visitors."""
    if not g.get("account"):
        search = _search()
        return render_template("home/club.html", page=queries.find_projects(search), search=search)
    project = _last_project()
    if project is not None:
        return redirect(url_for("home.project_home", project=project.slug))
    if find_current_member() is None and current_rights().anywhere("staff.desk"):
        return redirect(url_for("staff.index"))
    return redirect(url_for("home.choose_project"))


@blueprint.get("/p/<project>/")
@public
def project_home() -> str:
    """Show a member of the project their home, and everybody else the welcome page."""
    project = current_project()
    member = find_current_member() if g.get("account") else None
    if member is not None:
        homes, points, tier = queries.homes_and_points(member.id, project.id)
        if homes or project.id in belonging():
            session["project"] = project.slug
            page = _owner_home(member, project, homes, points, tier)
            return render_template("home/owner.html", page=page, unit_title=unit_title)
    return render_template(
        "home/welcome.html",
        households=queries.count_households(project.id),
        counted_at_most=queries.COUNTED_AT_MOST,
        follow=bool(member),
    )


@blueprint.get("/projects")
@public
def choose_project() -> str:
    """Show the reader's projects, and all others to look at or follow."""
    mine = my_projects()
    search = _search()
    page = queries.find_projects(search, leave_out=[] if search else [each.id for each in mine])
    return render_template(
        "home/projects.html",
        mine=mine,
        page=page,
        search=search,
        belonging=belonging() if g.get("account") else None,
    )


@blueprint.post("/projects/<slug>/follow")
@member_only
def follow(slug: str) -> Response:
    """Follow a project without owning there."""
    project = project_named(slug)
    projects.follow(member=current_member(), project=project)
    db.session.commit()
    flash(gettext("You now follow %(project)s.", project=localized(project.name)))
    return redirect(url_for("home.project_home", project=project.slug), 303)


@blueprint.post("/projects/<slug>/unfollow")
@member_only
def unfollow(slug: str) -> Response:
    """Stop following a project."""
    project = project_named(slug)
    projects.unfollow(member=current_member(), project=project)
    db.session.commit()
    flash(gettext("You no longer follow %(project)s.", project=localized(project.name)))
    return redirect(url_for("home.choose_project"), 303)


def _search() -> str:
    return tidy(request.args.get("q", ""))[:SEARCH_LENGTH]


def project_named(slug: str) -> Project:
    """Return a project by the name in its address; raises 404."""
    project = find_project(slug)
    if project is None:
        raise NotFound
    return project


def _last_project() -> Project | None:
    """Return the project that the reader looked at last, else the first of theirs."""
    mine = my_projects()
    belongs = belonging()
    own = [project for project in mine if project.id in belongs]
    return next((each for each in own if each.slug == session.get("project")), None) or next(
        iter(own), None
    )


def _owner_home(
    member: Member,
    project: Project,
    homes: list[Ownership],
    points: Figures,
    tier: Tier | None,
) -> OwnerHome:
    now = clock.now()
    filled = fill("member_home", project)
    return OwnerHome(
        greeting=greeting(member, at=now, time_zone=project.time_zone),
        year=years_in_club(member.joined_on, clock.business_date(project.time_zone, now)),
        homes=homes,
        todos=[todo for part in filled for todo in part.todos],
        cards=sorted((card for part in filled for card in part.cards), key=lambda card: card.order),
        claiming=any(part.claiming for part in filled),
        show_all=request.args.get("todos") == "all",
        points=points,
        tier=tier,
    )
