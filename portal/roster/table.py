"""A file as rows of text: what the readers of CSV and XLSX give, and what they refuse."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

MAX_ROWS = 200_000
MAX_COLUMNS = 200
MAX_CELL = 10_000
HEADER_ROWS = 20
"""The header is looked for in so many rows from the top: titles and notes stand above it."""


CONTROL = re.compile("[\\x00-\\x08\\x0e-\\x1f\\x7f]")


class RosterFileError(Exception):
    """A file that cannot be taken as a roster; `code` is the reason, `facts` fill its sentence."""

    def __init__(self, code: str, **facts: Any) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class RawRow(NamedTuple):
    """One row as it stands in the file; `fault` names why its cells cannot be trusted."""

    line: int
    cells: list[str]
    fault: str | None = None


@dataclass(frozen=True)
class Table:
    """A header and the rows below it; `rows` may be walked once."""

    header: tuple[str, ...]
    header_line: int
    rows: Iterator[RawRow]


def fault_of(cells: Sequence[str]) -> str | None:
    """Return why a row's cells cannot be trusted, or None."""
    if any(len(cell) > MAX_CELL for cell in cells):
        return "cell_too_long"
    return "control_character" if any(map(CONTROL.search, cells)) else None


def table_of(
    rows: Iterable[RawRow], known: Callable[[str], object], *, minimum: int = 2
) -> tuple[int, Table]:
    """Find the header below title rows; return how many of its names are known, and the table.

    Without any known name the first row of at least `minimum` filled cells is taken, so that a
    person can still say which column is what. Raises RosterFileError("no_header").
    """
    rest = iter(rows)
    top = [row for _, row in zip(range(HEADER_ROWS), rest, strict=False)]
    best, place = 0, None
    for index, row in enumerate(top):
        score = sum(known(cell) is not None for cell in row.cells)
        if score > best:
            best, place = score, index
    if place is None:
        filled = (i for i, row in enumerate(top) if sum(map(bool, row.cells)) >= minimum)
        place = next(filled, None)
    if place is None:
        raise RosterFileError("no_header" if any(any(row.cells) for row in top) else "empty")
    head = top[place]
    names = _unique(head.cells)
    if len(names) > MAX_COLUMNS:
        raise RosterFileError("too_many_columns", limit=MAX_COLUMNS)
    below = _bounded(_chain(top[place + 1 :], rest))
    return best, Table(header=names, header_line=head.line, rows=below)


def _chain(first: Sequence[RawRow], rest: Iterator[RawRow]) -> Iterator[RawRow]:
    yield from first
    yield from rest


def _bounded(rows: Iterator[RawRow]) -> Iterator[RawRow]:
    """Leave out the blank rows at the end, which spreadsheets keep for their formats."""
    blank: list[RawRow] = []
    count = 0
    for row in rows:
        if row.fault is None and not any(row.cells):
            blank.append(row)
            continue
        count += 1 + len(blank)
        if count > MAX_ROWS:
            raise RosterFileError("too_many_rows", limit=MAX_ROWS)
        if blank:
            yield from blank
            blank = []
        yield row


def _unique(cells: Sequence[str]) -> tuple[str, ...]:
    """Return the header's names without line breaks, each one different: "电话", "电话 (2)"."""
    last = max((index for index, cell in enumerate(cells) if cell.strip()), default=-1)
    names: list[str] = []
    for position, cell in enumerate(cells[: last + 1], start=1):
        name = " ".join(cell.split())[:60] or f"#{position}"
        number = 2
        while name in names:
            name = f"{' '.join(cell.split())[:60]} ({number})"
            number += 1
        names.append(name)
    return tuple(names)
