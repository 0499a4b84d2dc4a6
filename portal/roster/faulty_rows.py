"""The refused rows as a table: to be mended and sent again."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from portal.i18n import gettext
from portal.roster.examining import REPEATED, Found
from portal.roster.kinds import ROSTER_KIND, kind_of
from portal.roster.reading import read_table
from portal.roster.rows import Fault
from portal.roster.sentences import fault_sentence
from portal.roster.table import Table


def faulty_rows(
    data: bytes, faults: Iterable[Found], kind: str = ROSTER_KIND
) -> tuple[Sequence[str], Iterator[Sequence[object]]]:
    """Return a header and rows: line and reason before the row as it was.

    Rows that only repeat another are left out. Raises RosterFileError.
    """
    reasons = reasons_by_line(faults)
    table = read_table(data, kind_of(kind).columns)
    return (gettext("Row"), gettext("Reason"), *table.header), _refused(table, reasons)


def reasons_by_line(faults: Iterable[Found]) -> Mapping[int, str]:
    """Return what is wrong with each row, its sentences joined."""
    reasons: dict[int, list[str]] = defaultdict(list)
    for found in faults:
        if found.fault.code != REPEATED:
            reasons[found.line].append(reason_of(found.fault))
    return {line: " ".join(sentences) for line, sentences in reasons.items()}


def reason_of(fault: Fault) -> str:
    """Say what is wrong, the column first."""
    sentence = fault_sentence(fault.code, fault.facts)
    if not fault.column:
        return sentence
    return gettext("%(subject)s: %(sentence)s", subject=fault.column, sentence=sentence)


def _refused(table: Table, reasons: Mapping[int, str]) -> Iterator[Sequence[object]]:
    for row in table.rows:
        if row.line in reasons:
            yield (row.line, reasons[row.line], *row.cells)
