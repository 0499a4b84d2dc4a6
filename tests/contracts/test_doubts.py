"""What staff are shown: payments without a contract, sums that do not fit, fees of nobody."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.contracts.attaching import waiting_homes
from portal.contracts.models import Contract
from portal.contracts.service import record_contracts, record_fees, record_payments
from portal.extensions import db
from portal.projects.models import Project, Unit
from tests import factories
from tests.contracts.helpers import contract, fee, payment

AT = "/p/binjiang/staff/contracts"


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def unit(project: Project) -> Unit:
    return factories.make_unit(project)


@pytest.fixture
def manager(client: FlaskClient, project: Project) -> FlaskClient:
    return factories.sign_in(client, factories.make_staff("manager", project))


def test_payments_without_a_contract_are_listed(
    manager: FlaskClient, project: Project, unit: Unit, query_count: Any
) -> None:
    record_contracts(project_id=project.id, entries=[contract(unit, "HERE-1")])
    entries = [payment(30, "HERE-1"), payment(30, "GONE-2"), payment(10, "=1+1")]
    record_payments(project_id=project.id, entries=entries)
    db.session.commit()
    with query_count() as statements:
        text = manager.get(f"{AT}/payments").text
    assert len(statements) <= 8
    assert "HERE-1" in text
    assert "GONE-2" in text
    text = manager.get(f"{AT}/payments?state=alone").text
    assert "HERE-1" not in text
    assert "GONE-2" in text
    assert "GONE-2" not in manager.get(f"{AT}/payments?q=here").text
    response = manager.post(f"{AT}/payments/export.csv?state=alone")
    sent = response.get_data().decode("utf-8-sig")
    response.close()
    assert "'=1+1" in sent
    assert "HERE-1" not in sent
    actions = set(db.session.scalars(sa.select(AuditEntry.action)))
    assert "contracts.payments_exported" in actions


@pytest.mark.parametrize(
    ("amounts", "doubtful"),
    [
        ({}, False),
        ({30: 80_400_000}, False),
        ({30: 80_400_000 + 2_680_000}, False),
        ({30: 80_400_000 + 2_680_001}, True),
        ({30: 80_400_000 - 2_680_001}, True),
        ({10: 26_800_000, 100: 241_200_000}, False),
        ({100: 268_000_001}, True),
    ],
)
def test_payments_that_do_not_fit_the_price(
    manager: FlaskClient, project: Project, unit: Unit, amounts: dict[int, int], doubtful: bool
) -> None:
    """Page and list are of one mind."""
    record_contracts(project_id=project.id, entries=[contract(unit, "N-1")])
    entries = [
        payment(percent, "N-1", amount=amount, paid_on=date(2024, 5, 1 + place))
        for place, (percent, amount) in enumerate(amounts.items())
    ]
    record_payments(project_id=project.id, entries=entries)
    db.session.commit()
    found = db.session.scalars(sa.select(Contract)).one()
    assert ("c-gold mb-3" in manager.get(f"{AT}/{found.public_id}").text) is doubtful
    assert (">N-1<" in manager.get(f"{AT}?state=uneven").text) is doubtful


def test_a_cancelled_contract_needs_no_sum(
    manager: FlaskClient, project: Project, unit: Unit
) -> None:
    entry = contract(unit, "N-1", cancelled_on=date(2024, 6, 1))
    record_contracts(project_id=project.id, entries=[entry])
    record_payments(project_id=project.id, entries=[payment(30, "N-1", amount=1)])
    db.session.commit()
    assert ">N-1<" not in manager.get(f"{AT}?state=uneven").text


def test_a_fee_from_before_the_owner_waits_for_nobody(
    manager: FlaskClient, project: Project, unit: Unit
) -> None:
    """Staff see why; the nightly look passes over it until somebody owned the home that day."""
    empty = factories.make_unit(project, number="1602")
    old = fee(unit, "2020-01", due_on=date(2020, 1, 31), paid_on=date(2020, 1, 20))
    record_fees(project_id=project.id, entries=[old, fee(empty, "2019-01")])
    db.session.commit()
    assert waiting_homes(0) == []
    factories.make_ownership(factories.make_member(), unit, since=date(2023, 6, 18))
    assert waiting_homes(0) == []
    text = manager.get(f"{AT}/fees?state=nobodys").text
    rows = {period: text.split(period)[0].rsplit("<tr>", 1)[1] for period in ("2020-01", "2019-01")}
    assert "不计入任何人" in rows["2020-01"]
    assert "不计入任何人" not in rows["2019-01"]
    factories.make_ownership(
        factories.make_member(name="陈明"), unit, since=date(2019, 1, 1),
        until=date(2023, 6, 18), end_reason="sale",
    )  # fmt: skip
    assert waiting_homes(0) == [unit.id]
