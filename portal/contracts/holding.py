"""What a project holds of contracts, payments and fees, against which the rows of a file are held,
and the writing of those that say something new."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from portal.contracts.checking import HomeRow
from portal.contracts.entries import (
    PaymentEntry,
    Verdict,
    meet_contract,
    meet_fee,
    meet_payment,
)
from portal.contracts.models import Contract, Fee
from portal.contracts.service import (
    contracts_by_number,
    fees_by_key,
    payments_by_number,
    record_contracts,
    record_fees,
    record_payments,
)
from portal.roster.known import KnownHomes
from portal.roster.mapping import Field
from portal.roster.progress import Progress
from portal.roster.rows import Fault

_COLUMN_OF = {
    "other_price": Field.PRICE,
    "other_home": Field.NUMBER,
    "other_date": Field.SIGNED,
    "dates_order": Field.SIGNED,
    "other_replacement": Field.REPLACED_BY,
    "other_payment": Field.AMOUNT,
    "percent_order": Field.PAID,
    "fee_paid_already": Field.AMOUNT,
}


@dataclass
class KnownContracts(KnownHomes):
    """The contracts of the numbers that the next rows name."""

    _contracts: dict[str, Contract] = field(default_factory=dict)

    def prepare(self, entries: Sequence[HomeRow]) -> None:
        """Read the contracts that the next rows name."""
        numbers = [row.entry.number for row in entries]
        self._contracts = contracts_by_number(self.project_id, numbers)

    def judge(self, entry: HomeRow, columns: dict[str, str], *, makes_homes: bool) -> Fault | str:
        """Return what becomes of a contract, or its fault."""
        unit = self.unit(entry)
        if unit is None:
            return _unknown_home(entry, columns)
        known = self._contracts.get(entry.entry.number)
        return _fate(meet_contract(entry.entry._replace(unit_id=unit.id), known), columns)


@dataclass
class KnownPayments:
    """The payments towards the contracts that the next rows name."""

    project_id: int
    _payments: dict[str, list[PaymentEntry]] = field(default_factory=dict)
    _seen: dict[str, list[PaymentEntry]] = field(default_factory=dict)

    def prepare(self, entries: Sequence[PaymentEntry]) -> None:
        """Read the payments of the contracts that the next rows name."""
        self._payments = payments_by_number(self.project_id, {row.number for row in entries})

    def judge(
        self, entry: PaymentEntry, columns: dict[str, str], *, makes_homes: bool
    ) -> Fault | str:
        """Return what becomes of a payment, or its fault; rows above count."""
        above = self._seen.setdefault(entry.number, [])
        kept = self._payments.get(entry.number, [])
        verdict = meet_payment(entry, kept)
        if verdict.fate == "new" and meet_payment(entry, above).fate == "refused":
            verdict = meet_payment(entry, above)
        if verdict.fate == "new":
            above.append(entry)
        return _fate(verdict, columns)


@dataclass
class KnownFees(KnownHomes):
    """The fees of the homes and periods that the next rows name."""

    _fees: dict[tuple[int, str, str], Fee] = field(default_factory=dict)

    def prepare(self, entries: Sequence[HomeRow]) -> None:
        """Read the fees that the next rows name."""
        self._fees = fees_by_key(self.with_homes(entries))

    def with_homes(self, rows: Sequence[HomeRow]) -> list[Any]:
        """Return the entries of those rows whose home is registered, with its id."""
        pairs = [(row, self.unit(row)) for row in rows]
        return [row.entry._replace(unit_id=unit.id) for row, unit in pairs if unit is not None]

    def judge(self, entry: HomeRow, columns: dict[str, str], *, makes_homes: bool) -> Fault | str:
        """Return what becomes of a fee, or its fault."""
        unit = self.unit(entry)
        if unit is None:
            return _unknown_home(entry, columns)
        fee = entry.entry._replace(unit_id=unit.id)
        known = self._fees.get((unit.id, str(fee.category), fee.period))
        return _fate(meet_fee(fee, known), columns)


def write_contracts(
    progress: Progress, known: KnownContracts, rows: Sequence[HomeRow]
) -> Counter[str]:
    """Write the contracts of a chunk; return how many are new or changed."""
    entries = []
    for row in rows:
        unit = known.unit(row)
        assert unit is not None
        entries.append(row.entry._replace(unit_id=unit.id))
    return _counted(
        record_contracts(
            project_id=progress.project_id, entries=entries, import_id=progress.import_id
        )
    )


def write_payments(
    progress: Progress, _known: KnownPayments, entries: Sequence[PaymentEntry]
) -> Counter[str]:
    """Write the payments of a chunk; return how many are new."""
    return _counted(
        record_payments(
            project_id=progress.project_id, entries=entries, import_id=progress.import_id
        )
    )


def write_fees(progress: Progress, known: KnownFees, rows: Sequence[HomeRow]) -> Counter[str]:
    """Write the fees of a chunk; return how many are new or changed."""
    return _counted(
        record_fees(
            project_id=progress.project_id,
            entries=known.with_homes(rows),
            import_id=progress.import_id,
        )
    )


def _fate(verdict: Verdict, columns: dict[str, str]) -> Fault | str:
    if verdict.fate != "refused":
        return "updated" if verdict.fate == "changed" else verdict.fate
    kind = _COLUMN_OF[verdict.code]
    if kind is Field.NUMBER:
        kind = kind if kind in columns else Field.HOME
    return Fault(columns.get(kind, ""), verdict.code, {})


def _unknown_home(row: HomeRow, columns: dict[str, str]) -> Fault:
    column = columns.get("number") or columns["home"]
    return Fault(column, "unit_unknown", {"value": row.address})


def _counted(verdicts: Sequence[Verdict]) -> Counter[str]:
    fates = Counter(verdict.fate for verdict in verdicts)
    return Counter(new=fates["new"], updated=fates["changed"])
