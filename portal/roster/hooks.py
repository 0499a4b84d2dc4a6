"""What the roster adds to shared pages."""

from dataclasses import dataclass
from datetime import datetime

from portal.i18n import lazy
from portal.permissions.current import may
from portal.phones import mask_phone
from portal.projects.models import Project, Unit
from portal.roster import queries, search
from portal.roster.masking import mask_name
from portal.search.documents import Source
from portal.slots import Card, NavItem, StaffWidget


@dataclass(frozen=True)
class UnitEntry:
    """Someone whom the roster names for a home, masked."""

    name: str
    phone: str
    role: str
    note: str
    claimed_at: datetime | None


def nav_items(project: Project | None) -> list[NavItem]:
    """Return the roster's link in a project's sidebar."""
    if project is None:
        return []
    title = lazy("Roster import")
    return [NavItem(title, "table-import", "roster.staff_list", "roster.import", order=30)]


def staff_widgets(project: Project) -> list[StaffWidget]:
    """Return the imports that run or stopped in the middle, when there are any."""
    if not may("roster.import"):
        return []
    found = queries.standing(project.id)
    if not found.running and not found.stopped:
        return []
    return [
        StaffWidget(
            lazy("Roster imports"),
            found.stopped or found.running,
            lazy("stopped in the middle") if found.stopped else lazy("running now"),
            "roster.staff_list",
            "roster.import",
            hot=bool(found.stopped),
        )
    ]


def unit_sections(project: Project, unit: Unit) -> list[Card]:
    """Return whom the roster names for a home."""
    people = tuple(
        UnitEntry(
            name=mask_name(entry.name),
            phone=mask_phone(entry.phone),
            role=entry.role,
            note=entry.note,
            claimed_at=entry.claimed_at,
        )
        for entry in queries.entries_of_unit(unit.id)
    )
    return [Card("roster/_unit.html", people, order=20)]


def search_sources() -> list[Source]:
    """Return what search finds of this feature."""
    return search.sources()
