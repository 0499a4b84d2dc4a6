"""What the plugin host puts into shared pages."""

from portal.files.readers import FileReader
from portal.i18n import lazy
from portal.plugin_host import filing
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


def file_readers() -> list[FileReader]:
    """Return who reads the files of plugins: each plugin answers for its own."""
    return filing.readers()
