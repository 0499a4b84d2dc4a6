"""Rows of any file as entries or as faults: what is the same for every kind of list.

A row goes in whole or not at all: one fault in it refuses it, so that nothing is half-written.
Nothing here asks the database.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, ClassVar, NamedTuple

from portal.projects.addresses import part_key, parts_of, place_key, split_address
from portal.roster import cells as read
from portal.roster.mapping import Field
from portal.roster.masking import mask_cell
from portal.roster.table import CONTROL, MAX_CELL, RawRow, Table

MAX_BUILDING, MAX_PART = 40, 20
_LOOKALIKE = re.compile(r"[0-9][OoIl]|[OoIl][0-9]")


class Fault(NamedTuple):
    """One thing wrong with a row: in which column, and the facts of its sentence."""

    column: str
    code: str
    facts: dict[str, Any]


class Checked(NamedTuple):
    """A row after the checks. `outcome` is what it is counted as, once a row."""

    line: int
    outcome: str
    entry: Any = None
    faults: Sequence[Fault] = ()
    cells: Sequence[str] = ()


Reader = Callable[[str, Any], Any]


@dataclass
class RowChecker:
    """The checks of one file; it remembers the rows above, so give it every row, in order.

    Each kind of list derives its own: READERS, what a row of good cells makes, and how it is held
    against the rows above.
    """

    READERS: ClassVar[tuple[tuple[Field, Reader], ...]]
    """In the order in which a row with several faults is counted."""
    header: Sequence[str]
    mapping: Mapping[str, str]
    project_names: frozenset[str]
    today: date
    seen_rows: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        places = {name: index for index, name in enumerate(self.header)}
        self._index = {Field(key): places[name] for key, name in self.mapping.items()}
        self._places = sorted(self._index.values())
        self._width = len(self.header)
        self._readers = [
            (self._index[kind], kind, reader)
            for kind, reader in self.READERS
            if kind in self._index
        ]

    def entry_of(self, values: Mapping[Field, Any], faults: list[Fault]) -> Any:
        """Return what the cells of a row make, None when a part is missing; add what is wrong."""
        raise NotImplementedError

    def compared(self, line: int, entry: Any, cells: Sequence[str]) -> Checked:
        """Hold a good row against those above it."""
        raise NotImplementedError

    def check_all(self, table: Table) -> Iterator[Checked]:
        """Check every row of `table`."""
        return map(self.check, table.rows)

    def check(self, row: RawRow) -> Checked:
        """Check one row."""
        line, cells, broken = row
        if broken is not None:
            fault = Fault(self._broken_column(cells, broken), broken, {})
            return Checked(line, broken, None, (fault,), cells)
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            return Checked(line, "blank_row")
        if len(cells) != self._width:
            if any(cells[self._width :]):
                facts = {"cells": len(cells), "columns": self._width}
                return Checked(line, "extra_cells", None, (Fault("", "extra_cells", facts),), cells)
            cells = (cells + [""] * self._width)[: self._width]
        above = self.seen_rows.setdefault(hash(tuple(cells)), line)
        if above != line:
            return self.repeated(line, above, cells)
        faults: list[Fault] = []
        entry = self._entry(cells, faults)
        if entry is None or faults:
            return Checked(line, faults[0].code, None, faults, cells)
        return self.compared(line, entry, cells)

    def _broken_column(self, cells: Sequence[str], code: str) -> str:
        """Return the column of the cell that spoils its row; "" when no single cell does."""
        for name, cell in zip(self.header, cells, strict=False):
            too_long = code == "cell_too_long" and len(cell) >= MAX_CELL
            if too_long or (code == "control_character" and CONTROL.search(cell)):
                return name
        return ""

    def repeated(self, line: int, above: int, cells: Sequence[str]) -> Checked:
        """Return the fault of a row that stands above already."""
        fault = Fault("", "duplicate_same_file", {"line": above})
        return Checked(line, "duplicate_same_file", None, (fault,), cells)

    def _entry(self, cells: Sequence[str], faults: list[Fault]) -> Any:
        values: dict[Field, Any] = {}
        for index, kind, reader in self._readers:
            try:
                values[kind] = reader(cells[index], self)
            except read.CellError as error:
                facts = {"value": mask_cell(kind, cells[index])}
                faults.append(Fault(self.header[index], str(error), facts))
        for index in self._places:
            if cells[index][:1] in read.FORMULA_STARTS and read.is_formula(cells[index]):
                kind = next(key for key, place in self._index.items() if place == index)
                facts = {"value": mask_cell(kind, cells[index])}
                faults.append(Fault(self.header[index], "formula_cell", facts))
        return self.entry_of(values, faults)

    def home_of(
        self, values: Mapping[Field, Any], faults: list[Fault]
    ) -> tuple[str, str, str, str, str] | None:
        """Return building, its key, entrance, number and place of a row; add what is wrong."""
        if Field.HOME in self._index:
            parts, column = values.get(Field.HOME), Field.HOME
        else:
            building, number = values.get(Field.BUILDING), values.get(Field.NUMBER)
            parts = (building, values.get(Field.ENTRANCE, ""), number)
            if building is None or number is None or parts[1] is None:
                return None
            column = Field.NUMBER
        if parts is None:
            return None
        try:
            return read_home(*parts)
        except read.CellError as error:
            value = " ".join(part for part in parts if part)[:40]
            faults.append(Fault(self.mapping[column], str(error), {"value": value}))
            return None


def read_home(building: str, entrance: str, number: str) -> tuple[str, str, str, str, str]:
    """Return building, its key, entrance, number and place. Raises CellError."""
    key = _building_key(building)
    return building, key, *_place_of(entrance, number)


# Buildings and doors are few and repeat: a project of 100,000 homes has some thousand of these.
@lru_cache(maxsize=10_000)
def _building_key(building: str) -> str:
    key = part_key(building)
    if not key:
        raise read.CellError("home_unreadable")
    return key


@lru_cache(maxsize=50_000)
def _place_of(entrance: str, number: str) -> tuple[str, str, str]:
    _, entrance, number = split_address("", entrance, number)
    if _LOOKALIKE.search(number):
        raise read.CellError("letter_in_number")
    if not part_key(number):
        raise read.CellError("home_unreadable")
    return entrance, number, place_key(entrance, number)


@lru_cache(maxsize=1000)
def plain_project(text: str) -> str:
    """Return a project's name in the one form that is compared."""
    return "".join(unicodedata.normalize("NFKC", text).split()).casefold()


