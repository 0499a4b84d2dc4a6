"""Finding documents. The audience is a part of the query: nobody's page is filtered afterwards."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import InstrumentedAttribute

from portal.columns import Texts
from portal.extensions import db
from portal.search.audiences import held
from portal.search.folding import Phrase, Question, question
from portal.search.models import SearchDocument

GROUP = sa.func.coalesce(SearchDocument.plugin, SearchDocument.kind)
"""What stands together on a page: all documents of a plugin, or one kind of core's."""
MOST = 1_000
"""So many documents with the words in their titles, and so many with them anywhere, are looked at:
those written last. A word that half of the index has costs no more than this."""
_FTS = sa.table("search_index", sa.column("rowid"), sa.column("search_index"))
_IN_TITLE: sa.Label[int] = sa.literal_column("1", sa.Integer).label("in_title")
_ANYWHERE: sa.Label[int] = sa.literal_column("0", sa.Integer).label("in_title")
Keys = tuple[sa.ColumnElement[Any] | InstrumentedAttribute[Any], ...]


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
    matched = matching(question(text), audiences, scope or Scope())
    if matched is None:
        return []
    statement, keys = matched
    rows = db.session.execute(statement.order_by(*(key.desc() for key in keys)).limit(limit))
    return [found(row) for row in rows]


def matching(
    wanted: Question, audiences: Collection[str], scope: Scope
) -> tuple[sa.Select[Any], Keys] | None:
    """Return the statement of what is found, without an order, and the keys that it sorts by,
    descending: in the title, newest, last written. None when nothing can be found."""
    if not wanted.phrases or not held(audiences):
        return None
    document = SearchDocument
    conditions = [_plugin_is_on(scope)]
    if scope.project_id is not None:
        conditions.append(
            sa.or_(document.project_id == scope.project_id, document.project_id.is_(None))
        )
    if scope.group is not None:
        conditions.append(GROUP.in_([scope.group]))
    looked_at = sa.union_all(
        *(
            sa.select(_last_written(wanted, audiences, column, conditions).c.id, flag)
            for column, flag in (("title_terms", _IN_TITLE), ("terms", _ANYWHERE))
        )
    ).subquery()
    candidate = (
        sa.select(looked_at.c.id, sa.func.max(looked_at.c.in_title).label("in_title"))
        .group_by(looked_at.c.id)
        .subquery("candidate")
    )
    statement = sa.select(
        document.kind,
        document.key,
        document.project_id,
        document.plugin,
        document.title,
        document.body,
        document.url,
    ).join(candidate, candidate.c.id == document.id)
    return statement, (candidate.c.in_title, document.updated_at, document.id)


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
        _matches(wanted),
    )


def groups(
    wanted: Question, audiences: Collection[str], scope: Scope, *, each: int
) -> list[tuple[str, int, list[Found]]]:
    """Return per group (a kind of core's, or a plugin) how much is found, and the best of it.

    One statement, in the order of the groups' names.
    """
    matched = matching(wanted, audiences, scope)
    if matched is None:
        return []
    statement, keys = matched
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


def _last_written(
    wanted: Question,
    audiences: Collection[str],
    column: str,
    conditions: Sequence[sa.ColumnElement[bool]],
) -> sa.Subquery:
    """Return the ids of the MOST last written documents that a reader finds by one column.

    By id, which both databases can walk backwards: on SQLite FTS5 itself goes in this order.
    """
    document = SearchDocument
    if _on_postgresql():
        held_keys = sa.cast(held(audiences), postgresql.ARRAY(sa.Text()))
        statement = sa.select(document.id).where(
            document.__table__.c[column].bool_op("@@")(_tsquery(wanted.phrases)),
            document.audiences.bool_op("&&")(held_keys),
        )
        newest = document.id.desc()
    else:
        keys = " OR ".join(f'"{key}"' for key in held(audiences))
        expression = f"{_fts_phrases(wanted.phrases, column)} AND audiences : ({keys})"
        statement = (
            sa.select(document.id)
            .join(_FTS, _FTS.c.rowid == document.id)
            .where(_FTS.c.search_index.op("MATCH")(expression))
        )
        newest = _FTS.c.rowid.desc()
    return statement.where(*conditions).order_by(newest).limit(MOST).subquery()


def _matches(wanted: Question) -> sa.ColumnElement[bool]:
    document = SearchDocument
    if _on_postgresql():
        return document.terms.bool_op("@@")(_tsquery(wanted.phrases))
    return document.id.in_(_rowids(_fts_phrases(wanted.phrases, "terms")))


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
