"""What features say about one member's data: to hand it out, to erase it, to let it grow old.

A feature's `privacy.py` has functions of these names (all optional), which the slots call:
`export_member_data(member) -> list[ExportPart]`, `erase_member_data(member)`,
`check_member_removal(member) -> list[str]` (why the member cannot be erased now),
`erasure_notes(member) -> list[ErasureNote]` (what the member reads before) and
`retention_rules() -> list[RetentionRule]`; and TABLES, which tells of each of its tables that leads
to a person what becomes of it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.i18n import Text

_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True)
class ExportFile:
    """A file of the member's: `content` is its bytes or where they lie; `name` tells its kind."""

    name: str
    content: bytes | Path


@dataclass(frozen=True)
class ExportPart:
    """One table of a member's export.

    `name`: `[a-z][a-z0-9_]*`, the name of its file. `columns`: key -> heading; a row has these
    keys, with values that JSON knows, dates and moments. `words`: key -> kind of portal.words, for
    coded values. `rows` is read once, so that it may be an iterator.
    """

    name: str
    title: Text
    columns: Mapping[str, Text]
    rows: Iterable[Mapping[str, Any]]
    words: Mapping[str, str] = field(default_factory=dict)
    files: Iterable[ExportFile] = ()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"{self.name!r} is no name of a part: [a-z][a-z0-9_]*")


@dataclass(frozen=True)
class ErasureNote:
    """A line of what an erasure takes away (`kept` empty), or of what stays and why."""

    title: Text
    kept: Text = ""


@dataclass(frozen=True)
class RetentionRule:
    """Rows that a feature does not keep for ever.

    `default_days` count unless the club says otherwise, never less than `least_days`.
    `count(before)` tells how many rows are older, `delete(before, limit)` takes so many at most
    and returns how many it took.
    """

    key: str
    title: Text
    default_days: int
    least_days: int
    count: Callable[[datetime], int]
    delete: Callable[[datetime, int], int]


def rows_rule(
    key: str,
    title: Text,
    default_days: int,
    least_days: int,
    model: Any,
    older: Callable[[datetime], sa.ColumnElement[bool]],
) -> RetentionRule:
    """Return the rule for the rows of one table; `older(before)` tells which have had their time.

    The condition is asked every night and on the staff's page: begin with what an index has, where
    the table is large.
    """

    def count(before: datetime) -> int:
        chosen = sa.select(sa.func.count()).select_from(model).where(older(before))
        return db.session.scalar(chosen) or 0

    def delete(before: datetime, limit: int) -> int:
        # Named first: some databases delete by a condition without stopping at a limit.
        ids = db.session.scalars(sa.select(model.id).where(older(before)).limit(limit)).all()
        gone = db.session.execute(
            sa.delete(model)
            .where(model.id.in_(ids), older(before))
            .execution_options(synchronize_session=False)
        )
        return int(gone.rowcount)  # type: ignore[attr-defined]

    return RetentionRule(key, title, default_days, least_days, count, delete)


@dataclass(frozen=True)
class Coverage:
    """What becomes of a table's rows about a member; `why` when not both."""

    exported: bool = True
    erased: bool = True
    why: str = ""

    def __post_init__(self) -> None:
        if not (self.exported and self.erased) and not self.why:
            raise ValueError("say why a table is not exported or not erased")


def as_json(row: Mapping[str, Any]) -> str:
    """Return a row as JSON, moments and dates in ISO 8601. Raises TypeError for other objects."""
    return json.dumps(row, ensure_ascii=False, default=_plain)


def settled(part: ExportPart) -> ExportPart:
    """Return a part with its rows read, and known to fit into JSON. Raises TypeError."""
    rows = list(part.rows)
    for row in rows:
        as_json(row)
    return replace(part, rows=rows, files=list(part.files))


def _plain(value: object) -> str:
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in an export")