def _project(text: str, checker: RowChecker) -> str:
    if text and plain_project(text) not in checker.project_names:
        raise read.CellError("wrong_project")
    return text


def _address(text: str, checker: RowChecker) -> tuple[str, str, str]:
    if not text:
        raise read.CellError("missing_home")
    plain = plain_project(text)
    named = max(
        (name for name in checker.project_names if plain.startswith(name)), key=len, default=""
    )
    parts = parts_of(plain[len(named) :] if named else text)
    if len(parts) == 2:
        parts.insert(1, "")
    if len(parts) != 3 or max(map(len, parts)) > MAX_PART:
        raise read.CellError("home_unreadable")
    return parts[0], parts[1], parts[2]


def text_of(missing: str | None, limit: int) -> Reader:
    """Return the reader of a text of at most `limit`; `missing` is the fault of an empty one."""

    def reader(text: str, _checker: RowChecker) -> str:
        if not text and missing:
            raise read.CellError(missing)
        if len(text) > limit:
            raise read.CellError("too_long")
        return text

    return reader


HOME_READERS: tuple[tuple[Field, Reader], ...] = (
    (Field.PROJECT, _project),
    (Field.HOME, _address),
    (Field.BUILDING, text_of("missing_building", MAX_BUILDING)),
    (Field.ENTRANCE, text_of(None, MAX_PART)),
    (Field.NUMBER, text_of("missing_number", MAX_PART)),
)
