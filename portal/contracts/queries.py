"""What members bought, paid and owe, as SELECTs to join.

Each has one row a party: `party_id` (member or household, see `Party`) and the figures. Amounts
are fen, areas hundredths of a square metre. Windows are half-open: since <= day < until.
"""

from datetime import date
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from portal.contracts.models import Contract, ContractState, Fee, FeeCategory, Payment
from portal.projects.models import Unit

Day = date | sa.ColumnElement[date]


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
