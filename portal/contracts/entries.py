"""What a file or a program says of contracts, payments and fees, and how it meets what is known.

Nothing here asks the database.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from portal.contracts.models import MOST_FEN, Contract, ContractState, Fee

MAX_NUMBER = 60
_RANK = {state: rank for rank, state in enumerate(ContractState)}
_DATED = ("signed_on", "handed_over_on", "cancelled_on")
_DATES_OF: Mapping[ContractState, tuple[Collection[str], Collection[str]]] = {
    ContractState.DRAFT: ((), ()),
    ContractState.SIGNED: (("signed_on",), ("signed_on",)),
    ContractState.HANDED_OVER: (_DATED[:2], _DATED[:2]),
    ContractState.CANCELLED: (("cancelled_on",), _DATED),
}
"""The dates that a state needs, and those that it may have."""


class ContractEntry(NamedTuple):
    """A purchase contract. `price`: fen; `replaced_by`: the contract's number after an exchange."""

    number: str
    unit_id: int
    phone_hash: bytes | None
    price: int
    state: str
    signed_on: date | None = None
    handed_over_on: date | None = None
    cancelled_on: date | None = None
    replaced_by: str | None = None


class PaymentEntry(NamedTuple):
    """A payment towards a contract. `amount`: fen; `percent`: of the price, paid so far."""

    number: str
    percent: int
    amount: int
    paid_on: date


class FeeEntry(NamedTuple):
    """A fee for a home. `amount`: fen; `period`: 2026-10, 2026-Q4 or 2026."""

    unit_id: int
    category: str
    period: str
    due_on: date
    amount: int
    paid_on: date | None = None


@dataclass(frozen=True)
class Verdict:
    """What becomes of an entry: "new", "changed", "unchanged", or "refused" because of `code`."""

    fate: str
    code: str = ""
    changes: Mapping[str, Any] | None = None


NEW, UNCHANGED = Verdict("new"), Verdict("unchanged")


def state_of(
    signed_on: date | None, handed_over_on: date | None, cancelled_on: date | None
) -> ContractState:
    """Return where a contract stands by its dates."""
    if cancelled_on is not None:
        return ContractState.CANCELLED
    if handed_over_on is not None:
        return ContractState.HANDED_OVER
    return ContractState.DRAFT if signed_on is None else ContractState.SIGNED


def flaw_of_contract(entry: ContractEntry, today: date) -> tuple[str, str] | None:
    """Return (field, code) of what a contract contradicts itself in, or None."""
    return _missing_or_stray_date(entry) or _wrong_date(entry, today) or _wrong_replacement(entry)


def _missing_or_stray_date(entry: ContractEntry) -> tuple[str, str] | None:
    needed, possible = _DATES_OF[ContractState(entry.state)]
    for field in _DATED:
        given = getattr(entry, field) is not None
        if not given and (field in needed or (field == "signed_on" and entry.handed_over_on)):
            return field, "missing_date"
        if given and field not in possible:
            return field, "state_and_date"
    return None


def _wrong_date(entry: ContractEntry, today: date) -> tuple[str, str] | None:
    for field in _DATED:
        day = getattr(entry, field)
        if day and entry.signed_on and day < entry.signed_on:
            return field, "dates_order"
        if day and day > today:
            return field, "future_date"
    return None


def _wrong_replacement(entry: ContractEntry) -> tuple[str, str] | None:
    if entry.replaced_by and (entry.replaced_by == entry.number or not entry.cancelled_on):
        return "replaced_by", "replaced_not_cancelled"
    return None


def meet_contract(entry: ContractEntry, known: Contract | None) -> Verdict:
    """Hold a contract against the one of its number. It moves forward; an older state changes
    nothing, since entries come in any order."""
    if known is None:
        return NEW
    code = _contradiction(entry, known)
    if code:
        return Verdict("refused", code)
    changes = {
        field: getattr(entry, field)
        for field in ("price", *_DATED)
        if getattr(entry, field) not in (None, getattr(known, field))
    }
    if _RANK[ContractState(entry.state)] > _RANK[ContractState(known.state)]:
        changes["state"] = entry.state
    if entry.replaced_by and not known.replaced_by_number:
        changes["replaced_by_number"] = entry.replaced_by
    if known.member_id is None and entry.phone_hash and entry.phone_hash != known.phone_hash:
        changes["phone_hash"] = entry.phone_hash
    return Verdict("changed", changes=changes) if changes else UNCHANGED


def _contradiction(entry: ContractEntry, known: Contract) -> str:
    if entry.unit_id != known.unit_id:
        return "other_home"
    if entry.price != known.price and known.state != ContractState.DRAFT:
        return "other_price"
    dates = [(getattr(entry, field), getattr(known, field)) for field in _DATED]
    if any(said and kept and said != kept for said, kept in dates):
        return "other_date"
    signed, *ends = [said or kept for said, kept in dates]
    if signed and any(end and end < signed for end in ends):
        return "dates_order"
    if entry.replaced_by and known.replaced_by_number not in (None, entry.replaced_by):
        return "other_replacement"
    return ""


def meet_payment(entry: PaymentEntry, known: Collection[PaymentEntry]) -> Verdict:
    """Hold a payment against the others of its contract."""
    for other in known:
        if other.percent == entry.percent:
            same = (other.amount, other.paid_on) == (entry.amount, entry.paid_on)
            return UNCHANGED if same else Verdict("refused", "other_payment")
    for other in known:
        if (other.percent < entry.percent) != (other.paid_on <= entry.paid_on) and (
            other.paid_on != entry.paid_on
        ):
            return Verdict("refused", "percent_order")
    return NEW


def meet_fee(entry: FeeEntry, known: Fee | None) -> Verdict:
    """Hold a fee against the one of its home, kind and period; what is paid stays as it was."""
    if known is None:
        return NEW
    owed = {
        field: getattr(entry, field)
        for field in ("amount", "due_on")
        if getattr(entry, field) != getattr(known, field)
    }
    if known.paid_on is not None:
        if "amount" in owed or entry.paid_on not in (None, known.paid_on):
            return Verdict("refused", "fee_paid_already")
        return UNCHANGED
    if entry.paid_on is not None:
        owed["paid_on"] = entry.paid_on
    return Verdict("changed", changes=owed) if owed else UNCHANGED


def in_range(fen: int) -> bool:
    """Tell whether an amount is one that is kept: positive, at most 10¹² fen."""
    return 0 < fen <= MOST_FEN
