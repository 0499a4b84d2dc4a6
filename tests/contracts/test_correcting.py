"""A contract is put right by hand: told anew, and the points of the wrong price given anew."""

from datetime import date
from itertools import permutations
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.contracts.models import Contract
from portal.contracts.service import record_contracts, record_payments
from portal.earning import jobs as earning
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.members.models import Member
from portal.outbox.models import DomainEventRow
from portal.outbox.registry import DomainEvent
from portal.points.models import Transaction
from portal.points.verify import verify
from portal.projects.models import Project, Unit
from tests import factories
from tests.contracts.helpers import contract, payment, phone_of, told
from tests.earning.helpers import available, publish, rule

AT = "/p/binjiang/staff/contracts"
PER_WAN = {"kind": "per_amount", "divisor": "10000", "points": "1", "rounding": "floor"}


@pytest.fixture
def project(app: Flask) -> Project:
    return factories.make_project()


@pytest.fixture
def unit(project: Project) -> Unit:
    return factories.make_unit(project)


@pytest.fixture
def manager(client: FlaskClient, project: Project) -> FlaskClient:
    return factories.sign_in(client, factories.make_staff("manager", project))


@pytest.fixture
def buyer(project: Project, unit: Unit) -> Member:
    member = factories.make_member()
    factories.make_ownership(member, unit)
    entry = contract(unit, phone=phone_of(member), price=26_800_000_000)
    record_contracts(project_id=project.id, entries=[entry])
    record_payments(project_id=project.id, entries=[payment(30)])
    db.session.commit()
    return member


def _only() -> Contract:
    return db.session.scalars(sa.select(Contract).execution_options(populate_existing=True)).one()


def _fields(client: FlaskClient, **changed: str) -> dict[str, str]:
    """Return what the page would send, with some fields changed."""
    text = client.get(f"{AT}/{_only().public_id}/correct").text
    values = {
        "seen": text.split('name="seen"')[1].split('value="')[1].split('"')[0],
        "price": text.split('name="price"')[1].split('value="')[1].split('"')[0],
        "state": _only().state,
        "signed_on": str(_only().signed_on or ""),
        "reason": "合同总价多录了两个零",
    }
    return {**values, **changed}


def _send(client: FlaskClient, **changed: str) -> Any:
    fields = _fields(client, **changed)
    return client.post(f"{AT}/{_only().public_id}/correct", data=fields)


def test_points_for_a_wrong_price_are_given_anew_once(
    app: Flask, manager: FlaskClient, buyer: Member
) -> None:
    _publish(
        rule("bought", "contract.signed", amount=PER_WAN),
        rule("paid", "contract.paid", points="50"),
    )
    Runner(app).run_once()
    assert available(buyer) == 26_850_000
    fields = _fields(manager, price="268万")
    for expected in (303, 409):
        page = f"{AT}/{_only().public_id}/correct"
        assert manager.post(page, data=fields).status_code == expected
        Runner(app).run_once()
    assert available(buyer) == 318_000
    _deliver_all_again()
    assert available(buyer) == 318_000
    assert db.session.scalar(sa.select(sa.func.count(Transaction.id))) == 6
    assert verify() == []
    assert _send(manager, price="269万").status_code == 303
    Runner(app).run_once()
    assert available(buyer) == 319_000


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_late_news_in_any_order_come_to_the_same(
    app: Flask, manager: FlaskClient, buyer: Member, order: tuple[int, ...]
) -> None:
    """The old signing, the correction and the new signing are delivered in any order."""
    _publish(rule("bought", "contract.signed", amount=PER_WAN))
    assert _send(manager, price="268万").status_code == 303
    events = [event for event in _events() if event.kind != "contract.paid"]
    assert len(events) == 3
    for place in order:
        _deliver(events[place])
        db.session.commit()
    assert available(buyer) == 268_000


