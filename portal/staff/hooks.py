"""The staff's own links in the sidebar."""

from portal.i18n import lazy
from portal.projects.models import Project
from portal.slots import NavItem


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the links to desk, members, roles, audit trail and group centre."""
    return [
        NavItem(lazy("Today"), "home", "staff.desk", "staff.desk", "desk", 10),
        NavItem(lazy("Members"), "users", "members.staff_list", "members.view", "members", 10),
    ]
