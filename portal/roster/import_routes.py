"""The pages of imports, to be put at more than one address: each for its own kinds of lists."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar

from flask import Blueprint, current_app, request

from portal.access import requires
from portal.i18n import Text
from portal.roster.kinds import ImportKind, kind_of

View = TypeVar("View", bound=Callable[..., Any])
_EXTENSION = "portal.import_pages"
_routes: list[tuple[str, str, Callable[..., Any]]] = []


@dataclass(frozen=True)
class ImportPages:
    """Where imports of some kinds are shown, to whom, and what the pages call them."""

    at: str
    permission: str
    kinds: tuple[str, ...]
    title: Text
    about: Text
    none_yet: Text
    why: Text

    @property
    def choices(self) -> list[ImportKind]:
        """The kinds of lists that are imported here."""
        return [kind_of(key) for key in self.kinds]


def route(method: str, path: str) -> Callable[[View], View]:
    """Declare a view of every set of import pages; `path` follows the set's address."""

    def declare(view: View) -> View:
        _routes.append((method, path, view))
        return view

    return declare


def add_import_pages(blueprint: Blueprint, pages: ImportPages) -> None:
    """Put every view declared by `route` at the address of `pages`, behind its permission."""
    for method, path, view in _routes:
        own = requires(pages.permission)(_copy(view))
        blueprint.add_url_rule(pages.at + path, view.__name__, own, methods=[method])
    blueprint.record_once(
        lambda state: state.app.extensions.setdefault(_EXTENSION, {}).update(
            {blueprint.name: pages}
        )
    )


def current_pages() -> ImportPages:
    """Return the set whose page is asked for."""
    found: ImportPages = current_app.extensions[_EXTENSION][request.blueprint]
    return found


def _copy(view: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of its own: the declaration of access is kept on it."""

    @wraps(view)
    def own(**values: Any) -> Any:
        return view(**values)

    return own
