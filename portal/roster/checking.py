"""Rows of a file as entries of a roster, or as faults: nothing here asks the database.

A row goes in whole or not at all: one fault in it refuses it, so that nothing is half-written.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from portal.projects.addresses import part_key, parts_of, place_key, split_address
from portal.projects.models import Role
from portal.roster import cells as read
from portal.roster.mapping import Field
from portal.roster.masking import mask_cell, mask_name
from portal.roster.table import CONTROL, MAX_CELL, RawRow, Table

MAX_NAME, MAX_BUILDING, MAX_PART, MAX_NOTE = 80, 40, 20, 500
_LOOKALIKE = re.compile(r"[0-9][OoIl]|[OoIl][0-9]")
_OUTCOMES = {Role.OWNER: "good", Role.TENANT: "tenant"}


class Entry(NamedTuple):
    """What a good row says: a person, and the home that they have to do with."""

    building: str
    building_key: str
    entrance: str
    number: str
    place: str
    name: str
    phone: str
    role: Role
    id_tail: str | None
    handover_on: date | None
    area: int | None
    note: str

    @property
    def address(self) -> str:
        """The home as the file writes it."""
        return " ".join(part for part in (self.building, self.entrance, self.number) if part)


class Fault(NamedTuple):
    """One thing wrong with a row: in which column, and the facts of its sentence."""

    column: str
    code: str
    facts: dict[str, Any]


class Checked(NamedTuple):
    """A row after the checks. `outcome` is what it is counted as, once a row."""

    line: int
    outcome: str
    entry: Entry | None = None
    faults: Sequence[Fault] = ()
    cells: Sequence[str] = ()


@dataclass
class Checker:
    """The checks of one file; it remembers the rows above, so give it every row, in order."""

    header: Sequence[str]
    mapping: Mapping[str, str]
    project_names: frozenset[str]
    today: date
    seen_rows: dict[int, int] = field(default_factory=dict)
    seen_people: dict[int, int] = field(default_factory=dict)
    owners: dict[tuple[str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        places = {name: index for index, name in enumerate(self.header)}
        self._index = {Field(key): places[name] for key, name in self.mapping.items()}
        self._places = sorted(self._index.values())
        self._width = len(self.header)
        self._readers = [
            (self._index[kind], kind, reader) for kind, reader in _READERS if kind in self._index
        ]

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
            return self._repeated(line, above, cells)
        faults: list[Fault] = []
        entry = self._entry(cells, faults)
        if entry is None or faults:
            return Checked(line, faults[0].code, None, faults, cells)
        return self._compared(line, entry, cells)

    def _broken_column(self, cells: Sequence[str], code: str) -> str:
        """Return the column of the cell that spoils its row; "" when no single cell does."""
        for name, cell in zip(self.header, cells, strict=False):
            too_long = code == "cell_too_long" and len(cell) >= MAX_CELL
            if too_long or (code == "control_character" and CONTROL.search(cell)):
                return name
        return ""

    def _repeated(self, line: int, above: int, cells: Sequence[str]) -> Checked:
        fault = Fault("", "duplicate_same_file", {"line": above})
        return Checked(line, "duplicate_same_file", None, (fault,), cells)

    def _compared(self, line: int, entry: Entry, cells: Sequence[str]) -> Checked:
        """Hold a good row against those above it: the same person again, a second owner."""
        home = (entry.building_key, entry.place)
        above = self.seen_people.setdefault(hash((*home, entry.phone, entry.name)), line)
        if above != line:
            return self._repeated(line, above, cells)
        if entry.role is Role.OWNER:
            first = self.owners.setdefault(home, line)
            if first != line:
                facts = {"line": first, "value": mask_name(entry.name), "home": entry.address}
                fault = Fault(self.mapping[Field.NAME], "two_owners", facts)
                return Checked(line, "two_owners", entry, (fault,), cells)
        return Checked(line, _OUTCOMES.get(entry.role, "co_owner"), entry, (), cells)

    def _entry(self, cells: Sequence[str], faults: list[Fault]) -> Entry | None:
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
        home = self._home(values, faults)
        if home is None or faults:
            return None
        return Entry(
            *home,
            name=values[Field.NAME],
            phone=values[Field.PHONE],
            role=values.get(Field.ROLE, Role.OWNER),
            id_tail=values.get(Field.ID_TAIL),
            handover_on=values.get(Field.HANDOVER),
            area=values.get(Field.AREA),
            note=values.get(Field.NOTE, ""),
        )

    def _home(
        self, values: Mapping[Field, Any], faults: list[Fault]
    ) -> tuple[str, str, str, str, str] | None:
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
            return _home_of(*parts)
        except read.CellError as error:
            value = " ".join(part for part in parts if part)[:40]
            faults.append(Fault(self.mapping[column], str(error), {"value": value}))
            return None


def _home_of(building: str, entrance: str, number: str) -> tuple[str, str, str, str, str]:
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


def _project(text: str, checker: Checker) -> str:
    if text and plain_project(text) not in checker.project_names:
        raise read.CellError("wrong_project")
    return text


def _address(text: str, checker: Checker) -> tuple[str, str, str]:
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


def _part(missing: str | None, limit: int) -> Callable[[str, Checker], str]:
    def reader(text: str, _checker: Checker) -> str:
        if not text and missing:
            raise read.CellError(missing)
        if len(text) > limit:
            raise read.CellError("too_long")
        return text

    return reader


def _name(text: str, _checker: Checker) -> str:
    name = read.plain_name(text)
    if not name:
        raise read.CellError("missing_name")
    if not any(map(str.isalpha, name)):
        raise read.CellError("bad_name")
    if len(name) > MAX_NAME:
        raise read.CellError("too_long")
    return name


def _phone(text: str, _checker: Checker) -> str:
    if not text:
        raise read.CellError("missing_phone")
    # A quote before "+86…" is how spreadsheets and our own exports mark a number as text.
    return read.read_phone(text.removeprefix("'"))


# In the order in which a row with several faults is counted.
_READERS: tuple[tuple[Field, Callable[[str, Checker], Any]], ...] = (
    (Field.PROJECT, _project),
    (Field.HOME, _address),
    (Field.BUILDING, _part("missing_building", MAX_BUILDING)),
    (Field.ENTRANCE, _part(None, MAX_PART)),
    (Field.NUMBER, _part("missing_number", MAX_PART)),
    (Field.NAME, _name),
    (Field.PHONE, _phone),
    (Field.ROLE, lambda text, _: read.read_role(text)),
    (Field.HANDOVER, lambda text, checker: read.read_date(text, checker.today)),
    (Field.AREA, lambda text, _: read.read_area(text)),
    (Field.ID_TAIL, lambda text, _: read.read_id_tail(text)),
    (Field.NOTE, _part(None, MAX_NOTE)),
)
