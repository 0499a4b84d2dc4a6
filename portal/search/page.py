"""One page of results, the same for owners and for staff: grouped, or one group page by page."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import current_app, request, url_for
from werkzeug.routing import BuildError

from portal.i18n import Text, localized
from portal.pagination import Page, page_of
from portal.search.folding import Question, question
from portal.search.keeping import sources
from portal.search.queries import MOST, Found, Scope, found, groups, matching
from portal.search.showing import Part, excerpt, marked, mentions
from portal.slots import Hit, Slots

EACH = 5
"""How much of each group stands on the page of all groups."""


@dataclass(frozen=True)
class _Face:
    title: Text = ""
    icon: str = "puzzle"
    order: int = 1_000


@dataclass(frozen=True)
class Result:
    """A hit as the page shows it; `project_id` names the project on pages that show several."""

    title: Sequence[Part]
    hint: Sequence[Part]
    icon: str
    url: str
    project_id: int | None


@dataclass(frozen=True)
class Group:
    """Hits of one kind: how many there are, and the best of them."""

    key: str
    title: Text
    number: int
    results: Sequence[Result]


@dataclass(frozen=True)
class ResultPage:
    """What a search page shows. With `group` the results of one group, in pages."""

    question: Question
    groups: Sequence[Group]
    group: str | None = None
    page: Page[Any] | None = None
    results: Sequence[Result] = ()

    @property
    def number(self) -> int:
        """How much there is in all groups."""
        return sum(group.number for group in self.groups)

    @property
    def is_cut(self) -> bool:
        """Tell whether there may be more than was looked at."""
        return self.number >= MOST


def search_page(audiences: Collection[str], *, project_id: int | None) -> ResultPage:
    """Return the page that `?q=` and `?in=` of the request ask for.

    `project_id`: one project and what is club-wide; None: everything. One statement for the groups,
    another for the pages of one, and what plugins need to describe their hits.
    """
    wanted = question(request.args.get("q", ""))
    scope = _scope(project_id)
    faces = _faces()
    found_groups = [
        Group(key, faces[key].title, number, _results(items, wanted, faces))
        for key, number, items in groups(wanted, audiences, scope, each=EACH)
    ]
    found_groups.sort(key=lambda group: (faces[group.key].order, group.key))
    chosen = next((each.key for each in found_groups if each.key == request.args.get("in")), None)
    if chosen is None:
        return ResultPage(wanted, found_groups)
    matched = matching(wanted, audiences, replace(scope, group=chosen))
    assert matched is not None
    statement, keys = matched
    page = page_of(statement, *keys, descending=True)
    results = _results([found(row) for row in page.items], wanted, faces)
    return ResultPage(wanted, found_groups, chosen, page, results)


def _scope(project_id: int | None) -> Scope:
    on: dict[int | None, Collection[str]] = dict(_slots().plugins_on(project_id).items())
    on[None] = frozenset[str]().union(*on.values())
    return Scope(project_id, on)


def _faces() -> Mapping[str, _Face]:
    """Return how each group is called and shown; what nobody knows any more has no title."""
    known = {
        source.kind: _Face(source.title, source.icon, source.order) for source in sources().values()
    }
    for plugin, (title, icon) in _slots().plugin_faces().items():
        known[plugin] = _Face(title, icon)
    return defaultdict(_Face, known)


def _results(items: Sequence[Found], wanted: Question, faces: Mapping[str, _Face]) -> list[Result]:
    described = _described(items)
    results = []
    for item in items:
        hit = described.get((item.plugin, item.project_id, item.key), _hit(item, wanted, faces))
        if hit is not None:
            results.append(
                Result(
                    marked(str(hit.title), wanted),
                    marked(str(hit.hint), wanted),
                    hit.icon,
                    hit.url,
                    item.project_id,
                )
            )
    return results


def _described(items: Sequence[Found]) -> dict[tuple[str | None, int | None, str], Hit | None]:
    """Return the plugins' own words for their hits, None for what they say is gone: one call for
    each plugin and project. What a plugin does not describe stands as it was indexed."""
    asked: dict[tuple[str, int], list[str]] = {}
    for item in items:
        if item.plugin is not None and item.project_id is not None:
            asked.setdefault((item.plugin, item.project_id), []).append(item.key)
    told: dict[tuple[str | None, int | None, str], Hit | None] = {}
    for (plugin, project_id), keys in asked.items():
        hits = _slots().describe_hits(plugin, project_id, keys)
        if hits is not None:
            told.update({(plugin, project_id, key): None for key in keys})
            told.update({(plugin, project_id, hit.key): hit for hit in hits})
    return told


def _hit(item: Found, wanted: Question, faces: Mapping[str, _Face]) -> Hit | None:
    try:
        url = item.url if isinstance(item.url, str) else url_for(item.url[0], **_args(item.url))
    except BuildError:
        return None
    return Hit(
        item.key,
        _text(item.title),
        excerpt(_in_language_of(item.body, wanted), wanted),
        faces[item.plugin or item.kind].icon,
        url,
    )


def _in_language_of(text: Any, wanted: Question) -> str:
    """Return a text in the reader's language, unless only another one has what was looked for."""
    own = _text(text)
    if isinstance(text, str):
        return own
    return next((each for each in (own, *text.values()) if mentions(each, wanted)), own)


def _args(url: Sequence[Any]) -> dict[str, Any]:
    return dict(url[1])


def _text(text: Any) -> str:
    return text if isinstance(text, str) else localized(text)


def _slots() -> Slots:
    found_slots: Slots = current_app.extensions["portal.slots"]
    return found_slots
