"""What the project and its roster hold already, loaded building by building as rows name them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa

from portal.crypto import lookup_hash
from portal.extensions import db
from portal.phones import mask_phone
from portal.projects.models import Building, Role, Unit
from portal.roster.checking import Entry
from portal.roster.masking import mask_name
from portal.roster.models import RosterEntry
from portal.roster.rows import Fault


class KnownUnit(NamedTuple):
    """A home that is registered."""

    id: int
    area: int | None
    handover_on: date | None


class KnownPerson(NamedTuple):
    """Someone whom the roster names for a home."""

    entry_id: int
    name: str
    phone_hash: bytes
    role: str
    claimed: bool


class NamesHome(Protocol):
    """A row that names a home."""

    @property
    def building_key(self) -> str:
        """The one form of the building's name."""

    @property
    def place(self) -> str:
        """The one form of entrance and number."""


@dataclass
class KnownHomes:
    """The homes of one project; reads as far as it is asked."""

    project_id: int
    buildings: dict[str, int] = field(default_factory=dict)
    _units: dict[int, dict[str, KnownUnit]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        rows = db.session.execute(
            sa.select(Building.key, Building.id).where(Building.project_id == self.project_id)
        )
        self.buildings.update((key, id_) for key, id_ in rows)

    def units_of(self, building_id: int) -> dict[str, KnownUnit]:
        """Return a building's homes by their place; the caller adds those that it makes."""
        if building_id not in self._units:
            rows = db.session.execute(
                sa.select(Unit.place, Unit.id, Unit.area, Unit.handover_on).where(
                    Unit.building_id == building_id
                )
            )
            self._units[building_id] = {place: KnownUnit(*facts) for place, *facts in rows}
        return self._units[building_id]

    def unit(self, entry: NamesHome) -> KnownUnit | None:
        """Return the home that a row names, when it is registered."""
        building_id = self.buildings.get(entry.building_key)
        return self.units_of(building_id).get(entry.place) if building_id else None

    def prepare(self, entries: Sequence[Any]) -> None:
        """Read at once what the next rows will be held against."""


@dataclass
class Known(KnownHomes):
    """The homes and people of one project."""

    _people: dict[int, dict[int, list[KnownPerson]]] = field(default_factory=dict)

    def people(self, building_id: int, unit_id: int) -> list[KnownPerson]:
        """Return whom the roster names for a home."""
        if building_id not in self._people:
            found: dict[int, list[KnownPerson]] = {}
            rows = db.session.execute(
                sa.select(
                    RosterEntry.unit_id,
                    RosterEntry.id,
                    RosterEntry.name,
                    RosterEntry.phone_hash,
                    RosterEntry.role,
                    RosterEntry.claimed_by_id.is_not(None),
                )
                .join(RosterEntry.unit)
                .where(Unit.building_id == building_id)
            )
            for home, *person in rows:
                found.setdefault(home, []).append(KnownPerson(*person))
            self._people[building_id] = found
        return self._people[building_id].get(unit_id, [])

    def rivals(
        self, entry: Entry, phone_hash: bytes | None = None
    ) -> tuple[str, list[KnownPerson]]:
        """Compare a row with the roster.

        Returns a code and the entries that it differs from: "new" and "unchanged" have none;
        the rest is for a person to decide: changed_role, changed_phone, changed_name,
        changed_owner.
        """
        unit = self.unit(entry)
        people = self.people(self.buildings[entry.building_key], unit.id) if unit else []
        if not people:
            return "new", []
        phone_hash = phone_hash or lookup_hash("phone", entry.phone)
        for person in people:
            if person.name == entry.name and person.phone_hash == phone_hash:
                same = person.role == entry.role
                return ("unchanged", []) if same else ("changed_role", [person])
        alike = [person for person in people if person.role == entry.role]
        for code, match in (
            ("changed_phone", [person for person in alike if person.name == entry.name]),
            ("changed_name", [person for person in alike if person.phone_hash == phone_hash]),
            ("changed_owner", alike if entry.role is Role.OWNER else []),
        ):
            if match:
                return code, match
        return "new", []

    def judge(self, entry: Entry, columns: dict[str, str], *, makes_homes: bool) -> Fault | str:
        """Return "new" or "unchanged", or the fault of a row that the roster contradicts."""
        if not makes_homes and self.unit(entry) is None:
            column = columns.get("number") or columns["home"]
            return Fault(column, "unit_unknown", {"value": entry.address})
        code, others = self.rivals(entry)
        if not others:
            return code
        column = {"changed_role": "role", "changed_phone": "phone"}.get(code, "name")
        facts = {
            "claimed": any(person.claimed for person in others),
            "home": entry.address,
            "value": mask_phone(entry.phone) if column == "phone" else mask_name(entry.name),
        }
        return Fault(columns.get(column, ""), code, facts)
