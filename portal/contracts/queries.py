"""Reading contracts: lists and pages; and what members bought, paid and owe, as SELECTs to join.

Each has one row a party: `party_id` (member or household, see `Party`) and the figures. Amounts
are fen, areas hundredths of a square metre. Windows are half-open: since <= day < until.
"""

from collections.abc import Collection, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.contracts.list_filter import ListFilter
from portal.contracts.models import Contract, ContractState, Fee, FeeCategory, Payment
from portal.contracts.payments import uneven_in
from portal.extensions import db
from portal.projects.models import Ownership, Role, Unit
from portal.projects.staff_queries import matches

Day = date | sa.ColumnElement[date]
LIST_LIMIT = 100


class Party(StrEnum):
    """Whose figures are summed."""

    MEMBER = "member"
    HOUSEHOLD = "household"


def paid_for_homes(*, since: Day, until: Day, by: Party = Party.MEMBER) -> sa.Select[Any]:
    """Select (party_id, amount): payments towards contracts that were not cancelled."""
    party = _party(Contract, by)
    return (
        sa.select(party.label("party_id"), sa.func.sum(Payment.amount).label("amount"))
        .join(Contract, Contract.id == Payment.contract_id)
        .where(
            Payment.paid_on >= since,
            Payment.paid_on < until,
            party.is_not(None),
            Contract.state != ContractState.CANCELLED,
        )
        .group_by(party)
    )


def paid_in_fees(
    *,
    since: Day,
    until: Day,
    by: Party = Party.MEMBER,
    category: FeeCategory | None = None,
) -> sa.Select[Any]:
    """Select (party_id, amount): fees paid in the window, of one category or all."""
    party = _party(Fee, by)
    statement = sa.select(party.label("party_id"), sa.func.sum(Fee.amount).label("amount")).where(
        Fee.paid_on >= since, Fee.paid_on < until, party.is_not(None)
    )
    if category is not None:
        statement = statement.where(Fee.category == category)
    return statement.group_by(party)


def paid(*, since: Day, until: Day, by: Party = Party.MEMBER) -> sa.Select[Any]:
    """Select (party_id, amount): payments towards homes and fees together."""
    both = sa.union_all(
        paid_for_homes(since=since, until=until, by=by),
        paid_in_fees(since=since, until=until, by=by),
    ).subquery()
    return sa.select(both.c.party_id, sa.func.sum(both.c.amount).label("amount")).group_by(
        both.c.party_id
    )


def arrears(*, on: Day, by: Party = Party.MEMBER) -> sa.Select[Any]:
    """Select (party_id, amount, fees, oldest_due_on): fees that were due before `on` and not paid
    by then. The due day itself is not late."""
    party = _party(Fee, by)
    return (
        sa.select(
            party.label("party_id"),
            sa.func.sum(Fee.amount).label("amount"),
            sa.func.count().label("fees"),
            sa.func.min(Fee.due_on).label("oldest_due_on"),
        )
        .where(
            Fee.due_on < on,
            sa.or_(Fee.paid_on.is_(None), Fee.paid_on >= on),
            party.is_not(None),
        )
        .group_by(party)
    )


def homes_bought(*, on: Day, by: Party = Party.MEMBER) -> sa.Select[Any]:
    """Select (party_id, homes, area, price, first_signed_on): contracts in force on a day."""
    party = _party(Contract, by)
    return (
        sa.select(
            party.label("party_id"),
            sa.func.count(sa.distinct(Contract.unit_id)).label("homes"),
            sa.func.sum(sa.func.coalesce(Unit.area, 0)).label("area"),
            sa.func.sum(Contract.price).label("price"),
            sa.func.min(Contract.signed_on).label("first_signed_on"),
        )
        .join(Unit, Unit.id == Contract.unit_id)
        .where(
            Contract.signed_on <= on,
            sa.or_(Contract.cancelled_on.is_(None), Contract.cancelled_on > on),
            party.is_not(None),
        )
        .group_by(party)
    )


def _party(model: type[Contract] | type[Fee], by: Party) -> sa.ColumnElement[Any]:
    column: sa.ColumnElement[Any] = (
        model.household_id if by is Party.HOUSEHOLD else model.member_id
    ).expression
    return column


WAITING, ARREARS, OPEN, PAID = "waiting", "arrears", "open", "paid"
UNEVEN, NOBODYS = "uneven", "nobodys"
CONTRACT_STATES = (*map(str, ContractState), WAITING, UNEVEN)
FEE_STATES = (OPEN, ARREARS, PAID, NOBODYS)


