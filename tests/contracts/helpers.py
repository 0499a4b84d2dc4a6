"""Entries and events for the tests of contracts."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Account
from portal.contracts.entries import ContractEntry, FeeEntry, PaymentEntry, state_of
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.members.models import Member
from portal.outbox.models import DomainEventRow
from portal.projects.models import Unit

PHONE = "+8619900000901"
SIGNED = date(2024, 4, 18)


def contract(unit: Unit, number: str = "BJ-2024-001", **values: Any) -> ContractEntry:
    """Return a contract signed on 18 April 2024 unless said otherwise."""
    values.setdefault("signed_on", SIGNED)
    phone = values.pop("phone", PHONE)
    dates = [values.get(name) for name in ("signed_on", "handed_over_on", "cancelled_on")]
    return ContractEntry(
        number=number,
        unit_id=unit.id,
        phone_hash=lookup_hash("phone", phone) if phone else None,
        price=values.pop("price", 268_000_000),
        state=values.pop("state", state_of(*dates)),
        **values,
    )


def payment(percent: int = 30, number: str = "BJ-2024-001", **values: Any) -> PaymentEntry:
    """Return a payment of May 2024."""
    values.setdefault("amount", 80_400_000)
    values.setdefault("paid_on", date(2024, 5, percent % 28 + 1))
    return PaymentEntry(number=number, percent=percent, **values)


def fee(unit: Unit, period: str = "2024-10", **values: Any) -> FeeEntry:
    """Return a management fee due at the end of October 2024."""
    values.setdefault("category", "management")
    values.setdefault("due_on", date(2024, 10, 31))
    values.setdefault("amount", 42_900)
    return FeeEntry(unit_id=unit.id, period=period, **values)


def told() -> list[tuple[str, str]]:
    """Return the events about contracts and fees in the order of being told: (kind, day)."""
    rows = db.session.execute(
        sa.select(DomainEventRow.kind, DomainEventRow.data)
        .where(
            sa.or_(DomainEventRow.kind.startswith("contract."), DomainEventRow.kind == "fee.paid")
        )
        .order_by(DomainEventRow.created_at, DomainEventRow.id)
    )
    return [(kind, data["on"]) for kind, data in rows]


def phone_of(member: Member) -> str:
    """Return a member's phone."""
    phone = db.session.get_one(Account, member.account_id).phone
    assert phone is not None
    return phone
