"""Writing contracts, payments and fees: many at once, each by its natural key, in any order.

What is sent again changes nothing. What contradicts what is kept is refused with a code. The
caller commits.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.columns import new_public_id
from portal.contracts.attaching import link_payments
from portal.contracts.buyers import owner_on, owners, verified_buyers
from portal.contracts.entries import (
    ContractEntry,
    FeeEntry,
    PaymentEntry,
    Verdict,
    meet_contract,
    meet_fee,
    meet_payment,
)
from portal.contracts.events import steps_of, tell_payments, tell_steps
from portal.contracts.fee_events import tell_fees
from portal.contracts.models import Contract, Fee, Payment
from portal.contracts.one_by_one import hold_project
from portal.extensions import db
from portal.roster.bulk import insert_new

AT_ONCE = 2000
"""Entries of one call at most: their keys go into one statement."""


def record_contracts(
    *, project_id: int, entries: Sequence[ContractEntry], import_id: int | None = None
) -> list[Verdict]:
    """Keep contracts of a project, each number once in `entries`; return what became of each.

    A buyer who is verified in the home is attached; the steps of the others are told when they
    are. Payments that came before their contract are linked.
    """
    hold_project(project_id)
    known = contracts_by_number(project_id, [entry.number for entry in entries], lock=True)
    verdicts = [meet_contract(entry, known.get(entry.number)) for entry in entries]
    buyers = verified_buyers({entry.unit_id for entry in entries})
    told = []
    for entry, verdict in zip(entries, verdicts, strict=True):
        if verdict.fate != "changed" or verdict.changes is None:
            continue
        contract = known[entry.number]
        before = steps_of(contract)
        for name, value in verdict.changes.items():
            setattr(contract, name, value)
        buyer = buyers.get((contract.unit_id, contract.phone_hash or b""))
        if contract.member_id is None and buyer is not None:
            # Only now do we know the phone: what happened before is told, too.
            contract.member_id, contract.household_id = buyer
            before = []
            tell_payments([(payment, contract) for payment in payments_towards(contract)])
        told.append((contract, [step for step in steps_of(contract) if step not in before]))
    db.session.flush()
    new = [entry for entry, verdict in zip(entries, verdicts, strict=True) if verdict.fate == "new"]
    added = _add_contracts(project_id, new, buyers, import_id)
    told += [(contract, steps_of(contract)) for contract in added]
    tell_steps(told)
    link_payments(project_id, added)
    return verdicts


def record_payments(
    *, project_id: int, entries: Sequence[PaymentEntry], import_id: int | None = None
) -> list[Verdict]:
    """Keep payments; one whose contract is not known yet waits for it."""
    hold_project(project_id)
    numbers = {entry.number for entry in entries}
    contracts = contracts_by_number(project_id, numbers, lock=True)
    known = payments_by_number(project_id, numbers)
    verdicts = []
    new = []
    for entry in entries:
        verdict = meet_payment(entry, known[entry.number])
        verdicts.append(verdict)
        if verdict.fate == "new":
            known[entry.number].append(entry)
            new.append(entry)
    linked = [contracts.get(entry.number) for entry in new]
    rows = insert_new(
        _table(Payment),
        {
            "public_id": [new_public_id() for _ in new],
            "contract_number": [entry.number for entry in new],
            "contract_id": [contract.id if contract else None for contract in linked],
            "percent": [entry.percent for entry in new],
            "amount": [entry.amount for entry in new],
            "paid_on": [entry.paid_on for entry in new],
        },
        constants=_constants(project_id, import_id),
        returning=("id",),
    )
    owned = {contract.id: contract for contract in contracts.values() if contract.member_id}
    if rows and owned:
        added = _by_ids(Payment, rows)
        tell_payments([(row, owned[row.contract_id]) for row in added if row.contract_id in owned])
    return verdicts


def record_fees(
    *, project_id: int, entries: Sequence[FeeEntry], import_id: int | None = None
) -> list[Verdict]:
    """Keep fees, each home, kind and period once in `entries`; what was owed may come paid."""
    hold_project(project_id)
    known = fees_by_key(entries, lock=True)
    tenures = owners({entry.unit_id for entry in entries})
    verdicts = []
    new: list[FeeEntry] = []
    paid = []
    for entry in entries:
        fee = known.get((entry.unit_id, entry.category, entry.period))
        verdict = meet_fee(entry, fee)
        verdicts.append(verdict)
        if verdict.fate == "new":
            new.append(entry)
        elif verdict.changes and fee is not None:
            for name, value in verdict.changes.items():
                setattr(fee, name, value)
            if fee.paid_on is not None:
                paid.append(fee)
    db.session.flush()
    payers = [owner_on(tenures.get(entry.unit_id, ()), entry.due_on) for entry in new]
    rows = insert_new(
        _table(Fee),
        {
            "public_id": [new_public_id() for _ in new],
            "unit_id": [entry.unit_id for entry in new],
            "category": [str(entry.category) for entry in new],
            "period": [entry.period for entry in new],
            "due_on": [entry.due_on for entry in new],
            "amount": [entry.amount for entry in new],
            "paid_on": [entry.paid_on for entry in new],
            "member_id": [payer.member_id if payer else None for payer in payers],
            "household_id": [payer.household_id if payer else None for payer in payers],
        },
        constants=_constants(project_id, import_id),
        returning=("id",),
    )
    if any(payer and entry.paid_on for payer, entry in zip(payers, new, strict=True)):
        paid += [fee for fee in _by_ids(Fee, rows) if fee.paid_on is not None]
    tell_fees(paid)
    return verdicts


def contracts_by_number(
    project_id: int, numbers: Sequence[str] | set[str], *, lock: bool = False
) -> dict[str, Contract]:
    """Return the contracts of a project that have these numbers."""
    statement = (
        sa.select(Contract)
        .where(Contract.project_id == project_id, Contract.number.in_(numbers))
        .order_by(Contract.id)
        .execution_options(populate_existing=lock)
    )
    rows = db.session.scalars(statement.with_for_update() if lock else statement)
    return {row.number: row for row in rows}


def payments_by_number(project_id: int, numbers: set[str]) -> dict[str, list[PaymentEntry]]:
    """Return the payments towards contracts of these numbers."""
    rows = db.session.execute(
        sa.select(Payment.contract_number, Payment.percent, Payment.amount, Payment.paid_on).where(
            Payment.project_id == project_id, Payment.contract_number.in_(numbers)
        )
    )
    found: dict[str, list[PaymentEntry]] = defaultdict(list)
    for row in rows:
        found[row[0]].append(PaymentEntry(*row))
    return found


def fees_by_key(
    entries: Sequence[FeeEntry], *, lock: bool = False
) -> dict[tuple[int, str, str], Fee]:
    """Return the fees of these homes and periods, by home, kind and period."""
    statement = (
        sa.select(Fee)
        .where(
            Fee.unit_id.in_({entry.unit_id for entry in entries}),
            Fee.period.in_({entry.period for entry in entries}),
        )
        .order_by(Fee.id)
        .execution_options(populate_existing=lock)
    )
    rows = db.session.scalars(statement.with_for_update() if lock else statement)
    return {(row.unit_id, row.category, row.period): row for row in rows}


def _add_contracts(
    project_id: int,
    entries: Sequence[ContractEntry],
    buyers: Mapping[tuple[int, bytes], Any],
    import_id: int | None,
) -> list[Contract]:
    found = [buyers.get((entry.unit_id, entry.phone_hash or b"")) for entry in entries]
    rows = insert_new(
        _table(Contract),
        {
            "public_id": [new_public_id() for _ in entries],
            "unit_id": [entry.unit_id for entry in entries],
            "number": [entry.number for entry in entries],
            "member_id": [buyer.member_id if buyer else None for buyer in found],
            "household_id": [buyer.household_id if buyer else None for buyer in found],
            "phone_hash": [entry.phone_hash for entry in entries],
            "state": [str(entry.state) for entry in entries],
            "price": [entry.price for entry in entries],
            "signed_on": [entry.signed_on for entry in entries],
            "handed_over_on": [entry.handed_over_on for entry in entries],
            "cancelled_on": [entry.cancelled_on for entry in entries],
            "replaced_by_number": [entry.replaced_by for entry in entries],
        },
        constants={**_constants(project_id, import_id), "corrections": 0},
        returning=("id",),
    )
    return _by_ids(Contract, rows)


def _by_ids(model: Any, rows: Sequence[Sequence[Any]]) -> list[Any]:
    ids = [row[0] for row in rows]
    if not ids:
        return []
    return list(db.session.scalars(sa.select(model).where(model.id.in_(ids)).order_by(model.id)))


def payments_towards(contract: Contract) -> list[Payment]:
    """Return every payment towards a contract, the first first."""
    return list(
        db.session.scalars(
            sa.select(Payment)
            .where(Payment.contract_id == contract.id)
            .order_by(Payment.paid_on, Payment.percent)
        )
    )


def _constants(project_id: int, import_id: int | None) -> dict[str, Any]:
    return {"project_id": project_id, "import_id": import_id, "created_at": clock.now()}


def _table(model: Any) -> sa.Table:
    table = model.__table__
    assert isinstance(table, sa.Table)
    return table
