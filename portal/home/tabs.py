"""The places of plugins in the owner's navigation: site bar on a desk, tab bar on a phone."""

from dataclasses import dataclass

from flask import g, session, url_for

from portal.i18n import Text
from portal.members.current import find_current_member
from portal.projects.current import belonging
from portal.projects.models import Project
from portal.projects.queries import find_project
from portal.slots import fill, is_filled

SLOT = "member_tabs"


@dataclass(frozen=True)
class Place:
    """A link of the navigation. `key` is what a page names as its `tab`."""

    key: str
    icon: str
    title: Text
    url: str
    tone: str

    @property
    def link(self) -> tuple[str, str, Text, str]:
        """What the layout shows of it: key, icon, title and address."""
        return self.key, self.icon, self.title, self.url


def member_places() -> list[Place]:
    """Return the places of the project at hand, or of the one that was open last, in their order;
    none for who is no member. Once a request."""
    if "member_places" not in g:
        g.member_places = _places()
    found: list[Place] = g.member_places
    return found


def _places() -> list[Place]:
    if not is_filled(SLOT) or find_current_member() is None:
        return []
    project = _project()
    if project is None:
        return []
    tabs = sorted(fill(SLOT, project), key=lambda tab: tab.order)
    return [
        Place(
            key=tab.endpoint,
            icon=tab.icon,
            title=tab.title,
            url=url_for(tab.endpoint, project=project.slug),
            tone=tab.tone,
        )
        for tab in tabs
    ]


def _project() -> Project | None:
    here: Project | None = g.get("project")
    opened = session.get("project")
    if here is not None:
        # Whoever has opened their home there needs no statement to tell.
        return here if opened == here.slug or here.id in belonging() else None
    return find_project(opened) if opened else None
