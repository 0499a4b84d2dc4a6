"""Contracts, payments, verifications and undos at the same moment: each told once, none lost."""

from collections import Counter
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.contracts.attaching import attach_homes
from portal.contracts.models import Contract, Payment
from portal.contracts.service import record_contracts, record_payments
from portal.contracts.taking_back import take_back_contracts
from portal.extensions import db
from portal.files.models import StoredFile
from portal.projects.models import Ownership, Project, Unit
from portal.roster.models import RosterImport
from tests import factories
from tests.contracts.helpers import contract, payment, phone_of, told
from tests.points.test_races import at_once

ROUNDS = 6
SIGNED, PAID = ("contract.signed", "2024-04-18"), ("contract.paid", "2024-05-03")


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def homes(project: Project) -> list[Unit]:
    return [factories.make_unit(project, number=f"1{place:02d}") for place in range(ROUNDS)]


def _no_errors(results: list[Any]) -> None:
    assert [each for each in results if isinstance(each, Exception)] == []


def test_the_same_payment_twice_is_told_once(app: Flask, project: Project, homes: Any) -> None:
    member, key = factories.make_member(), project.id
    for place, unit in enumerate(homes):
        factories.make_ownership(member, unit)
        entry = contract(unit, f"N-{place}", phone=phone_of(member))
        record_contracts(project_id=key, entries=[entry])
    payments = [payment(30, f"N-{place}") for place in range(ROUNDS)]
    acts = [
        lambda entry=entry: record_payments(project_id=key, entries=[entry]) for entry in payments
    ]
    results = at_once(app, *acts, *acts)
    _no_errors(results)
    assert Counter(each[0].fate for each in results) == {"new": ROUNDS, "unchanged": ROUNDS}
    assert Counter(told()) == {SIGNED: ROUNDS, PAID: ROUNDS}


@pytest.mark.parametrize("earlier", [True, False])
def test_a_contract_and_its_payment_find_each_other(
    app: Flask, project: Project, homes: Any, earlier: bool
) -> None:
    member, key = factories.make_member(), project.id
    acts = []
    for place, unit in enumerate(homes):
        factories.make_ownership(member, unit)
        entry = contract(unit, f"N-{place}", phone=phone_of(member))
        paid = payment(30, f"N-{place}")
        pair = [
            lambda entry=entry: record_contracts(project_id=key, entries=[entry]),
            lambda paid=paid: record_payments(project_id=key, entries=[paid]),
        ]
        acts += pair if earlier else reversed(pair)
    _no_errors(at_once(app, *acts))
    assert db.session.scalars(sa.select(Payment).where(Payment.contract_id.is_(None))).all() == []
    assert Counter(told()) == {SIGNED: ROUNDS, PAID: ROUNDS}


def test_a_verification_while_the_contract_comes(app: Flask, project: Project, homes: Any) -> None:
    """The home is looked at twice, as when an event is delivered again."""
    members, key = [factories.make_member() for _ in homes], project.id
    acts = []
    for place, (unit, member) in enumerate(zip(homes, members, strict=True)):
        entry = contract(unit, f"N-{place}", phone=phone_of(member))
        owner = (member.id, unit.id)
        acts += [
            lambda entry=entry: record_contracts(project_id=key, entries=[entry]),
            lambda owner=owner: _verify(key, *owner),
            lambda home=unit.id: attach_homes([home]),
        ]
    _no_errors(at_once(app, *acts))
    assert db.session.scalars(sa.select(Contract).where(Contract.member_id.is_(None))).all() == []
    assert Counter(told()) == {SIGNED: ROUNDS}


def test_an_undo_while_buyers_are_attached(app: Flask, project: Project, homes: Any) -> None:
    """Either a contract is told and stays, or it is gone and nothing was told of it."""
    member, key = factories.make_member(), project.id
    job = RosterImport(
        project_id=key,
        kind="contracts",
        state="done",
        file_id=_file(key).id,
    )
    db.session.add(job)
    db.session.flush()
    for place, unit in enumerate(homes):
        entry = contract(unit, f"N-{place}", phone=phone_of(member))
        record_contracts(project_id=key, entries=[entry], import_id=job.id)
        record_payments(project_id=key, entries=[payment(30, f"N-{place}")])
        factories.make_ownership(member, unit)
    import_id, buyer, ids = job.id, member.id, [unit.id for unit in homes]
    _no_errors(
        at_once(
            app,
            *(lambda home=home: attach_homes([home]) for home in ids),
            lambda: take_back_contracts(db.session.get_one(RosterImport, import_id)),
            *(lambda home=home: attach_homes([home]) for home in reversed(ids)),
        )
    )
    left = db.session.scalars(sa.select(Contract)).all()
    assert all(each.member_id == buyer for each in left)
    assert Counter(told()) == Counter({SIGNED: len(left), PAID: len(left)})
    linked = sa.select(sa.func.count()).where(Payment.contract_id.is_not(None))
    assert db.session.scalar(linked) == len(left)


def _file(project_id: int) -> StoredFile:
    return factories.add(
        StoredFile(
            kind="roster",
            owner_kind="roster_import",
            owner_key="one",
            project_id=project_id,
            storage_name="none",
            content_type="text/csv",
            sha256="0" * 64,
            size_bytes=1,
        )
    )


def _verify(project_id: int, member_id: int, unit_id: int) -> None:
    """Verify a member in a home, and do afterwards what the event of it leads to."""
    db.session.add(
        Ownership(
            project_id=project_id,
            member_id=member_id,
            unit_id=unit_id,
            role="owner",
            since=date(2023, 6, 18),
        )
    )
    db.session.commit()
    attach_homes([unit_id])
