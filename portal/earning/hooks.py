"""What the earning rules add to shared pages."""

from portal.earning.sources import CORE, PointSource
from portal.i18n import lazy
from portal.points.titles import SOURCES, Source
from portal.slots import NavItem


def nav_items(project: object | None) -> list[NavItem]:
    """Return the link to the earning rules."""
    return [NavItem(lazy("Earning rules"), "award", "earning.index", "earning.view", "centre", 40)]


def name_source(source: PointSource) -> None:
    """Let the ledger call a source by its name."""
    SOURCES.setdefault(source.key, Source(source.title, source.icon, source.tone))


for _source in CORE.values():
    name_source(_source)
