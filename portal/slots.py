"""The places in shared pages that features fill: navigation, to-dos, cards, figures.

A feature's `hooks.py` has functions of these names; each returns frozen dataclasses, and core
decides where they stand and how they look. `sign_in_steps(account)` returns the endpoints of pages
to pass before going on; `?next=` leads on from there. `my_homes_cards(member)` returns cards for
the page of the member's homes, `my_home_sections(member, place)` for the page of one of them (where
contracts are), `unit_sections(project, unit)` cards for the staff's page of a home,
`file_readers()` who answers for the files of an owner kind (portal.files.readers),
`search_sources()` the kinds of things that search finds (portal.search.documents). Those about a
member's data are in each feature's `privacy.py`; portal.personal_data tells of them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from flask import current_app

from portal.i18n import Text

SLOTS = (
    "nav_items",
    "staff_widgets",
    "member_home",
    "member_tabs",
    "me_links",
    "notification_kinds",
    "member_profile_sections",
    "sign_in_steps",
    "join_choices",
    "on_member_joined",
    "my_homes_cards",
    "my_home_sections",
    "unit_sections",
    "file_readers",
    "export_member_data",
    "erase_member_data",
    "check_member_removal",
    "erasure_notes",
    "retention_rules",
    "search_sources",
)


@dataclass(frozen=True)
class NavItem:
    """A link of the staff sidebar, shown to holders of `permission`, under a section's heading."""

    title: Text
    icon: str
    endpoint: str
    permission: str
    section: str = "members"
    order: int = 100
    badge: int | None = None


@dataclass(frozen=True)
class MemberTab:
    """A place in the owner's navigation: the page of a project that owners come back to."""

    title: Text
    icon: str
    endpoint: str
    tone: str = "brand"
    order: int = 100


@dataclass(frozen=True)
class StaffWidget:
    """A figure on the staff desk that leads to its queue."""

    title: Text
    value: int
    hint: Text
    endpoint: str
    permission: str
    hot: bool = False


@dataclass(frozen=True)
class Todo:
    """Something asked of the owner, with the address where it is done."""

    title: Text
    hint: Text
    icon: str
    tone: str
    url: str
    action: Text | None = None


@dataclass(frozen=True)
class Card:
    """A section of a page: a template of the feature's, and the one object it shows."""

    template: str
    data: Any
    order: int = 100


@dataclass(frozen=True)
class MemberHome:
    """What a feature adds to the owner's home: to-dos and cards in one call.

    `claiming`: the member's claim of a home is in progress, so the page does not ask for one.
    """

    todos: tuple[Todo, ...] = ()
    cards: tuple[Card, ...] = ()
    claiming: bool = False


@dataclass(frozen=True)
class MeLink:
    """A row of the owner's "me" page."""

    title: Text
    hint: Text
    icon: str
    tone: str
    url: str
    order: int = 100


@dataclass(frozen=True)
class JoinChoice:
    """What a new member may follow from the start; `choose` gets the member, before the commit."""

    key: str
    title: Text
    choose: Callable[[Any], object]


@dataclass(frozen=True)
class Hit:
    """How a thing that search found is shown now. `key`: its public id, as it was indexed."""

    key: str
    title: Text
    hint: Text
    icon: str
    url: str


def _no_plugins(slot: str, *args: Any) -> list[Any]:
    return []


def _none_on(project_id: int | None) -> Mapping[int, frozenset[str]]:
    return {}


def _undescribed(plugin: str, project_id: int, keys: Sequence[str]) -> list[Hit] | None:
    return None


def _nothing_rebuilt(plugin: str, done: Callable[[int], None]) -> int:
    return 0


def _nothing_is_on(plugin: str, project_id: int | None) -> bool:
    return False


@dataclass(frozen=True)
class PluginAnswer:
    """What one installed plugin answered about a member, or why it could not (`fault`)."""

    plugin: str
    value: Any = None
    fault: str | None = None


def _no_answers(hook: str, **arguments: Any) -> list[PluginAnswer]:
    return []


def _not_implemented(hook: str) -> bool:
    return False


def _no_objections(hook: str, project_id: int, **arguments: Any) -> list[str]:
    return []


@dataclass
class Slots:
    """The functions that fill each slot, by its name; `ask_plugins` and `is_plugin_on` are the
    plugin host's."""

    fillers: dict[str, list[Callable[..., Any]]] = field(
        default_factory=lambda: {name: [] for name in SLOTS}
    )
    ask_plugins: Callable[..., list[Any]] = _no_plugins
    ask_installed: Callable[..., list[PluginAnswer]] = _no_answers
    implemented: Callable[[str], bool] = _not_implemented
    """Whether any plugin, on or off, fills a slot."""
    objections: Callable[..., list[str]] = _no_objections
    is_plugin_on: Callable[[str, int | None], bool] = _nothing_is_on
    plugins_on: Callable[[int | None], Mapping[int, frozenset[str]]] = _none_on
    """Project -> the plugins that are on there: of one project, or (None) of all."""
    describe_hits: Callable[[str, int, Sequence[str]], list[Hit] | None] = _undescribed
    """A plugin's own words for what was found in a project; None when it has none."""
    plugin_faces: Callable[[], Mapping[str, tuple[str, str]]] = dict
    """Plugin -> its title for the reader, and its icon."""
    searchable_plugins: Callable[[], Sequence[str]] = tuple
    """The plugins that can tell all that search finds of theirs."""
    rebuild_search: Callable[[str, Callable[[int], None]], int] = _nothing_rebuilt
    """Make one plugin's documents anew where it is on; return how many. The function hears of
    each batch how many it has, and commits."""

    def add(self, hooks: ModuleType) -> None:
        """Take every slot function that a feature's `hooks` module has."""
        for name in SLOTS:
            if hasattr(hooks, name):
                self.fillers[name].append(getattr(hooks, name))


def slots() -> Slots:
    """Return the application's slots."""
    found: Slots = current_app.extensions["portal.slots"]
    return found


def ask_installed(hook: str, **arguments: Any) -> list[PluginAnswer]:
    """Ask every installed plugin, wherever it is on: one that cannot answer says why."""
    return slots().ask_installed(hook, **arguments)


def plugin_objections(hook: str, project_id: int, **arguments: Any) -> list[str]:
    """Return what the plugins that are on in a project say against something; fails closed."""
    return slots().objections(hook, project_id, **arguments)


def fill(slot: str, *args: Any) -> list[Any]:
    """Return what all features put into `slot`; a feature may return one thing or several."""
    slots: Slots = current_app.extensions["portal.slots"]
    found: list[Any] = []
    for filler in slots.fillers[slot]:
        given = filler(*args)
        found.extend(given if isinstance(given, Iterable) else [given])
    return found + slots.ask_plugins(slot, *args)


def is_filled(slot: str) -> bool:
    """Tell whether anybody fills `slot`: a feature, or a plugin where it is on."""
    return bool(slots().fillers[slot]) or slots().implemented(slot)


def is_plugin_on(plugin: str | None, project_id: int | None) -> bool:
    """Tell whether what belongs to `plugin` (None: core) is on in a project, or anywhere (None)."""
    slots: Slots = current_app.extensions["portal.slots"]
    return plugin is None or slots.is_plugin_on(plugin, project_id)
