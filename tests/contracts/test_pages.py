"""The pages of contracts: lists, one contract, imports, the owner's home, exports, and who may."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.contracts.models import Contract
from portal.contracts.service import record_contracts, record_fees, record_payments
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Project, Unit
from portal.roster.models import RosterImport
from tests import factories
from tests.contracts.helpers import contract, fee, payment, phone_of

DATA = Path(__file__).parent / "data"
AT = "/p/binjiang/staff/contracts"


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def unit(project: Project) -> Unit:
    return factories.make_unit(project)


@pytest.fixture
def buyer(project: Project, unit: Unit) -> Member:
    """A verified owner with a contract, two payments and two fees."""
    member = factories.make_member()
    factories.make_ownership(member, unit)
    for record, entries in (
        (record_contracts, [contract(unit, phone=phone_of(member))]),
        (record_payments, [payment(30), payment(45)]),
        (record_fees, [fee(unit, paid_on=date(2024, 10, 20)), fee(unit, "2024-11")]),
    ):
        record(project_id=project.id, entries=entries)  # type: ignore[operator]
    db.session.commit()
    return member


@pytest.fixture
def manager(client: FlaskClient, project: Project) -> FlaskClient:
    return factories.sign_in(client, factories.make_staff("manager", project))


def test_the_list_is_searched_and_filtered(
    manager: FlaskClient, project: Project, unit: Unit, buyer: Member
) -> None:
    record_contracts(project_id=project.id, entries=[contract(unit, "X-9", phone=None)])
    db.session.commit()
    for query, shown in (
        ("", {"BJ-2024-001", "X-9"}),
        ("?q=bj-2024", {"BJ-2024-001"}),
        ("?q=2-1502", {"BJ-2024-001", "X-9"}),
        ("?q=" + buyer.name, {"BJ-2024-001"}),
        ("?state=waiting", {"X-9"}),
        ("?state=cancelled", set()),
        ("?q=%25", set()),
    ):
        text = manager.get(AT + query).text
        assert {number for number in ("BJ-2024-001", "X-9") if f">{number}<" in text} == shown, (
            query
        )


def test_a_contract_shows_its_payments(manager: FlaskClient, buyer: Member) -> None:
    text = manager.get(f"{AT}/{_contract().public_id}").text
    assert "45" in text
    assert "1,608,000.00" in text
    assert buyer.name in text


def test_fees_late_and_paid(manager: FlaskClient, buyer: Member) -> None:
    assert "2024-11" in manager.get(f"{AT}/fees?state=arrears").text
    assert "2024-10" not in manager.get(f"{AT}/fees?state=arrears").text
    assert "2024-10" in manager.get(f"{AT}/fees?state=paid").text


def test_exports_run_nowhere_and_are_noted(
    manager: FlaskClient, project: Project, unit: Unit
) -> None:
    record_contracts(project_id=project.id, entries=[contract(unit, "=1+1")])
    db.session.commit()
    sent = _download(manager.post(f"{AT}/export.csv"))
    rows = list(csv.reader(io.StringIO(sent.decode("utf-8-sig"))))
    assert rows[1][0] == "'=1+1"
    assert rows[1][4] == "2680000.00"
    assert _download(manager.post(f"{AT}/export.xlsx")).startswith(b"PK")
    assert manager.post(f"{AT}/export.exe").status_code == 404
    actions = set(db.session.scalars(sa.select(AuditEntry.action)))
    assert "contracts.exported" in actions


def test_a_list_is_imported_on_the_pages(
    app: Flask, manager: FlaskClient, project: Project, unit: Unit
) -> None:
    address = f"{AT}/imports"
    page = manager.get(address).text
    assert "template/payments.csv" in page
    template = _download(manager.get(f"{address}/template/fees.csv"))
    assert template.decode("utf-8-sig").startswith("楼盘,楼栋,单元,房号,费用类型")
    rows = "楼栋,房号,合同编号,手机,合同总价,签约日期\n2,1502,A-1,19900000901,268万,2024-04-18\n"
    sent = manager.post(
        address,
        data={
            "kind": "contracts",
            "file": (io.BytesIO(rows.encode()), "c.csv"),
        },
    )
    assert sent.status_code == 303
    job = db.session.scalars(sa.select(RosterImport)).one()
    assert (job.kind, job.counts["new"]) == ("contracts", 1)
    assert manager.get(f"{address}/{job.public_id}").status_code == 200
    assert manager.get(f"/p/binjiang/staff/roster/{job.public_id}").status_code == 404
    begun = manager.post(f"{address}/{job.public_id}/start", data={})
    assert begun.status_code == 303
    actions = set(db.session.scalars(sa.select(AuditEntry.action)))
    assert {"contracts.uploaded", "contracts.started"} <= actions


def test_an_unknown_kind_or_file_keeps_the_page(manager: FlaskClient, project: Project) -> None:
    for data in (
        {"kind": "gold", "file": (io.BytesIO(b"a,b\n1,2"), "c.csv")},
        {"kind": "fees", "file": (io.BytesIO(b""), "c.csv")},
        {"kind": "fees"},
    ):
        sent = manager.post(f"{AT}/imports", data=data)
        assert sent.status_code == 422


@pytest.mark.parametrize(
    ("role", "sees", "imports"),
    [("staff", 200, 403), ("finance", 200, 403), ("manager", 200, 200), ("moderator", 403, 403)],
)
def test_who_may(client: FlaskClient, project: Project, role: str, sees: int, imports: int) -> None:
    factories.sign_in(client, factories.make_staff(role, project))
    assert client.get(AT).status_code == sees
    assert client.get(f"{AT}/fees").status_code == sees
    assert client.get(f"{AT}/imports").status_code == imports


def test_other_projects_contracts_are_not_found(
    client: FlaskClient, project: Project, buyer: Member
) -> None:
    other = factories.make_project(slug="siji", name="四季苑")
    factories.sign_in(client, factories.make_staff("manager", other))
    assert client.get(f"/p/siji/staff/contracts/{_contract().public_id}").status_code == 404
    assert client.get(f"{AT}/{_contract().public_id}").status_code == 403


def test_the_owner_sees_the_own_contract(client: FlaskClient, unit: Unit, buyer: Member) -> None:
    factories.sign_in(client, buyer)
    text = client.get(f"/me/homes/{unit.public_id}").text
    assert "BJ-2024-001" in text
    assert "2024-11" in text


def test_tenants_and_later_owners_do_not(client: FlaskClient, unit: Unit, buyer: Member) -> None:
    for role in ("tenant", "co_owner"):
        other = factories.make_member(name="陈明")
        factories.make_ownership(other, unit, role=role)
        factories.sign_in(client, other)
        assert "BJ-2024-001" not in client.get(f"/me/homes/{unit.public_id}").text


def test_the_pages_take_the_same_few_statements(
    manager: FlaskClient, project: Project, unit: Unit, buyer: Member, query_count: Any
) -> None:
    def counts() -> list[int]:
        found = []
        for address in (AT, f"{AT}/fees", f"{AT}/{_contract().public_id}", f"{AT}/imports"):
            with query_count() as statements:
                assert manager.get(address).status_code == 200
            found.append(len(statements))
        return found

    before = counts()
    entries = [contract(unit, f"N-{number}", phone=None) for number in range(30)]
    record_contracts(project_id=project.id, entries=entries)
    record_fees(
        project_id=project.id,
        entries=[fee(unit, f"2023-{month:02d}") for month in range(1, 13)],
    )
    db.session.commit()
    assert counts() == before
    assert max(before) <= 8


def _contract() -> Contract:
    return db.session.scalars(sa.select(Contract).where(Contract.number == "BJ-2024-001")).one()


def _download(response: Any) -> bytes:
    data: bytes = response.get_data()
    response.close()
    return data
