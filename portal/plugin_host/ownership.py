"""What a hook returns is the plugin's own: its addresses, its templates, and nothing half made.

The right type is not enough: a link that leads nowhere would fail in the page that shows it, where
nobody knows any more whose it was.
"""

from collections.abc import Iterable

from flask import current_app

from portal.plugin_host.state import host
from portal.search.documents import is_local
from portal.slots import Card, Hit, MemberHome, NavItem, StaffWidget, Todo


def check_ownership(plugin: str, value: object) -> None:
    """Raise ValueError or TypeError unless pages can show what `plugin` returned."""
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, MemberHome):
            _check_kinds(one.todos, Todo)
            _check_kinds(one.cards, Card)
            for card in one.cards:
                _check_template(plugin, card)
        elif isinstance(one, Card):
            _check_template(plugin, one)
        elif isinstance(one, Hit) and not is_local(one.url):
            raise ValueError(f"the address {one.url!r} does not lie in this portal")
        elif isinstance(one, NavItem | StaffWidget):
            _check_endpoint(plugin, one.endpoint)
            if isinstance(one, StaffWidget) and not isinstance(one.value, int):
                raise TypeError(f"a figure must be a whole number, not {one.value!r}")


def _check_kinds(found: Iterable[object], kind: type) -> None:
    for one in found:
        if not isinstance(one, kind):
            raise TypeError(f"a {kind.__name__} was expected, not {type(one).__name__}")


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
