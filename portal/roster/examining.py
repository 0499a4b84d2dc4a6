"""A whole file looked through, nothing written: what a preview and a dry run show."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import TypeVar

from portal.clock import business_date
from portal.projects.models import Project
from portal.roster.kinds import ROSTER_KIND, Holdings, kind_of
from portal.roster.known import Known
from portal.roster.mapping import Field
from portal.roster.masking import mask_cell
from portal.roster.reading import read_table
from portal.roster.rows import Checked, Fault, RowChecker, plain_project
from portal.roster.table import RawRow, Table

REPEATED = "duplicate_same_file"
"""A row that stands above already: told, but nothing to mend."""
CHUNK = 2000
"""Rows that are held against what is kept, and written, at a time."""
_EXAMPLE_ROWS = 50
T = TypeVar("T")


@dataclass(frozen=True)
class Found:
    """A fault and the line of its row."""

    line: int
    fault: Fault


@dataclass
class Examination:
    """What a file holds and what an import of it would do."""

    header: tuple[str, ...]
    mapping: dict[str, str]
    columns: list[list[str]]
    missing: list[Field]
    kind: str = ROSTER_KIND
    counts: Counter[str] = field(default_factory=Counter)
    faults: list[Found] = field(default_factory=list)

    @property
    def refused(self) -> int:
        """The number of rows that an import would refuse."""
        return self.counts["refused"]


def examine(
    *,
    project: Project,
    data: bytes,
    mapping: Mapping[str, str] | None = None,
    makes_homes: bool = True,
    kind: str = ROSTER_KIND,
) -> Examination:
    """Read and check a file, and hold it against what is kept. Raises RosterFileError.

    Without a `mapping` the columns are guessed from the header. When a needed column is missing
    the rows are not looked at.
    """
    columns = kind_of(kind).columns
    table = read_table(data, columns)
    chosen = columns.suggest(table.header)
    if mapping is not None:
        chosen = columns.tidy(mapping, table.header)
    top: list[RawRow] = []
    found = Examination(
        header=table.header,
        mapping=chosen,
        columns=[],
        missing=columns.missing(chosen),
        kind=kind,
    )
    rows = _noting(table, top)
    if found.missing:
        for _ in zip(range(_EXAMPLE_ROWS), rows, strict=False):
            pass
    else:
        checker = checker_of(project, table, chosen, kind)
        known = kind_of(kind).known(project.id)
        homes: set[tuple[str, str]] = set()
        for part in chunks(map(checker.check, rows), CHUNK):
            known.prepare([row.entry for row in part if row.entry is not None])
            for row in part:
                _count(found, row, known, homes, makes_homes=makes_homes)
        found.counts["units"] = len(homes)
    found.columns = _examples(table, chosen, top)
    return found


def checker_of(
    project: Project, table: Table, mapping: Mapping[str, str], kind: str = ROSTER_KIND
) -> RowChecker:
    """Return the checks of one file for one project."""
    names = {plain_project(name) for name in project.name.values()}
    return kind_of(kind).checker(
        header=table.header,
        mapping=mapping,
        project_names=frozenset({*names, plain_project(project.slug)}),
        today=business_date(project.time_zone),
    )


def settle(
    row: Checked, known: Holdings, mapping: dict[str, str], *, makes_homes: bool
) -> tuple[Checked, str]:
    """Hold a row against what is kept; return it, with one more fault perhaps, and its fate.

    The fate is "new", "updated", "unchanged" or "refused"; "" for a blank row.
    """
    if row.entry is None or row.faults:
        return row, "refused" if row.faults else ""
    verdict = known.judge(row.entry, mapping, makes_homes=makes_homes)
    if isinstance(verdict, Fault):
        return row._replace(faults=(verdict,)), "refused"
    return row, verdict


def tally(counts: Counter[str], row: Checked) -> None:
    """Count a row that `settle` has seen: once by what it is, once by what becomes of it."""
    counts["rows"] += 1
    counts[row.outcome] += 1
    if not row.faults:
        return
    code = row.faults[-1].code
    if code != row.outcome and len(row.faults) == 1 and row.entry is not None:
        counts[code] += 1  # what the roster says to a row that is good in itself
    if code.startswith("changed_"):
        counts["changed"] += 1
    if row.outcome != REPEATED:
        counts["refused"] += 1


def _count(
    found: Examination,
    row: Checked,
    known: Holdings,
    homes: set[tuple[str, str]],
    *,
    makes_homes: bool,
) -> None:
    row, fate = settle(row, known, found.mapping, makes_homes=makes_homes)
    tally(found.counts, row)
    found.faults += [Found(row.line, fault) for fault in row.faults]
    if fate in ("new", "updated", "unchanged"):
        found.counts[fate] += 1
    if fate == "new" and isinstance(known, Known) and known.unit(row.entry) is None:
        homes.add((row.entry.building_key, row.entry.place))


def chunks(rows: Iterable[T], size: int) -> Iterator[list[T]]:
    """Return the rows in lists of `size`."""
    rest = iter(rows)
    while part := list(islice(rest, size)):
        yield part


def _noting(table: Table, top: list[RawRow]) -> Iterator[RawRow]:
    for row in table.rows:
        if len(top) < _EXAMPLE_ROWS:
            top.append(row)
        yield row


def _examples(table: Table, mapping: Mapping[str, str], top: list[RawRow]) -> list[list[str]]:
    fields = {column: Field(key) for key, column in mapping.items()}
    columns = []
    for index, name in enumerate(table.header):
        filled = (row.cells[index].strip() for row in top if index < len(row.cells))
        example = next(filter(None, filled), "")
        columns.append([name, mask_cell(fields.get(name), example[:200])])
    return columns
