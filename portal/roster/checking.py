"""Rows of a file as entries of a roster, or as faults: nothing here asks the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from portal.projects.models import Role
from portal.roster import cells as read
from portal.roster.mapping import Field
from portal.roster.masking import mask_name
from portal.roster.rows import HOME_READERS, Checked, Fault, RowChecker, text_of

MAX_NAME, MAX_NOTE = 80, 500
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


@dataclass
class Checker(RowChecker):
    """The checks of a roster."""

    seen_people: dict[int, int] = field(default_factory=dict)
    owners: dict[tuple[str, str], int] = field(default_factory=dict)

    def compared(self, line: int, entry: Entry, cells: Sequence[str]) -> Checked:
        """Hold a good row against those above it: the same person again, a second owner."""
        home = (entry.building_key, entry.place)
        above = self.seen_people.setdefault(hash((*home, entry.phone, entry.name)), line)
        if above != line:
            return self.repeated(line, above, cells)
        if entry.role is Role.OWNER:
            first = self.owners.setdefault(home, line)
            if first != line:
                facts = {"line": first, "value": mask_name(entry.name), "home": entry.address}
                fault = Fault(self.mapping[Field.NAME], "two_owners", facts)
                return Checked(line, "two_owners", entry, (fault,), cells)
        return Checked(line, _OUTCOMES.get(entry.role, "co_owner"), entry, (), cells)

    def entry_of(self, values: Mapping[Field, Any], faults: list[Fault]) -> Entry | None:
        """Return the person and the home of a row."""
        home = self.home_of(values, faults)
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


def _name(text: str, _checker: RowChecker) -> str:
    name = read.plain_name(text)
    if not name:
        raise read.CellError("missing_name")
    if not any(map(str.isalpha, name)):
        raise read.CellError("bad_name")
    if len(name) > MAX_NAME:
        raise read.CellError("too_long")
    return name


def read_phone_cell(text: str, _checker: RowChecker) -> str:
    """Return a phone as E.164. Raises CellError."""
    if not text:
        raise read.CellError("missing_phone")
    # A quote before "+86…" is how spreadsheets and our own exports mark a number as text.
    return read.read_phone(text.removeprefix("'"))


Checker.READERS = (
    *HOME_READERS,
    (Field.NAME, _name),
    (Field.PHONE, read_phone_cell),
    (Field.ROLE, lambda text, _: read.read_role(text)),
    (Field.HANDOVER, lambda text, checker: read.read_date(text, checker.today)),
    (Field.AREA, lambda text, _: read.read_area(text)),
    (Field.ID_TAIL, lambda text, _: read.read_id_tail(text)),
    (Field.NOTE, text_of(None, MAX_NOTE)),
)
