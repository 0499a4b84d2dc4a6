"""What tiers sum: paid, owed and bought, by member and by household; and what an erasure leaves."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.contracts import privacy, queries
from portal.contracts.models import Contract, Fee
from portal.contracts.queries import Party
from portal.contracts.service import record_contracts, record_fees, record_payments
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Project
from tests import factories
from tests.contracts.helpers import contract, fee, payment, phone_of


@pytest.fixture
def buyer(app: Flask) -> Member:
    """Two homes of 143 m², one of them given back; payments, a fee paid and two open."""
    project: Project = factories.make_project()
    member = factories.make_member()
    home, other = factories.make_unit(project), factories.make_unit(project, number="1602")
    for unit in (home, other):
        factories.make_ownership(member, unit)
    phone = phone_of(member)
    kept = contract(home, phone=phone)
    given_back = contract(other, "BJ-2", phone=phone, cancelled_on=date(2024, 6, 1))
    record_contracts(project_id=project.id, entries=[kept, given_back])
    record_payments(
        project_id=project.id,
        entries=[payment(30, amount=500), payment(45, amount=300), payment(10, "BJ-2", amount=7)],
    )
    record_fees(
        project_id=project.id,
        entries=[
            fee(home, "2024-10", amount=40, paid_on=date(2024, 10, 20)),
            fee(home, "2024-11", amount=41, due_on=date(2024, 11, 30)),
            fee(home, "2024-12", amount=42, due_on=date(2024, 12, 31), paid_on=date(2025, 1, 9)),
        ],
    )
    db.session.commit()
    return member


def rows(statement: Any) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.session.execute(statement)]


def test_windows_are_half_open(buyer: Member) -> None:
    day = date(2024, 5, 18)
    for since, until, amount in (
        (date(2024, 1, 1), date(2025, 1, 1), 800),
        (date(2024, 1, 1), day, 500),
        (day, date(2024, 5, 19), 300),
    ):
        assert rows(queries.paid_for_homes(since=since, until=until)) == [(buyer.id, amount)]
    both = queries.paid(since=date(2024, 1, 1), until=date(2025, 1, 1), by=Party.HOUSEHOLD)
    assert rows(both) == [(buyer.household_id, 840)]
    assert rows(queries.paid(since=day, until=day)) == []


def test_arrears_are_those_of_the_day(buyer: Member) -> None:
    november, december = date(2024, 11, 30), date(2024, 12, 31)
    assert rows(queries.arrears(on=november)) == []
    assert rows(queries.arrears(on=december)) == [(buyer.id, 41, 1, november)]
    assert rows(queries.arrears(on=date(2025, 1, 5))) == [(buyer.id, 83, 2, november)]
    assert rows(queries.arrears(on=date(2025, 1, 10))) == [(buyer.id, 41, 1, november)]


def test_homes_in_force_count(buyer: Member) -> None:
    signed = date(2024, 4, 18)
    assert rows(queries.homes_bought(on=date(2024, 4, 17))) == []
    assert rows(queries.homes_bought(on=signed)) == [
        (buyer.id, 2, 28_600, 536_000_000, signed),
    ]
    assert rows(queries.homes_bought(on=date(2024, 6, 1))) == [
        (buyer.id, 1, 14_300, 268_000_000, signed),
    ]


def test_an_export_has_everything_and_an_erasure_leaves_the_books(buyer: Member) -> None:
    parts = {part.name: list(part.rows) for part in privacy.export_member_data(buyer)}
    assert [len(parts[name]) for name in ("contracts", "contract_payments", "home_fees")] == [
        2, 3, 3,
    ]  # fmt: skip
    assert parts["contracts"][0]["price"] == "2680000.00"
    assert len(privacy.erasure_notes(buyer)) == 1
    privacy.erase_member_data(buyer)
    db.session.commit()
    kept = sa.select(Contract.member_id, Contract.household_id, Contract.phone_hash, Contract.price)
    assert set(rows(kept)) == {(None, None, None, 268_000_000)}
    assert set(rows(sa.select(Fee.member_id, Fee.household_id))) == {(None, None)}
    assert privacy.erasure_notes(buyer) == []
