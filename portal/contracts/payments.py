"""Payments for staff: the list, those whose contract is not here, and sums that do not fit."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.contracts.list_filter import ListFilter
from portal.contracts.models import Contract, ContractState, Payment
from portal.i18n import gettext
from portal.projects.models import Unit
from portal.projects.staff_queries import matches

ALONE = "alone"
PAYMENT_STATES = (ALONE,)


def payments_in(project_id: int, wanted: ListFilter) -> sa.Select[tuple[Payment]]:
    """Return the statement of a project's payments, contract, home and buyer loaded."""
    statement = (
        sa.select(Payment)
        .outerjoin(Payment.contract)
        .outerjoin(Contract.unit)
        .outerjoin(Unit.building)
        .outerjoin(Contract.member)
        .where(Payment.project_id == project_id)
        .options(
            contains_eager(Payment.contract).options(
                contains_eager(Contract.unit).contains_eager(Unit.building),
                contains_eager(Contract.member),
            )
        )
    )
    if wanted.state == ALONE:
        statement = statement.where(Payment.contract_id.is_(None))
    if wanted.search:
        number = "".join(wanted.search.split()).upper()
        named = Payment.contract_number.startswith(number, autoescape=True)
        statement = statement.where(sa.or_(named, matches(wanted.search)))
    return statement


def uneven_in(project_id: int) -> sa.Select[Any]:
    """Select the ids of a project's contracts of which `doubt_of` says something."""
    paid, reached = sa.func.sum(Payment.amount), sa.func.max(Payment.percent)
    off = sa.func.abs(paid * 100 - Contract.price * reached)
    return (
        sa.select(Contract.id)
        .join(Payment, Payment.contract_id == Contract.id)
        .where(Contract.project_id == project_id, Contract.state != ContractState.CANCELLED)
        .group_by(Contract.id, Contract.price)
        .having(sa.or_(paid > Contract.price, off > Contract.price))
    )


def doubt_of(contract: Contract, payments: Sequence[Payment]) -> str:
    """Return what does not fit between a contract's price and its payments; "" when all does.

    What is paid may be a hundredth of the price off the percent that is said to be reached, for
    rounding, but never more than the price. A cancelled contract's payments went back.
    """
    if not payments or contract.state == ContractState.CANCELLED:
        return ""
    paid = sum(payment.amount for payment in payments)
    reached = max(payment.percent for payment in payments)
    if paid > contract.price:
        return gettext("More was paid than the price: see whether the price or a payment is wrong.")
    if abs(paid * 100 - contract.price * reached) > contract.price:
        return gettext(
            "The payments come to %(paid)s %% of the price, but the list says %(reached)s %%: see "
            "whether a payment is missing or the price is wrong.",
            paid=round(paid * 100 / contract.price, 1),
            reached=reached,
        )
    return ""
