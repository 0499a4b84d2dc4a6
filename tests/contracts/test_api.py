"""Contracts, payments and fees by program: service tokens, natural keys, any order."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.contracts.models import Contract, Payment
from portal.extensions import db
from portal.projects.models import Project
from tests import factories
from tests.contracts.helpers import phone_of, told

AT = "/api/v1/p/binjiang/staff/contracts"
HOME = {"building": "2栋", "home": "1502"}
CONTRACT = {
    **HOME, "number": "BJ-1", "phone": "199 0000 0901", "price": 268_000_000,
    "signed_on": "2024-04-18",
}  # fmt: skip
PAYMENT = {"number": "BJ-1", "percent": 30, "amount": 80_400_000, "paid_on": "2024-05-03"}
FEE = {**HOME, "period": "2024-10", "amount": 42_900}


@pytest.fixture
def project(app: Flask) -> Project:
    project = factories.make_project()
    factories.make_unit(project, building="2栋")
    return project


@pytest.fixture
def send(client: FlaskClient, project: Project) -> Any:
    token = factories.make_service_token("contracts.view", "contracts.import", project=project)

    def send(path: str, *items: Any, method: str = "POST") -> Any:
        return client.open(
            AT + path,
            method=method,
            json={"items": items} if items else None,
            headers={"Authorization": f"Bearer {token}"},
        )

    return send


def fates(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["code"] or each["fate"] for each in answer.json["items"]]


def test_payments_may_come_before_their_contract(send: Any) -> None:
    assert fates(send("/payments", PAYMENT)) == ["new"]
    assert db.session.scalars(sa.select(Payment.contract_id)).one() is None
    assert fates(send("", CONTRACT)) == ["new"]
    assert fates(send("/payments", PAYMENT)) == ["unchanged"]
    assert fates(send("", CONTRACT, CONTRACT)) == ["unchanged", "unchanged"]
    contract = db.session.scalars(sa.select(Contract)).one()
    shown = send(f"/{contract.public_id}", method="GET").json
    assert [payment["percent"] for payment in shown["payments"]] == [30]
    assert shown["member_id"] is None


def test_only_what_changes_something_is_audited(send: Any) -> None:
    for _ in range(2):
        send("", CONTRACT)
    rows = db.session.scalars(
        sa.select(AuditEntry.facts).where(AuditEntry.action == "contracts.recorded")
    ).all()
    assert rows == [{"what": "contracts", "new": 1, "changed": 0, "refused": 0}]


def test_the_others_are_kept_when_one_is_refused(send: Any) -> None:
    answer = send(
        "",
        CONTRACT,
        {**CONTRACT, "price": 1},
        {**CONTRACT, "number": "BJ-2", "home": "9999"},
        {**CONTRACT, "number": "BJ-3", "phone": "12"},
        {**CONTRACT, "number": "BJ-4", "handed_over_on": "2024-01-01"},
        {**CONTRACT, "number": "BJ-5", "state": "handed_over"},
    )
    assert fates(answer) == [
        "new", "same_key", "unit_unknown", "bad_phone", "dates_order", "missing_date",
    ]  # fmt: skip
    assert answer.json["items"][2]["sentence"]
    assert fates(send("", {**CONTRACT, "price": 1})) == ["other_price"]


@pytest.mark.parametrize(
    ("path", "item"),
    [
        ("", {**CONTRACT, "price": -1}),
        ("", {**CONTRACT, "price": 10**12 + 1}),
        ("", {**CONTRACT, "price": 2.5}),
        ("", {**CONTRACT, "signed_on": "18.04.2024"}),
        ("", {**CONTRACT, "colour": "red"}),
        ("/payments", {**PAYMENT, "percent": 101}),
        ("/payments", {**PAYMENT, "amount": 0}),
        ("/fees", {**FEE, "category": "gold"}),
    ],
)
def test_bad_bodies_are_field_errors(send: Any, path: str, item: Any) -> None:
    answer = send(path, item)
    assert answer.status_code == 422
    assert answer.json["errors"]


def test_fees_are_kept_and_listed(send: Any, project: Project) -> None:
    assert fates(send("/fees", FEE, {**FEE, "period": "2024-13"})) == ["new", "bad_period"]
    assert fates(send("/fees", {**FEE, "paid_on": "2024-11-02"})) == ["changed"]
    (fee,) = send("/fees?state=paid", method="GET").json["items"]
    assert (fee["period"], fee["due_on"], fee["paid_on"]) == (
        "2024-10", "2024-10-31", "2024-11-02",
    )  # fmt: skip


def test_a_verified_buyer_is_told_of(send: Any, project: Project) -> None:
    member = factories.make_member()
    unit = factories.make_unit(project, building="2栋", number="1602")
    factories.make_ownership(member, unit)
    send("", {**CONTRACT, "home": "1602", "phone": phone_of(member)})
    assert told() == [("contract.signed", "2024-04-18")]


def test_rights_hold(client: FlaskClient, project: Project) -> None:
    other = factories.make_project(slug="siji", name="四季苑")
    for scopes, where, status in (
        (["contracts.view"], project, 403),
        (["contracts.view", "contracts.import"], other, 401),
    ):
        token = factories.make_service_token(*scopes, project=where)
        answer = client.post(
            AT, json={"items": [CONTRACT]}, headers={"Authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status
