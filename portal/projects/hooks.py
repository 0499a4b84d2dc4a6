"""What projects and homes add to shared pages."""

from flask import url_for

from portal.i18n import lazy
from portal.members.current import find_current_member
from portal.projects import search
from portal.projects.models import Project
from portal.search.documents import Source
from portal.slots import MeLink, NavItem


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the links to a project's homes and settings."""
    if project is None:
        return []
    return [
        NavItem(lazy("Homes"), "home-2", "projects.staff_homes", "homes.manage", order=15),
        NavItem(
            lazy("Project settings"),
            "settings",
            "projects.settings",
            "projects.manage",
            "project",
            10,
        ),
    ]


def me_links() -> list[MeLink]:
    """Return the link to the member's homes."""
    if find_current_member() is None:
        return []
    title, hint = lazy("My homes"), lazy("Verified homes, claims, invitations")
    return [MeLink(title, hint, "home-2", "brand", url_for("projects.my_homes"), 20)]


def search_sources() -> list[Source]:
    """Return what search finds of this feature."""
    return search.sources()
