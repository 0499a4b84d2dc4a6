"""Finding documents. The audience is a part of the query: nobody's page is filtered afterwards."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from portal.columns import Texts
from portal.extensions import db
from portal.search.audiences import held
from portal.search.folding import Phrase, Question, question
from portal.search.models import SearchDocument

GROUP = sa.func.coalesce(SearchDocument.plugin, SearchDocument.kind)
"""What stands together on a page: all documents of a plugin, or one kind of core's."""
_FTS = sa.table("search_index", sa.column("rowid"), sa.column("search_index"))


@dataclass(frozen=True)
class Found:
    """A document that was found. `url`: an address, or an endpoint and its arguments."""

    kind: str
    key: str
    project_id: int | None
    plugin: str | None
    title: str | Texts
    body: str | Texts
    url: str | Sequence[Any]


@dataclass(frozen=True)
class Scope:
    """Where is looked: in one project and what is club-wide, or, without one, everywhere.

    `plugins`: project -> the plugins that are on there; documents of others are not found. The
    key None says which may show what is club-wide. `group`: only this one.
    """

    project_id: int | None = None
    plugins: Mapping[int | None, Collection[str]] | None = None
    group: str | None = None


def find(
    text: str, audiences: Collection[str], *, scope: Scope | None = None, limit: int = 20
) -> list[Found]:
    """Return the best documents for a reader who holds the keys: title hits first, then newest."""
    statement = matching(question(text), audiences, scope or Scope())
    if statement is None:
        return []
    rows = db.session.execute(
        statement.order_by(*(key.desc() for key in order(question(text)))).limit(limit)
    )
    return [found(row) for row in rows]


def matching(wanted: Question, audiences: Collection[str], scope: Scope) -> sa.Select[Any] | None:
    """Return the statement of what is found, without an order; None when nothing can be."""
    if not wanted.phrases or not held(audiences):
        return None
    document = SearchDocument
    statement = sa.select(
        document.kind,
        document.key,
        document.project_id,
        document.plugin,
        document.title,
        document.body,
        document.url,
    ).where(_matches(wanted, audiences), _plugin_is_on(scope))
    if scope.project_id is not None:
        statement = statement.where(
            sa.or_(document.project_id == scope.project_id, document.project_id.is_(None))
        )
    if scope.group is not None:
        statement = statement.where(GROUP.in_([scope.group]))
    return statement


def order(wanted: Question) -> tuple[sa.ColumnElement[Any], ...]:
    """Return the keys that results sort by, descending: in the title, newest, last written."""
    if _on_postgresql():
        hit = SearchDocument.title_terms.bool_op("@@")(_tsquery(wanted.phrases))
    else:
        hit = SearchDocument.id.in_(_rowids(_fts_phrases(wanted.phrases, "title_terms")))
    in_title = sa.case((hit, 1), else_=0)
    newest: tuple[Any, Any] = SearchDocument.updated_at, SearchDocument.id
    return in_title, *newest


def found(row: Any) -> Found:
    """Return a row of `matching` as what was found."""
    return Found(*row[:7])


def ids_found(text: str, kind: str, project_id: int) -> sa.Select[tuple[int | None]] | None:
    """Return the statement of the rows of a kind that a text finds in a project, for staff lists
    that have rules of their own about who may see them; None when it looks for nothing."""
    wanted = question(text)
    if not wanted.phrases:
        return None
    return sa.select(SearchDocument.row_id).where(
        SearchDocument.kind == kind,
        SearchDocument.project_id == project_id,
        _matches(wanted, None),
    )


def groups(
    wanted: Question, audiences: Collection[str], scope: Scope, *, each: int
) -> list[tuple[str, int, list[Found]]]:
    """Return per group (a kind of core's, or a plugin) how much is found, and the best of it.

    One statement, in the order of the groups' names.
    """
    statement = matching(wanted, audiences, scope)
    if statement is None:
        return []
    keys = order(wanted)
    rank = sa.func.row_number().over(partition_by=GROUP, order_by=[key.desc() for key in keys])
    number = sa.func.count().over(partition_by=GROUP)
    inner = statement.add_columns(
        GROUP.label("group"), number.label("number"), rank.label("rank")
    ).subquery()
    rows = db.session.execute(
        sa.select(inner).where(inner.c.rank <= each).order_by(inner.c.group, inner.c.rank)
    )
    found_in: dict[str, tuple[int, list[Found]]] = {}
    for row in rows:
        found_in.setdefault(row.group, (row.number, []))[1].append(found(row))
    return [(group, number, items) for group, (number, items) in found_in.items()]


def _on_postgresql() -> bool:
    return db.engine.dialect.name == "postgresql"


def _matches(wanted: Question, audiences: Collection[str] | None) -> sa.ColumnElement[bool]:
    document = SearchDocument
    if _on_postgresql():
        match = document.terms.bool_op("@@")(_tsquery(wanted.phrases))
        if audiences is None:
            return match
        held_keys = sa.cast(held(audiences), postgresql.ARRAY(sa.Text()))
        return sa.and_(match, document.audiences.bool_op("&&")(held_keys))
    expression = _fts_phrases(wanted.phrases, "terms")
    if audiences is not None:
        keys = " OR ".join(f'"{key}"' for key in held(audiences))
        expression += f" AND audiences : ({keys})"
    return document.id.in_(_rowids(expression))


def _rowids(expression: str) -> sa.Select[Any]:
    return sa.select(_FTS.c.rowid).where(_FTS.c.search_index.op("MATCH")(expression))


def _fts_phrases(phrases: Sequence[Phrase], column: str) -> str:
    """Return an FTS5 expression; tokens are letters and digits, so that quotes suffice."""
    return " AND ".join(
        f'{column} : "{" ".join(phrase.tokens)}"{"*" if phrase.prefix else ""}'
        for phrase in phrases
    )


def _tsquery(phrases: Sequence[Phrase]) -> sa.ColumnElement[Any]:
    text = " & ".join(
        "("
        + " <-> ".join(f"'{token}'{':*' if phrase.prefix else ''}" for token in phrase.tokens)
        + ")"
        for phrase in phrases
    )
    return sa.cast(text, postgresql.TSQUERY())


def _plugin_is_on(scope: Scope) -> sa.ColumnElement[bool]:
    """Return the condition that a document is core's, or of a plugin that is on where it is."""
    document = SearchDocument
    ways: list[sa.ColumnElement[bool]] = [document.plugin.is_(None)]
    for project_id, plugins in (scope.plugins or {}).items():
        if plugins:
            ways.append(
                sa.and_(
                    document.plugin.in_(plugins),
                    document.project_id.is_not_distinct_from(project_id),
                )
            )
    return sa.or_(*ways)
