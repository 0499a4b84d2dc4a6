"""Lists as files: CSV that Excel opens in the right encoding, and XLSX; no cell is a formula."""

import csv
import io
import tempfile
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import IO, Any

from flask import send_file
from werkzeug.wrappers import Response

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_IN_MEMORY = 2 * 1024 * 1024
"""Bytes of an export that are kept in memory before it goes to a temporary file."""


class ExportFormat(StrEnum):
    """The kinds of file that a list may be exported as."""

    CSV = "csv"
    XLSX = "xlsx"


_MIMETYPES = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def harmless(value: object) -> object:
    """Return a cell's value; a text that a spreadsheet would take for a formula gets a ' before."""
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value


def export_file(
    *, name: str, kind: ExportFormat, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> Response:
    """Return the rows as a file to keep, called `name` plus the ending of its kind."""
    target = tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY)  # noqa: SIM115 the answer closes it
    write_file(target, kind, header, rows)
    target.seek(0)
    return send_file(
        target, _MIMETYPES[kind], as_attachment=True, download_name=f"{name}.{kind}", max_age=0
    )


def write_file(
    target: IO[bytes], kind: ExportFormat, header: Sequence[str], rows: Iterable[Sequence[object]]
) -> None:
    """Write the rows into an open file."""
    write = _write_csv if kind is ExportFormat.CSV else _write_xlsx
    write(target, header, rows)


def _write_csv(target: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    text = io.TextIOWrapper(target, "utf-8-sig", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(map(harmless, header))
    writer.writerows([harmless(value) for value in row] for row in rows)
    text.detach()


def _write_xlsx(target: IO[bytes], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    import xlsxwriter

    options: dict[str, Any] = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    with xlsxwriter.Workbook(target, options) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        for column, title in enumerate(header):
            sheet.write_string(0, column, title, bold)
        sheet.freeze_panes(1, 0)
        for line, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    sheet.write_number(line, column, value)
                else:
                    sheet.write_string(line, column, str(value))
