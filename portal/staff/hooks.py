"""What shared pages get from the staff's: sidebar links, figures, projects to follow."""

from datetime import timedelta
from functools import partial

from portal import clock
from portal.i18n import lazy, localized
from portal.members.models import Member
from portal.permissions.current import current_rights
from portal.projects.models import Project
from portal.projects.queries import all_projects
from portal.projects.service import follow
from portal.search.documents import Source
from portal.slots import JoinChoice, NavItem, StaffWidget
from portal.staff import search
from portal.staff.audit_queries import acts_since
from portal.staff.figures import figures_of


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the links to desk, members, roles, audit trail, group centre and background work."""
    return [
        NavItem(lazy("Today"), "home", "staff.desk", "staff.desk", "desk", 10),
        NavItem(lazy("Members"), "users", "members.staff_list", "members.view", "members", 10),
        NavItem(
            lazy("Roles here"),
            "user-check",
            "permissions.project_roles",
            "roles.view",
            "project",
            60,
        ),
        NavItem(lazy("Audit trail"), "history", "audit.project_trail", "audit.view", "project", 70),
        NavItem(lazy("All projects"), "world", "staff.centre", "staff.desk", "centre", 10),
        NavItem(lazy("Roles"), "user-cog", "permissions.roles", "roles.view", "centre", 60),
        NavItem(
            lazy("What roles may do"),
            "shield-lock",
            "permissions.matrix",
            "roles.edit",
            "centre",
            65,
        ),
        NavItem(lazy("API tokens"), "key", "tokens.service_list", "tokens.manage", "centre", 68),
        NavItem(
            lazy("Audit trail of the club"),
            "history",
            "audit.club_trail",
            "audit.view",
            "centre",
            70,
        ),
        NavItem(lazy("Background work"), "refresh", "jobs.index", "jobs.manage", "centre", 80),
    ]


def staff_widgets(project: Project) -> list[StaffWidget]:
    """Return the project's members and verified homes, and what an auditor comes for."""
    return [*_figures(project), *_acts(project)]


def _acts(project: Project) -> list[StaffWidget]:
    """Return the acts of a day, for those who read the trail and do not run the project."""
    rights = current_rights()
    if not rights.allows("audit.view", project.id) or rights.allows("members.view", project.id):
        return []
    return [
        StaffWidget(
            lazy("Acts recorded"),
            acts_since(project.id, clock.now() - timedelta(days=1)),
            lazy("in the last 24 hours"),
            "audit.project_trail",
            "audit.view",
        )
    ]


def _figures(project: Project) -> list[StaffWidget]:
    figures = figures_of([project.id])[project.id]
    return [
        StaffWidget(
            lazy("Members"),
            figures.members,
            lazy("with a home here or following"),
            "members.staff_list",
            "members.view",
        ),
        StaffWidget(
            lazy("Homes verified"),
            figures.homes,
            lazy("with an owner in the club"),
            "members.staff_list",
            "members.view",
        ),
    ]


def join_choices() -> list[JoinChoice]:
    """Return the projects that a new member may follow."""
    return [
        JoinChoice(project.slug, localized(project.name), partial(_follow, project))
        for project in all_projects()
    ]


def _follow(project: Project, member: Member) -> None:
    follow(member=member, project=project)


def search_sources() -> list[Source]:
    """Return what search finds of this feature."""
    return search.sources()
