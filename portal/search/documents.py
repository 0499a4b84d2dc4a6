"""What can be found: documents, and the sources that describe a feature's rows as documents."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from portal.columns import Texts
from portal.i18n import Text

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
class Source:
    """A kind of things that core's search knows, and how its rows become documents.

    `after(id, size)` returns the next primary keys in their order; `describe(ids)` the documents
    of these rows as they are now, none for a row that is gone. `staff`: on the staff's pages.
    """

    kind: str
    title: Text
    icon: str
    after: Callable[[int, int], Sequence[int]] = field(repr=False)
    describe: Callable[[Sequence[int]], list[Document]] = field(repr=False)
    staff: bool = True
    order: int = 100
