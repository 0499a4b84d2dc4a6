"""Reading an Excel workbook, after a look at the archive that it is."""

import io
import re
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any

from portal.roster.table import MAX_ROWS, RawRow, RosterFileError, Table, fault_of, table_of

MAX_UNPACKED = 200 * 1024 * 1024
MAX_RATIO = 100
MAX_CELLS = 3_000_000
"""The reader makes a full grid of a sheet: one cell far away would cost all those between."""
_SMALL = 1024 * 1024
_CHUNK = 4 * 1024 * 1024
_OVERLAP = 64
_REFERENCE = re.compile(rb"""\sr\s*=\s*["']([A-Za-z]{1,3})([0-9]{1,7})["']""")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def looks_like_workbook(data: bytes) -> bool:
    """Tell whether the bytes begin as an archive or as an old Office file."""
    return data.startswith((b"PK", _OLE))


def read_xlsx(data: bytes, known: Callable[[str], object], *, minimum: int = 2) -> Table:
    """Return the table on the first sheet that holds any. Raises RosterFileError."""
    if data.startswith(_OLE):
        sealed = "EncryptedPackage".encode("utf-16-le") in data
        raise RosterFileError("password" if sealed else "old_excel")
    _inspect(data)
    return table_of(_rows(_sheet(data)), known, minimum=minimum)[1]


def _inspect(data: bytes) -> None:
    """Refuse what would blow up when opened; every byte is unpacked once, none is kept."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if "xl/workbook.xml" not in archive.namelist():
                raise RosterFileError("not_xlsx")
            if any(member.flag_bits & 0x1 for member in members):
                raise RosterFileError("password")
            if sum(member.file_size for member in members) > MAX_UNPACKED or any(
                member.file_size > _SMALL
                and member.file_size > MAX_RATIO * max(member.compress_size, 1)
                for member in members
            ):
                raise RosterFileError("zip_bomb")
            for member in members:
                _inspect_member(archive, member)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, ValueError) as error:
        raise RosterFileError("broken") from error
    except Exception as error:
        if type(error).__module__ == "zlib":
            raise RosterFileError("broken") from error
        raise


def _inspect_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Read a member to its end, which proves its size and sum; measure the grid of a sheet."""
    rows, columns = 0, 0
    tail = b""
    with archive.open(member) as stream:
        while chunk := stream.read(_CHUNK):
            if not member.filename.endswith(".xml"):
                continue
            found = set(_REFERENCE.findall(tail + chunk))
            tail = chunk[-_OVERLAP:]
            if found:
                rows = max(rows, max(int(row) for _, row in found))
                columns = max(columns, max(_column(name) for name in {name for name, _ in found}))
    if rows > MAX_ROWS + 100:
        raise RosterFileError("too_many_rows", limit=MAX_ROWS)
    if rows * columns > MAX_CELLS:
        raise RosterFileError("too_many_cells", limit=MAX_CELLS)


def _column(name: bytes) -> int:
    number = 0
    for char in name.upper():
        number = number * 26 + char - 64
    return number


def _sheet(data: bytes) -> Any:
    from python_calamine import CalamineError, CalamineWorkbook, PasswordError

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for index in range(len(book.sheet_names)):
            sheet = book.get_sheet_by_index(index)
            if sheet.height:
                return sheet
    except PasswordError as error:
        raise RosterFileError("password") from error
    except (CalamineError, OSError, ValueError) as error:
        raise RosterFileError("broken") from error
    raise RosterFileError("empty")


def _rows(sheet: Any) -> Iterator[RawRow]:
    top, left = sheet.start or (0, 0)
    merges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for (row, column), (last_row, _) in sheet.merged_cell_ranges or ():
        if last_row > row:
            merges[row].append((column - left, last_row))
    held: dict[int, tuple[int, str]] = {}
    # Not the trimmed grid: line numbers are those that the spreadsheet shows.
    for index, values in enumerate(sheet.to_python(skip_empty_area=True), start=top):
        cells = [value if type(value) is str else _text(value) for value in values]
        for column, (until, text) in held.items():
            if index <= until and not cells[column]:
                cells[column] = text
        for column, until in merges.get(index, ()):
            if 0 <= column < len(cells):
                held[column] = (until, cells[column])
        yield RawRow(index + 1, cells, fault_of(cells))


def _text(value: Any) -> str:
    """Return a cell as it would stand in a CSV: 19900000005.0 as "19900000005", dates as ISO."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == value.min.time() else str(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
