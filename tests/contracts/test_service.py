"""Contracts, payments and fees by their natural keys: once, in any order, told when the buyer is
known."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.contracts.models import Contract, Fee, Payment
from portal.contracts.service import record_contracts, record_fees, record_payments
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.jobs.service import enqueue
from portal.outbox.models import DomainEventRow
from portal.projects.models import Project, Unit
from portal.projects.service import add_ownership
from tests import factories
from tests.contracts.helpers import contract, fee, payment, phone_of, told


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def unit(project: Project) -> Unit:
    return factories.make_unit(project)


def keep(project: Project, *entries: Any) -> list[str]:
    """Record entries one by one; return what became of each: its fate, or why it was refused."""
    fates = []
    for entry in entries:
        record = {
            "ContractEntry": record_contracts,
            "PaymentEntry": record_payments,
            "FeeEntry": record_fees,
        }[type(entry).__name__]
        (verdict,) = record(project_id=project.id, entries=[entry])  # type: ignore[operator]
        fates.append(verdict.code or verdict.fate)
    db.session.commit()
    return fates


def test_what_is_sent_again_changes_nothing(project: Project, unit: Unit) -> None:
    entries = [contract(unit), payment(), fee(unit, paid_on=date(2024, 10, 20))]
    assert keep(project, *entries) == ["new"] * 3
    before = {model: _rows(model) for model in (Contract, Payment, Fee)}
    assert keep(project, *entries) == ["unchanged"] * 3
    assert {model: _rows(model) for model in (Contract, Payment, Fee)} == before
    assert told() == []


def test_a_verified_buyer_is_known_at_once(project: Project, unit: Unit) -> None:
    member = factories.make_member()
    factories.make_ownership(member, unit)
    keep(project, contract(unit, phone=phone_of(member)), payment(30), payment(45))
    kept = db.session.scalars(sa.select(Contract)).one()
    assert (kept.member_id, kept.household_id) == (member.id, member.household_id)
    assert told() == [
        ("contract.signed", "2024-04-18"),
        ("contract.paid", "2024-05-03"),
        ("contract.paid", "2024-05-18"),
    ]
    event = db.session.scalars(
        sa.select(DomainEventRow).where(DomainEventRow.kind == "contract.paid").limit(1)
    ).one()
    assert event.subject_key == kept.public_id
    assert set(event.data) == {"unit", "member", "on", "corrections", "payment", "percent"}
    assert event.data["member"] == member.public_id


@pytest.mark.parametrize("order", list(permutations(range(4))))
def test_any_order_ends_alike(
    app: Flask, project: Project, unit: Unit, order: tuple[int, ...]
) -> None:
    """Signing, handover, a payment, and the verification: each told once, with its own day."""
    member = factories.make_member()
    phone = phone_of(member)
    acts = [
        lambda: keep(project, contract(unit, phone=phone)),
        lambda: keep(project, contract(unit, phone=phone, handed_over_on=date(2025, 6, 1))),
        lambda: keep(project, payment(30)),
        lambda: _verify(app, unit, member),
    ]
    for place in order:
        acts[place]()
    assert sorted(told()) == [
        ("contract.handed_over", "2025-06-01"),
        ("contract.paid", "2024-05-03"),
        ("contract.signed", "2024-04-18"),
    ]
    kept = db.session.scalars(sa.select(Contract)).one()
    assert (kept.state, kept.member_id) == ("handed_over", member.id)


def test_someone_else_in_the_home_gets_nothing(app: Flask, project: Project, unit: Unit) -> None:
    keep(project, contract(unit), payment())
    _verify(app, unit, factories.make_member())
    assert db.session.scalars(sa.select(Contract.member_id)).one() is None
    assert told() == []


def test_the_phone_of_the_roster_counts(app: Flask, project: Project, unit: Unit) -> None:
    """The claim was verified against the roster, whose phone is the one of the contract."""
    member = factories.make_member()
    old = factories.make_phone()
    account = factories.make_account()
    factories.make_roster_entry(unit, account, phone=old, claimed_by_id=member.id)
    keep(project, contract(unit, phone=old))
    _verify(app, unit, member)
    assert told() == [("contract.signed", "2024-04-18")]


def test_the_nightly_look_finds_what_was_missed(app: Flask, project: Project, unit: Unit) -> None:
    member = factories.make_member()
    keep(project, contract(unit, phone=phone_of(member)))
    factories.make_ownership(member, unit)
    enqueue(kind="contracts.sweep")
    db.session.commit()
    Runner(app).run_once()
    assert told() == [("contract.signed", "2024-04-18")]


def test_a_fee_is_the_owners_of_the_day(app: Flask, project: Project, unit: Unit) -> None:
    seller, buyer = factories.make_member(), factories.make_member(name="陈明")
    day = date(2024, 11, 15)
    factories.make_ownership(seller, unit, since=date(2023, 6, 1), until=day, end_reason="sale")
    factories.make_ownership(buyer, unit, since=day)
    keep(
        project,
        fee(unit, "2024-10", due_on=date(2024, 10, 31)),
        fee(unit, "2024-11", due_on=day),
        fee(unit, "2023-01", due_on=date(2023, 1, 31)),
    )
    payers = dict(db.session.execute(sa.select(Fee.period, Fee.member_id)).all())  # type: ignore[arg-type]
    assert payers == {"2024-10": seller.id, "2024-11": buyer.id, "2023-01": None}


def test_a_fee_is_told_when_it_is_paid(app: Flask, project: Project, unit: Unit) -> None:
    factories.make_ownership(factories.make_member(), unit)
    owed, paid = fee(unit), fee(unit, paid_on=date(2024, 12, 1))
    assert keep(project, owed, paid, owed, paid) == ["new", "changed", "unchanged", "unchanged"]
    assert told() == [("fee.paid", "2024-12-01")]
    assert keep(project, fee(unit, paid_on=date(2024, 12, 2))) == ["fee_paid_already"]


def test_fees_wait_for_the_owner(app: Flask, project: Project, unit: Unit) -> None:
    keep(project, fee(unit, paid_on=date(2024, 10, 20)))
    _verify(app, unit, factories.make_member())
    assert told() == [("fee.paid", "2024-10-20")]


def test_an_exchange_leads_to_the_new_contract(project: Project, unit: Unit) -> None:
    member = factories.make_member()
    other = factories.make_unit(project, number="1602")
    for each in (unit, other):
        factories.make_ownership(member, each)
    phone = phone_of(member)
    old = contract(unit, phone=phone, cancelled_on=date(2024, 6, 1), replaced_by="BJ-2024-077")
    keep(project, contract(other, "BJ-2024-077", phone=phone, signed_on=date(2024, 6, 1)), old)
    data = db.session.scalars(
        sa.select(DomainEventRow.data).where(DomainEventRow.kind == "contract.cancelled")
    ).one()
    new = db.session.scalars(sa.select(Contract).where(Contract.number == "BJ-2024-077")).one()
    assert data["replaced_by"] == new.public_id


def test_contradictions_are_refused(project: Project, unit: Unit) -> None:
    other = factories.make_unit(project, number="1602")
    first = contract(unit)
    keep(project, first, payment(30))
    assert keep(
        project,
        first._replace(price=1),
        first._replace(unit_id=other.id),
        first._replace(signed_on=date(2024, 4, 19)),
        contract(unit, handed_over_on=date(2024, 4, 1)),
        payment(30, amount=1),
        payment(20, paid_on=date(2024, 6, 1)),
        payment(45, paid_on=date(2024, 5, 1)),
    ) == [
        "other_price", "other_home", "other_date", "dates_order", "other_payment",
        "percent_order", "percent_order",
    ]  # fmt: skip
    assert db.session.scalars(sa.select(Contract.state)).one() == "signed"


def test_an_older_state_does_not_turn_back(project: Project, unit: Unit) -> None:
    done = contract(unit, handed_over_on=date(2025, 6, 1))
    assert keep(project, done, contract(unit)) == ["new", "unchanged"]
    assert db.session.scalars(sa.select(Contract.state)).one() == "handed_over"


def _verify(app: Flask, unit: Unit, member: Any) -> None:
    add_ownership(actor=None, unit=unit, member=member, role="owner", since=date(2023, 6, 18))
    db.session.commit()
    Runner(app).run_once()
    db.session.expire_all()


def _rows(model: Any) -> list[Any]:
    return list(db.session.execute(sa.select(*model.__table__.columns).order_by(model.id)))
