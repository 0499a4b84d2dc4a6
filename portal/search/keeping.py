"""Keeping the index: what a transaction touches is described anew as it commits, or all of it.

Both ways call the same function of the source, so that a rebuilt index is the one that was kept.
"""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session

from portal.extensions import db
from portal.search.documents import Source, rows_after
from portal.search.models import SearchDocument
from portal.search.service import PENDING, refresh, write
from portal.slots import fill

BATCH = 500
_SOURCES = "portal.search.sources"


def replace(source: Source, row_ids: Sequence[int]) -> int:
    """Make the documents of these rows of a source anew now; return how many there are."""
    documents = source.describe(row_ids)
    write(source.kind, documents)
    kept = {(document.key, document.project_id) for document in documents}
    there = db.session.execute(
        sa.select(SearchDocument.id, SearchDocument.key, SearchDocument.project_id).where(
            SearchDocument.kind == source.kind, SearchDocument.row_id.in_(row_ids)
        )
    ).all()
    _delete([id_ for id_, key, project_id in there if (key, project_id) not in kept])
    return len(documents)


def sources() -> dict[str, Source]:
    """Return the sources of all features by kind."""
    kept: dict[str, Source] | None = current_app.extensions.get(_SOURCES)
    if kept is None:
        found: list[Source] = fill("search_sources")
        kept = current_app.extensions[_SOURCES] = {source.kind: source for source in found}
    return kept


def configure_search() -> None:
    """Follow what is written: mark the rows that a flush touches, describe them at the commit."""
    for event, follow in _FOLLOWED.items():
        if not sa.event.contains(db.session, event, follow):
            sa.event.listen(db.session, event, follow)


def _mark(session: Session, context: object) -> None:
    """Mark what the written rows concern. Their ids are known here, their changes in the tables."""
    for source in sources().values():
        for row in (*session.new, *session.dirty, *session.deleted):
            concerned = source.watched.get(type(row))
            if concerned is not None:
                refresh(source.kind, (id_ for id_ in concerned(row) if id_ is not None))


def _write_pending(session: Session) -> None:
    if session.in_nested_transaction():
        return
    session.flush()
    pending: dict[str, set[int]] = session.info.pop(PENDING, {})
    for kind, row_ids in pending.items():
        ordered = sorted(row_ids)
        for begin in range(0, len(ordered), BATCH):
            replace(sources()[kind], ordered[begin : begin + BATCH])


def _forget_pending(session: Session) -> None:
    session.info.pop(PENDING, None)


_FOLLOWED: dict[str, Callable[..., None]] = {
    "after_flush": _mark,
    "before_commit": _write_pending,
    "after_rollback": _forget_pending,
}


def rebuild(
    kinds: Collection[str] | None = None,
    *,
    after: int = 0,
    done: Callable[[str, int, int], None] = lambda kind, last, number: None,
) -> int:
    """Describe every row with an id above `after` anew; return how many documents that makes.

    `done` hears after each batch of which kind it was, its last id, and how many rows it had: the
    caller commits there, and can go on from that id. Documents without a row are dropped.
    """
    total = 0
    for source in sources().values():
        if kinds is not None and source.kind not in kinds:
            continue
        last = after
        while ids := rows_after(source.model, last, BATCH):
            total += replace(source, ids)
            _drop_gone(source, last, ids[-1])
            last = ids[-1]
            done(source.kind, last, len(ids))
        _drop_gone(source, last)
        done(source.kind, last, 0)
    return total


def _drop_gone(source: Source, last: int, until: int | None = None) -> None:
    """Drop the documents of rows that are gone, above `last` and not above `until`."""
    document = SearchDocument
    row: Any = source.model
    gone = [
        document.kind == source.kind,
        document.row_id > last,
        ~sa.exists().where(row.id == document.row_id),
    ]
    if until is not None:
        gone.append(document.row_id <= until)
    db.session.execute(sa.delete(document).where(*gone))


def _delete(ids: Sequence[int]) -> None:
    if ids:
        db.session.execute(sa.delete(SearchDocument).where(SearchDocument.id.in_(ids)))
