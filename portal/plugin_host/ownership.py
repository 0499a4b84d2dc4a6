"""What a hook returns is the plugin's own: its addresses, its templates, and nothing half made.

The right type is not enough: a link that leads nowhere, an order that is no number or a text that
cannot be shown would fail in the page that shows it, where nobody knows any more whose it was.
"""

from flask import current_app
from flask_babel import LazyString

from portal.icons import check_icon
from portal.plugin_host.state import host
from portal.search.documents import is_local
from portal.slots import Card, Hit, MemberHome, MemberTab, NavItem, StaffWidget, Todo

MOST = 50
"""How many things of a kind one plugin may put into a page."""
SHOWN = (MemberHome, MemberTab, Card, Todo, NavItem, StaffWidget)
_TEXTS = frozenset({"title", "hint", "action"})
_WORDS = frozenset({"template", "icon", "tone", "url", "endpoint", "permission", "section"})
_NUMBERS = frozenset({"order", "value", "badge"})
_NONE_TOO = frozenset({"action", "badge"})


def check_ownership(plugin: str, value: object) -> None:
    """Raise ValueError or TypeError unless pages can show what `plugin` returned."""
    if isinstance(value, list):
        for one in value:
            _check(plugin, one)
        if len(value) > MOST and isinstance(value[0], SHOWN):
            raise ValueError(f"{len(value)} things for a page: {MOST} at most")
    else:
        _check(plugin, value)


def _check(plugin: str, one: object) -> None:
    if isinstance(one, Hit) and not is_local(one.url):
        raise ValueError(f"the address {one.url!r} does not lie in this portal")
    if not isinstance(one, SHOWN):
        return
    if type(one) not in SHOWN:
        raise TypeError(f"{type(one).__name__} is not one of portal.sdk's own kinds")
    _check_fields(one)
    if isinstance(one, MemberHome):
        _check_parts(plugin, one.todos, Todo)
        _check_parts(plugin, one.cards, Card)
    elif isinstance(one, Card):
        _check_template(plugin, one)
    elif isinstance(one, Todo):
        if not is_local(one.url):
            raise ValueError(f"the address {one.url!r} does not lie in this portal")
    else:
        _check_endpoint(plugin, one.endpoint)


def _check_parts(plugin: str, found: object, kind: type) -> None:
    if not isinstance(found, tuple):
        raise TypeError(f"a tuple of {kind.__name__} was expected, not {type(found).__name__}")
    if len(found) > MOST:
        raise ValueError(f"{len(found)} of {kind.__name__}: {MOST} at most")
    for one in found:
        if not isinstance(one, kind):
            raise TypeError(f"a {kind.__name__} was expected, not {type(one).__name__}")
        _check(plugin, one)


def _check_fields(one: object) -> None:
    """Raise unless every field can be sorted by, looked up and shown."""
    for name, value in vars(one).items():
        if value is None and name in _NONE_TOO:
            continue
        wanted: type | tuple[type, ...] | None = None
        if name in _TEXTS:
            wanted = (str, LazyString)
        elif name in _WORDS:
            wanted = str
        elif name in _NUMBERS:
            wanted = int
        if wanted is not None and not isinstance(value, wanted):
            raise TypeError(f"{name} of {type(one).__name__} must not be {value!r}"[:200])
        if isinstance(value, LazyString):
            str(value)  # Raises here instead of in the page.
        if name == "icon":
            check_icon(value)


def _check_template(plugin: str, card: Card) -> None:
    if not card.template.startswith(f"{plugin}/"):
        raise ValueError(f"the template {card.template!r} does not lie in {plugin}/")


def _check_endpoint(plugin: str, endpoint: str) -> None:
    """Raise ValueError unless a link with nothing but the project leads to a page of the plugin."""
    if host().plugin_of(endpoint.rpartition(".")[0]) != plugin:
        raise ValueError(f"the endpoint {endpoint!r} is not the plugin's")
    if endpoint not in current_app.view_functions:
        raise ValueError(f"there is no endpoint {endpoint!r}")
    rules = current_app.url_map.iter_rules(endpoint)
    if not any(rule.arguments <= {"project"} and "GET" in (rule.methods or ()) for rule in rules):
        raise ValueError(f"the page {endpoint!r} cannot be linked: it needs more than a project")
