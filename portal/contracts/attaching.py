"""Rows that waited for a person or for each other: buyers become known, payments find contracts."""

from collections import defaultdict
from collections.abc import Collection, Sequence

import sqlalchemy as sa

from portal.contracts.buyers import owner_on, owners, verified_buyers
from portal.contracts.events import steps_of, tell_payments, tell_steps
from portal.contracts.fee_events import tell_fees
from portal.contracts.models import Contract, Fee, Payment
from portal.contracts.one_by_one import hold_homes
from portal.extensions import db
from portal.projects.models import Ownership, Role

AT_ONCE = 1000


def attach_homes(unit_ids: Collection[int]) -> int:
    """Give waiting contracts and fees of these homes to whoever is verified there now.

    What happened to them is told with its original dates. Returns how many found their person.
    """
    hold_homes(unit_ids)
    return _attach_contracts(unit_ids) + _attach_fees(unit_ids)


def waiting_homes(after: int, limit: int = AT_ONCE) -> list[int]:
    """Return homes, by id, that have a contract that waits and somebody verified, or a fee that
    waits and an owner of its day. What fell due before the first owner waits for nobody."""
    waiting = sa.union(
        sa.select(Contract.unit_id).where(
            Contract.member_id.is_(None),
            Contract.phone_hash.is_not(None),
            sa.exists().where(Ownership.unit_id == Contract.unit_id, Ownership.until.is_(None)),
        ),
        sa.select(Fee.unit_id).where(
            Fee.member_id.is_(None),
            sa.exists().where(
                Ownership.unit_id == Fee.unit_id,
                Ownership.role == Role.OWNER,
                Ownership.since <= Fee.due_on,
                sa.or_(Ownership.until.is_(None), Ownership.until > Fee.due_on),
            ),
        ),
    ).subquery()
    return list(
        db.session.scalars(
            sa.select(waiting.c.unit_id)
            .where(waiting.c.unit_id > after)
            .order_by(waiting.c.unit_id)
            .limit(limit)
        )
    )


def link_payments(project_id: int, contracts: Sequence[Contract]) -> None:
    """Link payments that came before these contracts, and tell those of known buyers."""
    if not contracts:
        return
    by_number = {contract.number: contract for contract in contracts}
    payments = db.session.scalars(
        sa.select(Payment)
        .where(
            Payment.project_id == project_id,
            Payment.contract_number.in_(by_number),
            Payment.contract_id.is_(None),
        )
        .order_by(Payment.paid_on, Payment.percent)
        .with_for_update()
    ).all()
    for payment in payments:
        payment.contract_id = by_number[payment.contract_number].id
    db.session.flush()
    tell_payments([(payment, by_number[payment.contract_number]) for payment in payments])


def _attach_contracts(unit_ids: Collection[int]) -> int:
    waiting = db.session.scalars(
        sa.select(Contract)
        .where(
            Contract.unit_id.in_(unit_ids),
            Contract.member_id.is_(None),
            Contract.phone_hash.is_not(None),
        )
        .order_by(Contract.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    buyers = verified_buyers({contract.unit_id for contract in waiting}) if waiting else {}
    attached = []
    for contract in waiting:
        buyer = buyers.get((contract.unit_id, contract.phone_hash or b""))
        if buyer is not None:
            contract.member_id, contract.household_id = buyer
            attached.append(contract)
    db.session.flush()
    tell_steps([(contract, steps_of(contract)) for contract in attached])
    by_id = {contract.id: contract for contract in attached}
    payments = db.session.scalars(
        sa.select(Payment)
        .where(Payment.contract_id.in_(by_id))
        .order_by(Payment.paid_on, Payment.percent)
    )
    tell_payments([(payment, by_id[payment.contract_id or 0]) for payment in payments])
    return len(attached)


def _attach_fees(unit_ids: Collection[int]) -> int:
    waiting = db.session.scalars(
        sa.select(Fee)
        .where(Fee.unit_id.in_(unit_ids), Fee.member_id.is_(None))
        .order_by(Fee.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    tenures = owners({fee.unit_id for fee in waiting}) if waiting else {}
    attached: dict[int, list[Fee]] = defaultdict(list)
    for fee in waiting:
        owner = owner_on(tenures.get(fee.unit_id, ()), fee.due_on)
        if owner is not None:
            fee.member_id, fee.household_id = owner
            attached[fee.unit_id].append(fee)
    db.session.flush()
    found = [fee for fees in attached.values() for fee in fees]
    tell_fees(sorted(found, key=lambda fee: (fee.due_on, fee.id)))
    return len(found)
