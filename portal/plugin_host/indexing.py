"""Plugins' things in the search index: written one by one, or all of a project anew."""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.extensions import db
from portal.plugin_host import dispatch, faults
from portal.plugin_host.finding import plugins_on
from portal.plugin_host.refs import ProjectRef, project_ref
from portal.plugin_host.state import host
from portal.projects.models import Project
from portal.search import audiences as audience_keys
from portal.search import service
from portal.search.documents import Document, Findable
from portal.search.models import SearchDocument

HOOK = "search_documents"
BATCH = 500

Name = tuple[str, str]
"""Kind and key of a document."""


def index(found: Findable, project: ProjectRef | None) -> None:
    """Let one thing be found, in the caller's transaction. Raises ValueError for what has no form,
    and for a kind that does not begin with a plugin's name."""
    service.put(
        kind=found.kind,
        key=found.key,
        title=found.title,
        body=found.body,
        url=found.url,
        names=found.names,
        plugin=plugin_of(found.kind),
        **_place(found, project),
    )


def plugin_of(kind: str) -> str:
    """Return whose documents are of this kind. Raises ValueError when no plugin's are."""
    name = kind.partition(".")[0]
    if name not in host().loaded:
        raise ValueError(f"the kind {kind!r} must begin with the plugin's name")
    return name


def searchable() -> Sequence[str]:
    """Return the plugins that can tell everything that search finds of theirs."""
    return [name for name in sorted(host().loaded) if dispatch.implementations(HOOK, name)]


def rebuild(plugin: str, done: Callable[[int], None]) -> int:
    """Make a plugin's documents anew in each project where it is on; return how many there are.

    `done` hears after each batch how many it had: the caller commits there. What the plugin does
    not tell of any more leaves the index, unless it failed on the way.
    """
    places = [project_id for project_id, on in plugins_on(None).items() if plugin in on]
    return sum(_rebuild(plugin, project_id, done) for project_id in sorted(places))


def _rebuild(plugin: str, project_id: int, done: Callable[[int], None]) -> int:
    project = project_ref(db.session.get_one(Project, project_id))
    answer = dispatch.ask(HOOK, plugin=plugin, project=project)
    if answer is None or answer.fault is not None:
        return 0
    told: set[Name] = set()
    try:
        while batch := _checked(plugin, islice(answer.value, BATCH)):
            _write(plugin, project, batch)
            told |= {(each.kind, each.key) for each in batch}
            done(len(batch))
    except Exception as error:
        if faults.strict():
            raise
        db.session.rollback()
        dispatch.note(plugin, HOOK, error)
        return len(told)
    _drop_untold(plugin, project_id, told)
    done(0)
    return len(told)


def _checked(plugin: str, found: Iterator[Findable]) -> list[Findable]:
    batch = []
    for each in found:
        if not isinstance(each, Findable):
            raise TypeError(f"{HOOK} must yield Findable, not {type(each).__name__}")
        if plugin_of(each.kind) != plugin:
            raise ValueError(f"the kind {each.kind!r} is another plugin's")
        batch.append(each)
    return batch


def _write(plugin: str, project: ProjectRef, batch: Sequence[Findable]) -> None:
    known = _times(plugin, project.id, {each.key for each in batch})
    now = clock.now()
    # The last word counts: one statement cannot write a document twice.
    last = {(each.kind, each.key): each for each in batch}
    for kind in {each.kind for each in batch}:
        documents = [
            _document(each, project, each.updated_at or known.get(name, now))
            for name, each in last.items()
            if each.kind == kind
        ]
        service.write(kind, documents, plugin)


def _times(plugin: str, project_id: int, keys: Collection[str]) -> dict[Name, datetime]:
    document = SearchDocument
    rows = db.session.execute(
        sa.select(document.kind, document.key, document.updated_at).where(
            document.plugin == plugin, document.project_id == project_id, document.key.in_(keys)
        )
    )
    return {(row.kind, row.key): row.updated_at for row in rows}


def _drop_untold(plugin: str, project_id: int, told: Collection[Name]) -> None:
    document = SearchDocument
    rows = db.session.execute(
        sa.select(document.id, document.kind, document.key).where(
            document.plugin == plugin, document.project_id == project_id
        )
    ).all()
    gone = [row.id for row in rows if (row.kind, row.key) not in told]
    for begin in range(0, len(gone), BATCH):
        db.session.execute(
            sa.delete(document)
            .where(document.id.in_(gone[begin : begin + BATCH]))
            .execution_options(synchronize_session=False)
        )


def _document(found: Findable, project: ProjectRef, at: datetime) -> Document:
    return Document(
        key=found.key,
        title=found.title,
        body=found.body,
        url=found.url,
        names=found.names,
        updated_at=at,
        **_place(found, project),
    )


def _place(found: Findable, project: ProjectRef | None) -> dict[str, Any]:
    return {
        "audiences": [key for each in found.audiences for key in _keys(each, project)],
        "project_id": project.id if project else None,
    }


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
