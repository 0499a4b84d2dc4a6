"""Verifiers, the rules and payouts for programs: what the pages do, by the same rules."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from plugins.referrals import answering, payout, posting
from plugins.referrals.models import Campaign, Lead, Reward, Step
from plugins.referrals.models.rewards import Batch
from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests import factories
from tests.plugins.referrals.test_api import AT
from tests.plugins.referrals.test_races import at_once
from tests.plugins.referrals.test_rewards import promise, sell, today


@pytest.fixture
def call(client) -> Any:
    def call(token: str, method: str, path: str, **body: Any) -> Any:
        return client.open(
            f"{AT}/staff{path}", method=method, json=body or None,
            headers={"Authorization": f"Bearer {token}"},
        )  # fmt: skip

    return call


def rules_body(**values: Any) -> dict[str, Any]:
    """Return a draft with a fixed line, a percent with a ceiling, bands and fee months."""
    line = {"stage": "signed", "beneficiary": "owner", "kind": "cash"}
    return {
        "after": 1, "title": {"zh_Hans_CN": "邀好友"}, "promise": {"zh_Hans_CN": "到访得积分"},
        "starts_at": (clock.now() + timedelta(hours=1)).isoformat(), "protection_days": 15,
        "visit_days": 15, "subscribe_days": 60, "known_days": 30, "notice_minutes": 30,
        "answer_minutes": 60, "consent_hours": 48, "most_a_day": 10, "kin": ["spouse"],
        "cap_cash": 5_000_000, "month_fee": 350, "shares": [50, 30, 20],
        "lines": [
            {**line, "stage": "visited", "kind": "points", "amount": 200_000, "at_once": True},
            {**line, "measure": "percent", "amount": 50, "most": 1_000_000},
            {**line, "measure": "bands", "tiers": ["gold"], "buildings": ["1", "2"],
             "bands": [{"price": 0, "amount": 100_000}, {"price": 100_000_000, "amount": 200_000}]},
            {**line, "measure": "fee_months", "amount": 600, "from_nth": 2},
        ],
        **values,
    }  # fmt: skip


def test_a_verifier_scans_sees_the_checks_and_decides(call, place, make_lead):
    lead = make_lead()
    token = factories.make_token(place.verifier)
    assert call(token, "POST", "/scan", code="3333 3333").status_code == 404
    seen = call(token, "POST", "/scan", code=lead.pass_code.lower())
    assert seen.status_code == 200, seen.text
    shown = seen.json
    assert {"NoticeTooShort", "HouseholdOfReferrer"} <= {each["code"] for each in shown["checks"]}
    assert all(each["evidence"] for each in shown["checks"])
    assert lead.phone not in seen.text
    path = f"/leads/{shown['id']}"
    assert call(token, "POST", f"{path}/decision", choice="escalate").json["code"] == "NO_REASON"
    assert call(token, "POST", f"{path}/decision", choice="reject").status_code == 422
    assert call(token, "POST", f"{path}/decision", choice="x").status_code == 422
    for _ in range(2):
        assert call(token, "POST", f"{path}/arrival").json["arrived_at"]
    done = call(token, "POST", f"{path}/decision", choice="accept", words="当面核实")
    assert (done.status_code, done.json["state"]) == (200, "visited")
    again = call(token, "POST", f"{path}/decision", choice="reject", reason="NoticeTooShort")
    assert (again.status_code, again.json["code"], again.json["state"]) == (
        409, "ILLEGAL_STEP", "visited",
    )  # fmt: skip
    assert call(token, "GET", "/leads").json["items"][0]["state"] == "visited"
    stranger = factories.make_token(place.member)
    assert call(stranger, "GET", "/leads").status_code == 403
    narrow = factories.make_service_token("referrals.sales", project=place.project)
    assert call(narrow, "POST", "/scan", code=lead.pass_code).status_code == 403


def test_two_verifiers_at_once_decide_once(app, place, make_lead):
    promise(place, "visited", 200_000)
    lead_id, project = make_lead().id, place.ref
    verifier = place.verifier
    db.session.execute(sa.update(Lead).values(arrived_at=clock.now()))
    db.session.commit()

    def answering_with(choice: str) -> Any:
        def act() -> bool:
            answering.answer(
                actor=verifier, project=project, lead=_lead(lead_id), choice=choice,
                words="当面核实", reason="NoticeTooShort", at=clock.now(), may_override=True,
            )  # fmt: skip
            return True

        return act

    outcomes = at_once(app, [answering_with(each) for each in ("accept", "reject") * 3])
    assert outcomes == {"done": 1, "ILLEGAL_STEP": 5}
    steps = sa.select(sa.func.count(Step.id)).where(Step.step.in_(("accepted", "rejected")))
    assert db.session.scalar(steps) == 1


def _lead(lead_id: int) -> Lead:
    both = joinedload(Lead.campaign), joinedload(Lead.referrer)
    return db.session.scalars(sa.select(Lead).where(Lead.id == lead_id).options(*both)).one()


def test_rules_are_read_tried_published_and_go_round(call, place):
    token = factories.make_token(place.manager)
    tried = call(token, "POST", "/rules/trials", **rules_body())
    assert (tried.status_code, tried.json["leads"]) == (201, 0), tried.text
    assert tried.json["finished_at"]
    again = call(token, "GET", f"/rules/trials/{tried.json['id']}")
    assert (again.status_code, again.json) == (200, tried.json)
    made = call(token, "POST", "/rules", **rules_body())
    assert made.status_code == 201, made.text
    assert (made.json["version"], made.json["shares"]) == (2, [50, 30, 20])
    kept = call(token, "GET", f"/rules/{made.json['id']}").json
    assert [(each["measure"], each["amount"], each["most"]) for each in kept["lines"]] == [
        ("fixed", 200_000, None), ("percent", 50, 1_000_000), ("bands", None, None),
        ("fee_months", 600, None),
    ]  # fmt: skip
    assert kept["lines"][2]["bands"] == rules_body()["lines"][2]["bands"]
    # What is read can be sent again, as the next version.
    wish = {key: each for key, each in kept.items() if key not in ("id", "version")}
    assert call(token, "POST", "/rules", **wish, after=2).status_code == 201
    assert [each["version"] for each in call(token, "GET", "/rules").json["items"]] == [3, 2, 1]
    old = call(token, "POST", "/rules", **wish, after=2)
    assert (old.status_code, old.json["code"]) == (409, "CHANGED")
    for bad in (
        {"shares": [50, 30]}, {"protection_days": 14}, {"title": {"en": "x"}},
        {"starts_at": "9999-12-31T23:59:59+00:00"}, {"starts_at": "0001-01-01T00:00:00+00:00"},
        {"lines": [{**wish["lines"][0], "beneficiary": "friend"}]},
    ):  # fmt: skip
        assert call(token, "POST", "/rules", **{**wish, "after": 3, **bad}).status_code == 422, bad
    assert db.session.scalar(sa.select(sa.func.count(Campaign.id))) == 3


def test_a_past_date_is_a_correction_of_two(call, place, make_lead):
    make_lead()
    token = factories.make_token(place.manager)
    body = rules_body(starts_at=(clock.now() - timedelta(hours=12)).isoformat())
    past = call(token, "POST", "/rules", **body)
    assert (past.status_code, past.json["code"]) == (422, "PAST")
    made = call(token, "POST", "/rules/corrections", **body, words="录错")
    assert (made.status_code, made.json["leads"]) == (201, 1), made.text
    path = f"/rules/corrections/{made.json['id']}"
    assert call(token, "POST", f"{path}/confirm").json["code"] == "SAME_PERSON"
    other = factories.make_token(factories.make_staff("manager", place.project))
    done = call(other, "POST", f"{path}/confirm")
    assert (done.json["state"], done.json["version"]) == ("confirmed", 2)
    assert call(token, "POST", f"{path}/drop").json["code"] == "CORRECTED"
    assert call(token, "GET", path).json["state"] == "confirmed"


@pytest.fixture
def due(place, make_lead) -> Lead:
    """A friend whose visit earned the owner 3,000 yuan that a clerk approved."""
    promise(place, "visited", 300_000, kind="cash", at_once=False)
    lead = make_lead()
    sell(place, lead)
    finance = factories.make_staff("finance", place.project)
    posting.approve(
        actor=finance, project=place.ref, reward=db.session.scalars(sa.select(Reward)).one()
    )
    db.session.commit()
    return lead


def test_a_payout_from_batch_to_paid(call, place, due):
    first, second = (
        factories.make_token(factories.make_staff("finance", place.project)) for _ in range(2)
    )
    made = call(first, "POST", "/payouts")
    assert (made.status_code, made.json["total"], made.json["rewards"]) == (201, 300_000, 1)
    empty = call(second, "POST", "/payouts")
    assert (empty.status_code, empty.json["code"]) == (409, "NOTHING_DUE")
    path = f"/payouts/{made.json['id']}"
    proof = {"paid_on": today().isoformat(), "proof": "CMB-1"}
    early = call(first, "POST", f"{path}/pay", **proof)
    assert (early.json["code"], early.json["state"]) == ("ILLEGAL_STEP", "proposed")
    assert call(first, "POST", f"{path}/approve").json["code"] == "SAME_PERSON"
    assert call(second, "POST", f"{path}/approve").json["state"] == "approved"
    late = call(second, "POST", f"{path}/pay", paid_on="2999-01-01", proof="x")
    assert (late.status_code, late.json["code"]) == (422, "FUTURE")
    assert call(second, "POST", f"{path}/pay", **proof).json["state"] == "paid"
    for act in ("pay", "drop", "approve"):
        body = proof if act == "pay" else {}
        assert call(second, "POST", f"{path}/{act}", **body).status_code == 409
    told = call(first, "POST", f"{path}/export").json
    assert [(each["side"], each["gross"], each["net"]) for each in told["payees"]] == [
        ("owner", 300_000, 300_000)
    ]
    trail = sa.select(AuditEntry.action).where(AuditEntry.action == "referrals.payout_exported")
    assert db.session.scalars(trail).all() == ["referrals.payout_exported"]
    assert call(first, "GET", "/payouts").json["items"][0] == call(first, "GET", path).json
    narrow = factories.make_token(place.verifier)
    assert call(narrow, "GET", "/payouts").status_code == 403


def test_two_clerks_at_once_pay_once(app, place, due):
    project = place.ref
    clerks = [factories.make_staff("finance", place.project).id for _ in range(3)]

    def doing(clerk: int, act: Any, **more: Any) -> Any:
        def run() -> bool:
            batch = db.session.scalars(sa.select(Batch)).one_or_none()
            given = {"batch": batch} if batch else {}
            act(actor=db.session.get_one(Account, clerk), **given, **more)
            return True

        return run

    made = at_once(app, [doing(each, _propose, project=project) for each in clerks])
    assert made["done"] == 1
    assert set(made) <= {"done", "NOTHING_DUE", "CHANGED"}
    others = [each for each in clerks if each != db.session.scalar(sa.select(Batch.made_by))]
    db.session.rollback()
    approved = at_once(app, [doing(each, payout.approve_batch) for each in others])
    assert approved == {"done": 1, "ILLEGAL_STEP": 1}
    more = {"project": project, "on": today(), "proof": "CMB-1", "at": clock.now()}
    paid = at_once(app, [doing(each, payout.pay, **more) for each in clerks])
    assert paid == {"done": 1, "ILLEGAL_STEP": 2}
    assert db.session.scalars(sa.select(Reward.state)).all() == ["posted"]


def _propose(*, actor: Any, project: Any, batch: Any = None) -> None:
    """Propose a payout, whether there is one already or not."""
    payout.propose(actor=actor, project=project)
