"""Putting a plugin's things into core's search."""

from collections.abc import Collection, Mapping

from portal.plugin_host.refs import ProjectRef
from portal.plugin_host.state import host
from portal.search import audiences as audience_keys
from portal.search import service


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
    service.put(
        kind=kind,
        key=key,
        title=title,
        body=body,
        url=url,
        audiences=[found for each in audiences for found in _keys(each, project)],
        project_id=project.id if project else None,
        names=names,
        plugin=_plugin(kind),
    )


def drop_document(*, kind: str, key: str) -> None:
    """Let something be found no more, in the caller's transaction."""
    _plugin(kind)
    service.drop(kind=kind, key=key)


def _plugin(kind: str) -> str:
    name = kind.partition(".")[0]
    if name not in host().loaded:
        raise ValueError(f"the kind {kind!r} must begin with the plugin's name")
    return name


def _keys(audience: str, project: ProjectRef | None) -> Collection[str]:
    """Return the keys of an audience; a permission is held in the project, or club-wide."""
    if audience == "project":
        if project is None:
            raise ValueError("the audience 'project' needs a project")
        return (audience_keys.project(project.id),)
    word, _, key = audience.partition(":")
    if word == "permission":
        return audience_keys.permission(key, project.id if project else None)
    return (audience,)
