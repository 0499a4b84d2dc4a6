"""The staff sidebar: what the features offer, as far as the reader may go there."""

from collections.abc import Iterable

from flask import current_app, g

from portal.i18n import Text, lazy
from portal.permissions.current import current_rights
from portal.slots import NavItem, fill

SECTIONS: dict[str, Text] = {
    "desk": "",
    "members": lazy("Members and homes"),
    "plugins": lazy("Plugins"),
    "project": lazy("Project"),
    "centre": lazy("Group centre"),
}


def staff_nav() -> list[tuple[Text, list[NavItem]]]:
    """Return the sidebar's sections with the links that the reader may follow.

    A link into a project is shown inside one only; a club-wide one everywhere.
    """
    items: Iterable[NavItem] = fill("nav_items", g.get("project"))
    shown = sorted(filter(_may_follow, items), key=lambda item: item.order)
    sections = [
        (title, [item for item in shown if item.section == key]) for key, title in SECTIONS.items()
    ]
    return [(title, items) for title, items in sections if items]


def _may_follow(item: NavItem) -> bool:
    project = g.get("project")
    if not current_app.url_map.is_endpoint_expecting(item.endpoint, "project"):
        return current_rights().allows(item.permission, None)
    return project is not None and current_rights().allows(item.permission, project.id)
