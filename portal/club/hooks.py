"""What the club puts into shared pages: its settings in the sidebar; its logo is for everybody."""

from typing import Any

from portal.club import search
from portal.club.words import LOGO_OWNER
from portal.files.readers import FileReader
from portal.i18n import lazy
from portal.search.documents import Source
from portal.slots import NavItem


def nav_items(project: Any) -> list[NavItem]:
    """Return the link to the club's settings."""
    return [
        NavItem(lazy("Club"), "building-community", "club.settings", "club.settings", "centre", 80)
    ]


def file_readers() -> list[FileReader]:
    """Let everybody see the club's logo."""
    return [FileReader(LOGO_OWNER, lambda file: True)]


def search_sources() -> list[Source]:
    """Return what search finds of this feature."""
    return search.sources()