def test_a_cancellation_by_mistake_is_taken_back(
    app: Flask, manager: FlaskClient, project: Project, unit: Unit, buyer: Member
) -> None:
    _publish(rule("bought", "contract.signed", points="100"))
    entry = contract(unit, phone=None, price=26_800_000_000, cancelled_on=date(2024, 6, 1))
    record_contracts(project_id=project.id, entries=[entry])
    db.session.commit()
    Runner(app).run_once()
    assert available(buyer) == 0
    assert _send(manager, state="signed").status_code == 303
    Runner(app).run_once()
    assert available(buyer) == 100_000


def test_a_correction_is_audited_and_told(manager: FlaskClient, buyer: Member) -> None:
    before = len(told())
    assert _send(manager, signed_on="2024-04-19").status_code == 303
    assert sorted(told()[before:])[1:] == [
        ("contract.paid", "2024-05-03"),
        ("contract.signed", "2024-04-19"),
    ]
    entry = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "contracts.corrected")
    ).one()
    assert entry.facts == {"signed_on": ["2024-04-18", "2024-04-19"]}
    assert entry.reason == "合同总价多录了两个零"


def test_nothing_is_told_of_an_unknown_buyer(
    manager: FlaskClient, project: Project, unit: Unit
) -> None:
    record_contracts(project_id=project.id, entries=[contract(unit)])
    db.session.commit()
    assert _send(manager, price="1万").status_code == 303
    assert (_only().price, _only().corrections, told()) == (1_000_000, 1, [])


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"price": "a lot"},
        {"price": "-1"},
        {"price": "99999999999999999"},
        {"price": ""},
        {"price": "1", "reason": " "},
        {"price": "1", "reason": "x" * 301},
        {"state": "gold"},
        {"state": "handed_over"},
        {"state": "draft"},
        {"signed_on": "2999-01-01"},
        {"signed_on": "yesterday"},
        {"signed_on": ""},
        {"state": "cancelled", "cancelled_on": "2024-01-01"},
    ],
)
def test_what_contradicts_itself_is_refused(
    manager: FlaskClient, buyer: Member, changed: dict[str, str]
) -> None:
    sent = _send(manager, **changed)
    assert sent.status_code == 422
    assert "合同总价多录了两个零" in sent.text or "reason" in changed
    assert _only().corrections == 0


def test_who_may_correct(client: FlaskClient, project: Project, buyer: Member) -> None:
    page = f"{AT}/{_only().public_id}/correct"
    factories.sign_in(client, factories.make_staff("staff", project))
    assert client.get(page).status_code == 403
    assert "/correct" not in client.get(f"{AT}/{_only().public_id}").text
    other = factories.make_project(slug="siji", name="四季苑")
    factories.sign_in(client, factories.make_staff("manager", other))
    assert client.get(page.replace("binjiang", "siji")).status_code == 404


def _events() -> list[DomainEvent]:
    rows = db.session.scalars(
        sa.select(DomainEventRow)
        .where(DomainEventRow.kind.startswith("contract."))
        .order_by(DomainEventRow.created_at, DomainEventRow.id)
    )
    return [
        DomainEvent(
            id=row.id,
            kind=row.kind,
            project_id=row.project_id,
            subject=(row.subject_kind, row.subject_key),
            data=row.data,
            created_at=row.created_at,
        )
        for row in rows
    ]


def _deliver(event: DomainEvent) -> None:
    {
        "contract.signed": earning.on_contract_signed,
        "contract.paid": earning.on_contract_paid,
        "contract.corrected": earning.on_contract_corrected,
    }[event.kind](event)


def _deliver_all_again() -> None:
    for event in _events():
        _deliver(event)
    db.session.commit()


def _publish(*rules: dict[str, Any]) -> None:
    """Publish rules for days long past, which needs a second person."""
    publish(
        *rules,
        begins_on=date(2024, 1, 1),
        maker=factories.make_staff("club_admin"),
        actor=factories.make_staff("club_admin"),
        note="从头算起",
        correction=True,
    )
