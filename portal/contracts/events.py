"""Telling what happened to contracts and fees: ids, codes and business dates, no amounts."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

import sqlalchemy as sa

from portal.contracts.models import Contract, ContractState, Payment
from portal.extensions import db
from portal.members.models import Member
from portal.outbox.service import emit
from portal.projects.models import Unit


class Standing(Protocol):
    """What of a contract decides which events it has had."""

    state: Any
    signed_on: Any
    handed_over_on: Any
    cancelled_on: Any


class Told(NamedTuple):
    """A step of a contract and the day on which it happened."""

    kind: str
    on: date


def steps_of(contract: Standing) -> list[Told]:
    """Return the steps that a contract has gone, in the order in which a contract goes them."""
    steps = []
    if contract.signed_on is not None and contract.state != ContractState.DRAFT:
        steps.append(Told("contract.signed", contract.signed_on))
    if contract.handed_over_on is not None:
        steps.append(Told("contract.handed_over", contract.handed_over_on))
    if contract.state == ContractState.CANCELLED:
        steps.append(Told("contract.cancelled", contract.cancelled_on))
    return steps


def tell_steps(contracts: Sequence[tuple[Contract, list[Told]]]) -> None:
    """Emit steps of contracts whose buyer is known; those of others wait."""
    chosen = [(contract, steps) for contract, steps in contracts if contract.member_id and steps]
    keys = _Keys([contract for contract, _ in chosen])
    for contract, steps in chosen:
        for kind, on in steps:
            data = keys.about(contract, on)
            if kind == "contract.cancelled":
                data["replaced_by"] = keys.replacement(contract)
            emit(
                kind=kind,
                project_id=contract.project_id,
                subject=("contract", contract.public_id),
                data=data,
            )


def tell_corrected(contract: Contract, on: date) -> None:
    """Emit that what was told of a contract until now does not count any more.

    `contract.corrections` is counted up already; what is right is told by the caller after this.
    """
    emit(
        kind="contract.corrected",
        project_id=contract.project_id,
        subject=("contract", contract.public_id),
        data=_Keys([contract]).about(contract, on),
    )


def tell_payments(payments: Sequence[tuple[Payment, Contract]]) -> None:
    """Emit payments towards contracts whose buyer is known; those of others wait."""
    chosen = [(payment, contract) for payment, contract in payments if contract.member_id]
    keys = _Keys([contract for _, contract in chosen])
    for payment, contract in chosen:
        emit(
            kind="contract.paid",
            project_id=contract.project_id,
            subject=("contract", contract.public_id),
            data={
                **keys.about(contract, payment.paid_on),
                "payment": payment.public_id,
                "percent": payment.percent,
            },
        )


class _Keys:
    """The public ids of the homes and members of contracts, in three statements."""

    def __init__(self, contracts: Sequence[Contract]) -> None:
        self.units = public_ids(Unit, {contract.unit_id for contract in contracts})
        self.members = public_ids(Member, {contract.member_id or 0 for contract in contracts})
        numbers = {(row.project_id, row.replaced_by_number) for row in contracts}
        wanted = [(project, number) for project, number in numbers if number]
        self.replacements: dict[tuple[int, str], str] = {}
        for project in {project for project, _ in wanted}:
            rows = db.session.execute(
                sa.select(Contract.number, Contract.public_id).where(
                    Contract.project_id == project,
                    Contract.number.in_([number for at, number in wanted if at == project]),
                )
            )
            self.replacements.update({(project, number): key for number, key in rows})

    def about(self, contract: Contract, on: date) -> dict[str, Any]:
        return {
            "unit": self.units[contract.unit_id],
            "member": self.members[contract.member_id or 0],
            "on": on.isoformat(),
            "corrections": contract.corrections,
        }

    def replacement(self, contract: Contract) -> str | None:
        return self.replacements.get((contract.project_id, contract.replaced_by_number or ""))


def public_ids(model: type[Unit] | type[Member], ids: set[int]) -> dict[int, str]:
    """Return the public ids of rows."""
    if not ids:
        return {}
    rows = db.session.execute(sa.select(model.id, model.public_id).where(model.id.in_(ids)))
    return {row.id: row.public_id for row in rows}
