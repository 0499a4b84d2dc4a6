"""Contracts, payments and fees as programs send them: addresses instead of ids, one by one
refused, all others kept."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.contracts.cells import contract_number, end_of, number_of, period_of
from portal.contracts.entries import (
    ContractEntry,
    FeeEntry,
    PaymentEntry,
    Verdict,
    flaw_of_contract,
    state_of,
)
from portal.contracts.service import record_contracts, record_fees, record_payments
from portal.crypto import lookup_hash
from portal.roster.cells import CellError, read_phone
from portal.roster.known import KnownHomes
from portal.roster.rows import read_home

Item = Mapping[str, Any]


@dataclass(frozen=True)
class Outcome:
    """What became of an item: new, changed, unchanged, or refused because of `code`."""

    fate: str
    code: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def take_contracts(*, project_id: int, items: Sequence[Item], today: date) -> list[Outcome]:
    """Keep contracts; the caller commits."""
    homes = KnownHomes(project_id)

    def read(item: Item) -> ContractEntry:
        signed, handover, cancelled = (
            item.get(name) for name in ("signed_on", "handed_over_on", "cancelled_on")
        )
        entry = ContractEntry(
            number=contract_number(item["number"]),
            unit_id=_unit_id(homes, item),
            phone_hash=lookup_hash("phone", read_phone(item["phone"])),
            price=item["price"],
            state=item.get("state") or state_of(signed, handover, cancelled),
            signed_on=signed,
            handed_over_on=handover,
            cancelled_on=cancelled,
            replaced_by=number_of(item.get("replaced_by") or "") or None,
        )
        flaw = flaw_of_contract(entry, today)
        if flaw:
            raise CellError(flaw[1])
        return entry

    return _take(items, read, lambda entry: (entry.number,), record_contracts, project_id)


def take_payments(*, project_id: int, items: Sequence[Item], today: date) -> list[Outcome]:
    """Keep payments; the caller commits."""

    def read(item: Item) -> PaymentEntry:
        if item["paid_on"] > today:
            raise CellError("future_date")
        number = contract_number(item["number"])
        return PaymentEntry(number, item["percent"], item["amount"], item["paid_on"])

    return _take(items, read, lambda entry: entry[:2], record_payments, project_id)


def take_fees(*, project_id: int, items: Sequence[Item], today: date) -> list[Outcome]:
    """Keep fees; the caller commits."""
    homes = KnownHomes(project_id)

    def read(item: Item) -> FeeEntry:
        paid = item.get("paid_on")
        if paid and paid > today:
            raise CellError("future_date")
        period = period_of(item["period"])
        return FeeEntry(
            unit_id=_unit_id(homes, item),
            category=item["category"],
            period=period,
            due_on=item.get("due_on") or end_of(period),
            amount=item["amount"],
            paid_on=paid,
        )

    return _take(items, read, lambda entry: entry[:3], record_fees, project_id)


@dataclass(frozen=True)
class _Place:
    building_key: str
    place: str


def _unit_id(homes: KnownHomes, item: Item) -> int:
    _, key, _, _, place = read_home(item["building"], item["entrance"], item["home"])
    unit = homes.unit(_Place(key, place))
    if unit is None:
        raise CellError("unit_unknown")
    return unit.id


def _take(
    items: Sequence[Item],
    read: Callable[[Item], Any],
    key_of: Callable[[Any], Any],
    keep: Callable[..., list[Verdict]],
    project_id: int,
) -> list[Outcome]:
    outcomes: list[Outcome | None] = []
    entries: dict[int, Any] = {}
    keys: dict[Any, int] = {}
    for place, item in enumerate(items):
        outcomes.append(None)
        try:
            entry = read(item)
        except CellError as error:
            outcomes[place] = Outcome("refused", str(error))
            continue
        above = keys.setdefault(key_of(entry), place)
        if above == place:
            entries[place] = entry
        elif entries[above] == entry:
            outcomes[place] = Outcome("unchanged")
        else:
            outcomes[place] = Outcome("refused", "same_key", {"line": above + 1})
    if entries:
        verdicts = keep(project_id=project_id, entries=list(entries.values()))
        for place, verdict in zip(entries, verdicts, strict=True):
            outcomes[place] = Outcome(verdict.fate, verdict.code)
    return [outcome for outcome in outcomes if outcome is not None]
