"""Reading a CSV file as offices save them: UTF-8 or GB18030, comma, semicolon or tab."""

import csv
import io
from collections.abc import Callable, Iterator

from portal.roster.table import (
    CONTROL,
    MAX_CELL,
    MAX_COLUMNS,
    RawRow,
    RosterFileError,
    Table,
    fault_of,
    table_of,
)

DELIMITERS = ",;\t"
RECORD_LIMIT = 100_000
"""Characters of one record; a longer one is a quotation mark left open, or no roster at all."""
_REREADS = 100
_ENCODINGS = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def read_csv(data: bytes, known: Callable[[str], object], *, minimum: int = 2) -> Table:
    """Return the table in `data`. Raises RosterFileError: encoding, not_a_table, no_header, ..."""
    lines = io.StringIO(_decoded(data), newline="").readlines()
    if lines and CONTROL.search(lines[0]):
        raise RosterFileError("not_a_table")
    errors: list[RosterFileError] = []
    found: list[tuple[int, int, Table]] = []
    for delimiter in DELIMITERS:
        try:
            score, table = table_of(_records(lines, delimiter), known, minimum=minimum)
        except RosterFileError as error:
            errors.append(error)
        else:
            found.append((score, len(table.header), table))
    if not found:
        raise errors[0]
    return max(found, key=lambda candidate: candidate[:2])[2]


def _decoded(data: bytes) -> str:
    for mark, encoding in _ENCODINGS:
        if data.startswith(mark):
            return _decode(data, (encoding,))
    return _decode(data, ("utf-8", "gb18030"))


def _decode(data: bytes, encodings: tuple[str, ...]) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise RosterFileError("encoding")


class _RecordTooLongError(Exception):
    """The record goes on beyond RECORD_LIMIT."""


class _Feed:
    """Lines for csv.reader that can be set back to the line after a broken record."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.position = 0
        self.size = 0

    def __iter__(self) -> "_Feed":
        return self

    def __next__(self) -> str:
        if self.position >= len(self.lines):
            raise StopIteration
        line = self.lines[self.position]
        self.position += 1
        self.size += len(line)
        if self.size > RECORD_LIMIT:
            raise _RecordTooLongError
        return line


def _records(lines: list[str], delimiter: str) -> Iterator[RawRow]:
    feed = _Feed(lines)
    reader = csv.reader(feed, delimiter=delimiter, strict=True)
    reread = 0
    odd = any(map(CONTROL.search, lines))
    while True:
        start, feed.size = feed.position, 0
        try:
            cells = next(reader)
        except StopIteration:
            return
        except (csv.Error, _RecordTooLongError) as error:
            # Only this line is lost: reading goes on with the next one.
            reread += feed.position > start + 1
            if reread > _REREADS:
                raise RosterFileError("quotes_broken", line=start + 1) from error
            alone = isinstance(error, _RecordTooLongError) and feed.position == start + 1
            fault = "cell_too_long" if alone else "quotes_open"
            line = lines[start].strip()
            cells = line.split(delimiter, MAX_COLUMNS) if alone else [line]
            yield RawRow(start + 1, [cell[:MAX_CELL] for cell in cells], fault)
            feed.position = start + 1
            reader = csv.reader(feed, delimiter=delimiter, strict=True)
            continue
        unusual = odd or feed.size > MAX_CELL
        yield RawRow(start + 1, cells, fault_of(cells) if unusual else None)
