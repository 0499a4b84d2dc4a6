"""Which rules count on a day. Published books never change, so they are kept in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.earning.kinds import BookState
from portal.earning.models import Book, Rule
from portal.extensions import db

_KEPT_MOST = 64
_kept: dict[str, "ReadBook"] = {}
_begun = (
    sa.select(Book.id, Book.public_id, Book.version)
    .where(Book.state == BookState.PUBLISHED, Book.begins_on <= sa.bindparam("on"))
    .order_by(Book.begins_on.desc(), Book.version.desc())
    .limit(1)
)


@dataclass(frozen=True)
class ReadBook:
    """A book's rules by their source, in the order of their keys; `version` 0 for a draft."""

    version: int
    rules: Mapping[str, tuple[Mapping[str, Any], ...]]

    def of(self, source: str) -> tuple[Mapping[str, Any], ...]:
        """Return the rules on a source."""
        return self.rules.get(source, ())


NO_BOOK = ReadBook(0, {})


def book_on(on: date) -> ReadBook:
    """Return the book that decides about facts of a day: the last that has begun by then."""
    row = db.session.execute(_begun, {"on": on}).first()
    if row is None:
        return NO_BOOK
    if row.public_id not in _kept:
        if len(_kept) >= _KEPT_MOST:
            _kept.clear()
        _kept[row.public_id] = read_book(row.id, row.version)
    return _kept[row.public_id]


def read_book(book_id: int, version: int = 0) -> ReadBook:
    """Return a book with its rules."""
    rules: dict[str, list[Mapping[str, Any]]] = {}
    rows = db.session.scalars(
        sa.select(Rule.definition).where(Rule.book_id == book_id).order_by(Rule.key)
    )
    for definition in rows:
        rules.setdefault(definition["source"], []).append(definition)
    return ReadBook(version, {source: tuple(each) for source, each in rules.items()})