def contracts_in(project_id: int, wanted: ListFilter) -> sa.Select[tuple[Contract]]:
    """Return the statement of a project's contracts, home and buyer loaded."""
    statement = _with_home_and_member(Contract).where(Contract.project_id == project_id)
    if wanted.state == WAITING:
        statement = statement.where(Contract.member_id.is_(None))
    elif wanted.state == UNEVEN:
        statement = statement.where(Contract.id.in_(uneven_in(project_id)))
    elif wanted.state:
        statement = statement.where(Contract.state == wanted.state)
    if wanted.search:
        number = "".join(wanted.search.split()).upper()
        statement = statement.where(
            sa.or_(Contract.number.startswith(number, autoescape=True), matches(wanted.search))
        )
    return statement


def fees_in(project_id: int, wanted: ListFilter, today: date) -> sa.Select[tuple[Fee]]:
    """Return the statement of a project's fees, home and payer loaded."""
    statement = _with_home_and_member(Fee).where(Fee.project_id == project_id)
    if wanted.state == PAID:
        statement = statement.where(Fee.paid_on.is_not(None))
    elif wanted.state == NOBODYS:
        statement = statement.where(Fee.member_id.is_(None))
    elif wanted.state:
        statement = statement.where(Fee.paid_on.is_(None))
    if wanted.state == ARREARS:
        statement = statement.where(Fee.due_on < today)
    if wanted.search:
        statement = statement.where(matches(wanted.search))
    return statement


def totals(statement: sa.Select[Any], amount: Any) -> tuple[int, int]:
    """Return how many rows a list has, and the sum of an amount in fen."""
    counted = statement.with_only_columns(
        sa.func.count(), sa.func.coalesce(sa.func.sum(amount), 0), maintain_column_froms=True
    ).order_by(None)
    number, sum_ = db.session.execute(counted).one()
    return number, int(sum_)


def contract_in(project_id: int, public_id: str) -> Contract | None:
    """Return one contract of a project, home and buyer loaded."""
    return db.session.scalar(
        _with_home_and_member(Contract).where(
            Contract.project_id == project_id, Contract.public_id == public_id
        )
    )


def payments_of(contract_ids: Collection[int]) -> Sequence[Payment]:
    """Return the payments towards contracts, the first first."""
    return db.session.scalars(
        sa.select(Payment)
        .where(Payment.contract_id.in_(contract_ids))
        .order_by(Payment.contract_id, Payment.paid_on, Payment.percent)
        .limit(LIST_LIMIT)
    ).all()


def neighbours_of(contract: Contract) -> tuple[Contract | None, Sequence[Contract]]:
    """Return the contract that took the place of this one, and those whose place it took."""
    found = db.session.scalars(
        sa.select(Contract).where(
            Contract.project_id == contract.project_id,
            sa.or_(
                Contract.number == contract.replaced_by_number,
                Contract.replaced_by_number == contract.number,
            ),
        )
    ).all()
    after = next((each for each in found if each.number == contract.replaced_by_number), None)
    return after, [each for each in found if each.replaced_by_number == contract.number]


def contracts_of_home(unit_id: int) -> Sequence[Contract]:
    """Return the contracts of a home, the latest first, buyers loaded."""
    return db.session.scalars(
        _with_home_and_member(Contract)
        .where(Contract.unit_id == unit_id)
        .order_by(Contract.signed_on.desc(), Contract.id.desc())
        .limit(LIST_LIMIT)
    ).all()


def own_contracts(unit_id: int, household_id: int) -> dict[Contract, list[Payment]]:
    """Return a household's contracts of a home with their payments: one statement."""
    found: dict[Contract, list[Payment]] = {}
    for contract, payment in db.session.execute(
        sa.select(Contract, Payment)
        .outerjoin(Payment, Payment.contract_id == Contract.id)
        .where(Contract.unit_id == unit_id, Contract.household_id == household_id)
        .order_by(Contract.signed_on.desc(), Contract.id.desc(), Payment.paid_on, Payment.percent)
        .limit(LIST_LIMIT)
    ):
        payments = found.setdefault(contract, [])
        if payment is not None:
            payments.append(payment)
    return found


def latest_fees(unit_id: int, household_id: int | None = None, limit: int = 12) -> Sequence[Fee]:
    """Return the latest fees of a home, of one household or of all."""
    statement = sa.select(Fee).where(Fee.unit_id == unit_id)
    if household_id is not None:
        statement = statement.where(Fee.household_id == household_id)
    return db.session.scalars(
        statement.order_by(Fee.due_on.desc(), Fee.category, Fee.id).limit(limit)
    ).all()


def homes_with_owners(unit_ids: Collection[int]) -> set[int]:
    """Return which of these homes have, or had, an owner who is verified."""
    return set(
        db.session.scalars(
            sa.select(Ownership.unit_id).where(
                Ownership.unit_id.in_(unit_ids), Ownership.role == Role.OWNER
            )
        )
    )


def _with_home_and_member(model: Any) -> sa.Select[Any]:
    return (
        sa.select(model)
        .join(model.unit)
        .join(Unit.building)
        .outerjoin(model.member)
        .options(
            contains_eager(model.unit).contains_eager(Unit.building), contains_eager(model.member)
        )
    )
