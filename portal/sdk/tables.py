"""Tables that people upload or paste: CSV or XLSX, by the same readers as the roster's lists."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice

from portal.i18n import gettext
from portal.roster.csv_table import read_csv
from portal.roster.sentences import fault_sentence, file_sentence
from portal.roster.table import RawRow, RosterFileError, Table
from portal.roster.xlsx_table import looks_like_workbook, read_xlsx
from portal.search.folding import fold


class TableError(Exception):
    """A file that cannot be taken as a table: `code`, and `sentence` in the reader's language."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence


@dataclass(frozen=True)
class TableRow:
    """One row: its line in the file, its cells by field, "" where there is none. `fault`: a
    sentence that says why its cells cannot be trusted, or ""."""

    line: int
    cells: Mapping[str, str] = field(default_factory=dict)
    fault: str = ""


def read_table(
    data: bytes, *, columns: Mapping[str, Sequence[str]], needed: Sequence[str] = (), most: int
) -> list[TableRow]:
    """Return the rows of a CSV (UTF-8, GB18030, UTF-16) or XLSX, blank ones left out.

    `columns`: what the heading may call each field, whatever its case and width; the field's own
    name is known, too. With one field alone the heading may be missing: a list, one a line.
    `needed`: fields without which nothing is read. Raises TableError with one reason.
    """
    names = {_folded(name): each for each, also in columns.items() for name in (each, *also)}
    try:
        table = _table(data, names, alone=len(columns) == 1)
        found = {names.get(_folded(name)): at for at, name in reversed([*enumerate(table.header)])}
        rows = list(islice(_rows(table, found, columns), most + 1))
        if len(rows) > most:
            raise RosterFileError("too_many_rows", limit=most)
    except RosterFileError as error:
        raise TableError(error.code, file_sentence(error.code, error.facts)) from error
    lacking = [each for each in needed if each not in found and len(columns) > 1]
    if lacking:
        said = gettext("The file has no column for: %(fields)s.", fields=", ".join(lacking))
        raise TableError("missing_column", said)
    return rows


def _table(data: bytes, names: Mapping[str, str], *, alone: bool) -> Table:
    if not data.strip():
        raise RosterFileError("empty")
    read = read_xlsx if looks_like_workbook(data) else read_csv
    return read(data, lambda name: names.get(_folded(name)), minimum=1 if alone else 2)


def _rows(
    table: Table, found: Mapping[str | None, int], columns: Mapping[str, Sequence[str]]
) -> Iterator[TableRow]:
    places = {each: found[each] for each in columns if each in found}
    raw: Iterable[RawRow] = table.rows
    if not places and len(columns) == 1:
        # A list without a heading: what stands in its place is the first row.
        places = dict.fromkeys(columns, 0)
        raw = chain([RawRow(table.header_line, list(table.header))], raw)
    for each in raw:
        if each.fault or any(map(str.strip, each.cells)):
            yield _row(each, places)


def _row(raw: RawRow, places: Mapping[str, int]) -> TableRow:
    if raw.fault:
        return TableRow(raw.line, dict.fromkeys(places, ""), fault_sentence(raw.fault, {}))
    cells = raw.cells
    return TableRow(
        raw.line,
        {each: cells[at].strip() if at < len(cells) else "" for each, at in places.items()},
    )


def _folded(name: str) -> str:
    return "".join(fold(name).split())
