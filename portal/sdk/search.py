"""Putting a plugin's things into core's search."""

from collections.abc import Collection, Mapping

from portal.plugin_host.indexing import index, plugin_of
from portal.plugin_host.refs import ProjectRef
from portal.search import service
from portal.search.documents import Findable


def index_document(
    *,
    kind: str,
    key: str,
    title: str | Mapping[str, str],
    url: str,
    audiences: Collection[str],
    body: str | Mapping[str, str] = "",
    project: ProjectRef | None = None,
    names: Collection[str] = (),
) -> None:
    """Let something be found, in the caller's transaction; written again, it replaces itself.

    `kind`: the plugin's name, or the name, a dot and a word. `key`: the thing's public id. `url`:
    an address of this portal. `names` are found by single characters, too. `audiences`: who may
    find it: "public", "project", "household:<id>", "member:<id>" and "permission:<key>".
    `project`: None for what belongs to the whole club. Raises ValueError for what has no such form.
    """
    index(Findable(kind, key, title, url, audiences, body, names), project)


def drop_document(*, kind: str, key: str) -> None:
    """Let something be found no more, in the caller's transaction."""
    plugin_of(kind)
    service.drop(kind=kind, key=key)
