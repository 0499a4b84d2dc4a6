"""What staff and members' pages need of the projects: sidebar links, projects to follow."""

from functools import partial

from portal.i18n import lazy, localized
from portal.members.models import Member
from portal.projects.models import Project
from portal.projects.queries import all_projects
from portal.projects.service import follow
from portal.slots import JoinChoice, NavItem


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the links to desk, members, roles, audit trail and group centre."""
    return [
        NavItem(lazy("Today"), "home", "staff.desk", "staff.desk", "desk", 10),
        NavItem(lazy("Members"), "users", "members.staff_list", "members.view", "members", 10),
    ]


def join_choices() -> list[JoinChoice]:
    """Return the projects that a new member may follow."""
    return [
        JoinChoice(project.slug, localized(project.name), partial(_follow, project))
        for project in all_projects()
    ]


def _follow(project: Project, member: Member) -> None:
    follow(member=member, project=project)
