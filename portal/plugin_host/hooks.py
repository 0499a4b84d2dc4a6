"""What the plugin host puts into shared pages."""

from portal.i18n import lazy
from portal.projects.models import Project
from portal.slots import NavItem


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the administrator's link to the plugins, and the project's to their settings."""
    return [
        NavItem(lazy("Plugins"), "puzzle", "plugins.matrix", "plugins.manage",
                section="centre", order=40),
        NavItem(lazy("Plugin settings"), "adjustments", "plugins.project_plugins",
                "plugins.settings", section="project", order=60),
    ]  # fmt: skip
