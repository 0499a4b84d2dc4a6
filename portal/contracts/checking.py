"""Rows of a file as contracts, payments or fees, or as faults: nothing here asks the database."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from portal.contracts import cells as read
from portal.contracts.entries import (
    ContractEntry,
    FeeEntry,
    PaymentEntry,
    flaw_of_contract,
    state_of,
)
from portal.crypto import lookup_hash
from portal.roster.checking import read_phone_cell
from portal.roster.mapping import Field
from portal.roster.rows import HOME_READERS, Checked, Fault, RowChecker

FIELD_OF = {
    "signed_on": Field.SIGNED,
    "handed_over_on": Field.HANDOVER,
    "cancelled_on": Field.CANCELLED,
    "replaced_by": Field.REPLACED_BY,
}


class HomeRow(NamedTuple):
    """A row about a home, whose id is not known yet: `entry` has 0 in its place."""

    building_key: str
    place: str
    address: str
    entry: Any


@dataclass
class KeyedChecker(RowChecker):
    """Checks of rows that have a natural key: each key stands once in a file."""

    seen_keys: dict[int, int] = field(default_factory=dict)

    def key_of(self, entry: Any) -> tuple[Any, ...]:
        """Return the natural key of a row."""
        raise NotImplementedError

    def compared(self, line: int, entry: Any, cells: Sequence[str]) -> Checked:
        """Refuse a row whose key stands above with other figures."""
        above = self.seen_keys.setdefault(hash(self.key_of(entry)), line)
        if above != line:
            fault = Fault("", "same_key", {"line": above})
            return Checked(line, "same_key", None, (fault,), cells)
        return Checked(line, "good", entry, (), cells)

    def add_fault(self, faults: list[Fault], kind: Field, code: str, value: object = "") -> None:
        """Add a fault of a column, or of the whole row when the file has no such column."""
        faults.append(Fault(self.mapping.get(kind, ""), code, {"value": str(value)}))

    def home_row(self, values: Mapping[Field, Any], faults: list[Fault], entry: Any) -> Any:
        """Return the row with its home, None when no home can be read."""
        home = self.home_of(values, faults)
        if home is None or faults:
            return None
        building, building_key, entrance, number, place = home
        address = " ".join(part for part in (building, entrance, number) if part)
        return HomeRow(building_key, place, address, entry)


@dataclass
class ContractChecker(KeyedChecker):
    """The checks of a list of contracts."""

    def key_of(self, entry: Any) -> tuple[Any, ...]:
        """Return the contract's number."""
        return (entry.entry.number,)

    def entry_of(self, values: Mapping[Field, Any], faults: list[Fault]) -> HomeRow | None:
        """Return a contract; without a column of states its dates say where it stands."""
        if faults:
            return None
        signed, handover, cancelled = (
            values.get(kind) for kind in (Field.SIGNED, Field.HANDOVER, Field.CANCELLED)
        )
        said = values.get(Field.STATE)
        if handover and handover > self.today and said != "handed_over":
            handover = None  # the day when it is planned
        entry = ContractEntry(
            number=values[Field.CONTRACT],
            unit_id=0,
            phone_hash=lookup_hash("phone", values[Field.PHONE]),
            price=values[Field.PRICE],
            state=said or state_of(signed, handover, cancelled),
            signed_on=signed,
            handed_over_on=handover,
            cancelled_on=cancelled,
            replaced_by=values.get(Field.REPLACED_BY),
        )
        flaw = flaw_of_contract(entry, self.today)
        if flaw:
            self.add_fault(faults, FIELD_OF[flaw[0]], flaw[1], getattr(entry, flaw[0]) or "")
        row: HomeRow | None = self.home_row(values, faults, entry)
        return row


@dataclass
class PaymentChecker(KeyedChecker):
    """The checks of a list of payments."""

    def key_of(self, entry: Any) -> tuple[Any, ...]:
        """Return the contract's number and the percent."""
        return (entry.number, entry.percent)

    def entry_of(self, values: Mapping[Field, Any], faults: list[Fault]) -> PaymentEntry | None:
        """Return a payment."""
        if faults:
            return None
        paid = values[Field.PAID]
        if paid > self.today:
            self.add_fault(faults, Field.PAID, "future_date", paid)
            return None
        return PaymentEntry(
            number=values[Field.CONTRACT],
            percent=values[Field.PERCENT],
            amount=values[Field.AMOUNT],
            paid_on=paid,
        )


@dataclass
class FeeChecker(KeyedChecker):
    """The checks of a list of fees."""

    def key_of(self, entry: Any) -> tuple[Any, ...]:
        """Return home, kind and period."""
        return (entry.building_key, entry.place, entry.entry.category, entry.entry.period)

    def entry_of(self, values: Mapping[Field, Any], faults: list[Fault]) -> HomeRow | None:
        """Return a fee; without a due date it is due on the last day of its period."""
        if faults:
            return None
        paid = values.get(Field.PAID)
        if paid and paid > self.today:
            self.add_fault(faults, Field.PAID, "future_date", paid)
        entry = FeeEntry(
            unit_id=0,
            category=values.get(Field.CATEGORY, read.FeeCategory.MANAGEMENT),
            period=values[Field.PERIOD],
            due_on=values.get(Field.DUE) or read.end_of(values[Field.PERIOD]),
            amount=values[Field.AMOUNT],
            paid_on=paid,
        )
        row: HomeRow | None = self.home_row(values, faults, entry)
        return row


ContractChecker.READERS = (
    *HOME_READERS,
    (Field.CONTRACT, read.contract_number),
    (Field.PHONE, read_phone_cell),
    (Field.PRICE, read.money),
    (Field.STATE, read.state),
    (Field.SIGNED, read.day),
    (Field.HANDOVER, read.day),
    (Field.CANCELLED, read.day),
    (Field.REPLACED_BY, read.other_contract),
)
PaymentChecker.READERS = (
    (Field.CONTRACT, read.contract_number),
    (Field.PERCENT, read.percent),
    (Field.AMOUNT, read.money),
    (Field.PAID, read.needed_day),
)
FeeChecker.READERS = (
    *HOME_READERS,
    (Field.CATEGORY, read.category),
    (Field.PERIOD, read.period),
    (Field.DUE, read.day),
    (Field.AMOUNT, read.money),
    (Field.PAID, read.day),
)
