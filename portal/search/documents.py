"""What can be found: documents, and the sources that describe a feature's rows as documents."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_babel import force_locale

from portal.columns import Texts
from portal.extensions import db
from portal.i18n import LANGUAGES, Text

_LOCAL = re.compile(r"/(?![/\\])[^\s\\]*")
Written = TypeVar("Written")
Address = str | tuple[str, Mapping[str, Any]]
"""An address of this portal ("/p/…"), or an endpoint and its arguments."""


@dataclass(frozen=True)
class Document:
    """One thing to find. `key`: its public id; `names` are found by single characters, too.

    `updated_at`: when it became what it is; newer ones stand first. `row_id`: the primary key of
    the row that it describes.
    """

    key: str
    title: str | Texts
    url: Address
    audiences: Collection[str]
    updated_at: datetime
    body: str | Texts = ""
    names: Collection[str] = ()
    project_id: int | None = None
    row_id: int | None = None


@dataclass(frozen=True)
class Findable:
    """A thing of a plugin's for the index, with the arguments of `index_document`.

    `updated_at`: when it became what it is; None: as the index says, or now.
    """

    kind: str
    key: str
    title: str | Texts
    url: str
    audiences: Collection[str]
    body: str | Texts = ""
    names: Collection[str] = ()
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Source:
    """A kind of things that core's search knows, and how its rows become documents.

    `describe(ids)` returns the documents of these rows of `model` as they are now, none for a row
    that is gone. `watched`: model -> the ids that a new, changed or deleted row of it concerns;
    statements that go past the session call `search.service.refresh` instead.
    """

    kind: str
    title: Text
    icon: str
    model: Any
    describe: Callable[[Sequence[int]], list[Document]] = field(repr=False)
    watched: Mapping[type, Callable[[Any], Iterable[int | None]]] = field(repr=False)
    staff: bool = True
    order: int = 100


def is_local(address: str) -> bool:
    """Tell whether an address lies in this portal: a path, not another host's."""
    return _LOCAL.fullmatch(address) is not None


def own_id(row: Any) -> tuple[int]:
    """Return a row's own id, for `watched`."""
    return (row.id,)


def member_id(row: Any) -> tuple[int]:
    """Return the id of a row's member, for `watched`."""
    return (row.member_id,)


def in_all_languages(write: Callable[[], Written]) -> dict[str, Written]:
    """Return what `write` gives in each language: titles that gettext makes."""
    found = {}
    for language in _each_language():
        found[language] = write()
    return found


def rows_after(model: Any, after: int, size: int) -> Sequence[int]:
    """Return the next primary keys of a table in their order."""
    return db.session.scalars(
        sa.select(model.id).where(model.id > after).order_by(model.id).limit(size)
    ).all()


def _each_language() -> Iterator[str]:
    for language in LANGUAGES:
        with force_locale(language):
            yield language
