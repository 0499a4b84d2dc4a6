"""What the roster adds to shared pages."""

from portal.i18n import lazy
from portal.projects.models import Project
from portal.slots import NavItem


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the roster's link in a project's sidebar."""
    if project is None:
        return []
    return [
        NavItem(
            lazy("Roster import"), "table-import", "roster.staff_list", "roster.import", order=30
        )
    ]
