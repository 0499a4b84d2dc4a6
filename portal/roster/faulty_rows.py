"""The refused rows as a CSV: to be mended and sent again."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from portal.i18n import gettext
from portal.roster.cells import is_formula
from portal.roster.checking import Fault
from portal.roster.examining import REPEATED, Found
from portal.roster.reading import read_table
from portal.roster.sentences import fault_sentence

_BATCH = 500


def faulty_rows_csv(data: bytes, faults: Iterable[Found]) -> Iterator[bytes]:
    """Yield a CSV (UTF-8 with a mark, as spreadsheets like it): the reason, then the row as it was.

    Rows that only repeat another are left out; cells that a spreadsheet would run are disarmed.
    """
    reasons = reasons_by_line(faults)
    table = read_table(data)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow((gettext("Row"), gettext("Reason"), *map(disarm, table.header)))
    written = 0
    for row in table.rows:
        if row.line in reasons:
            writer.writerow((row.line, reasons[row.line], *map(disarm, row.cells)))
            written += 1
            if written % _BATCH == 0:
                yield _taken(text, first=written == _BATCH)
    yield _taken(text, first=written < _BATCH)


def reasons_by_line(faults: Iterable[Found]) -> Mapping[int, str]:
    """Return what is wrong with each row, its sentences joined."""
    reasons: dict[int, list[str]] = defaultdict(list)
    for line, fault in ((found.line, found.fault) for found in faults):
        if fault.code != REPEATED:
            reasons[line].append(_reason(fault))
    return {line: " ".join(sentences) for line, sentences in reasons.items()}


def disarm(cell: str) -> str:
    """Return a cell that no spreadsheet runs: one that begins like a formula gets a quote."""
    return f"'{cell}" if is_formula(cell.strip()) or cell[:1] in ("\t", "\r") else cell


def _reason(fault: Fault) -> str:
    sentence = fault_sentence(fault.code, fault.facts)
    return f"{fault.column}: {sentence}" if fault.column else sentence


def _taken(text: io.StringIO, *, first: bool) -> bytes:
    part = text.getvalue()
    text.seek(0)
    text.truncate()
    return part.encode("utf-8-sig" if first else "utf-8")
