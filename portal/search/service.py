"""Keeping the index, in the transaction of what it describes.

`refresh` marks rows of core's own kinds: their documents are made anew, once, as the transaction
commits. `put` and `drop` write one document at once, for plugins and whatever has no source.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.columns import Texts
from portal.extensions import db
from portal.search import audiences as audience_keys
from portal.search.columns import stored_keys, stored_terms
from portal.search.documents import Address, Document, is_local
from portal.search.folding import GAP, name_tokens, tokens_of
from portal.search.models import SearchDocument

SHOWN_MAX = 2_000
"""Characters of a body that are kept to show a part of; the index covers more."""
PENDING = "portal.search.pending"
_KIND = re.compile(r"[a-z][a-z0-9_.]{1,59}", re.ASCII)


def put(
    *,
    kind: str,
    key: str,
    title: str | Texts,
    body: str | Texts,
    url: Address,
    audiences: Collection[str],
    project_id: int | None = None,
    names: Collection[str] = (),
    plugin: str | None = None,
) -> None:
    """Add a document or write it anew. Raises ValueError for a kind, key or address of no form."""
    document = Document(
        key=key,
        title=title,
        body=body,
        url=url,
        audiences=audiences,
        project_id=project_id,
        names=names,
        updated_at=clock.now(),
    )
    write(kind, [document], plugin)


def drop(*, kind: str, key: str) -> None:
    """Take a thing out of the index, in every project; nothing happens when it is not there."""
    db.session.execute(
        sa.delete(SearchDocument).where(SearchDocument.kind == kind, SearchDocument.key == key)
    )


def drop_plugin(*, plugin: str, project_id: int | None = None) -> None:
    """Take a plugin's things out of the index: those of a project, or (None) all of them."""
    statement = sa.delete(SearchDocument).where(SearchDocument.plugin == plugin)
    if project_id is not None:
        statement = statement.where(SearchDocument.project_id == project_id)
    db.session.execute(statement)


def refresh(kind: str, row_ids: Iterable[int]) -> None:
    """Make the documents of these rows anew as this transaction commits; gone ones are dropped."""
    pending: dict[str, set[int]] = db.session.info.setdefault(PENDING, defaultdict(set))
    pending[kind].update(row_ids)


def write(kind: str, documents: Iterable[Document], plugin: str | None = None) -> None:
    """Insert or update documents of a kind; two that write the same one wait for each other."""
    if not _KIND.fullmatch(kind):
        raise ValueError(f"{kind!r} is no kind of documents")
    dialect = db.session.connection().dialect.name
    rows: dict[bool, list[dict[str, Any]]] = {True: [], False: []}
    for document in documents:
        rows[document.project_id is None].append(
            {"kind": kind, "plugin": plugin, **_row(document, dialect)}
        )
    table = SearchDocument.__table__
    for everywhere, batch in rows.items():
        if not batch:
            continue
        insert = (postgresql if dialect == "postgresql" else sqlite).insert(table)
        identity = ["kind", "key"] if everywhere else ["kind", "key", "project_id"]
        which = "project_id IS NULL" if everywhere else "project_id IS NOT NULL"
        kept = {*identity, "id"}
        upsert = insert.on_conflict_do_update(
            index_elements=identity,
            index_where=sa.text(which),
            set_={name: insert.excluded[name] for name in batch[0] if name not in kept},
        )
        db.session.execute(upsert, batch)


def _row(document: Document, dialect: str) -> dict[str, Any]:
    url = document.url
    if not 0 < len(document.key) <= 60 or (isinstance(url, str) and not is_local(url)):
        raise ValueError("a document needs a key and an address of this portal")
    title = [*_tokens(document.title), *name_tokens(document.names)]
    return {
        "key": document.key,
        "row_id": document.row_id,
        "project_id": document.project_id,
        "title": _shown(document.title),
        "body": _shown(document.body),
        "url": url if isinstance(url, str) else [url[0], dict(url[1])],
        "audiences": stored_keys(audience_keys.checked(document.audiences), dialect),
        "title_terms": stored_terms(title, dialect),
        "terms": stored_terms([*title, *_tokens(document.body)], dialect),
        "updated_at": document.updated_at,
    }


def _tokens(text: str | Texts) -> Iterator[str]:
    """Yield the tokens of a text in all its languages, those that fold to the same once."""
    texts = (text,) if isinstance(text, str) else text.values()
    for tokens in dict.fromkeys(tuple(tokens_of(each)) for each in texts):
        yield from tokens
        yield GAP


def _shown(text: str | Texts) -> Any:
    """Return a text without what JSON on PostgreSQL refuses: NUL, halves of surrogate pairs."""
    if not isinstance(text, str):
        return {language: _shown(one) for language, one in text.items()}
    return text.replace("\0", "").encode("utf-8", "ignore").decode()[:SHOWN_MAX]
