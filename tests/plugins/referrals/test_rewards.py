"""Rewards stage by stage: once each, within caps and budget, by two persons, and taken back."""

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from plugins.referrals import posting, stages
from plugins.referrals.earning import take_back
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Batch, Budget, Lead, Quota, Reward, RewardLine
from plugins.referrals.states import State
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.sdk import points_balance
from tests import factories
from tests.plugin_host.conftest import switch_on
from tests.plugins.referrals.conftest import Place, make_rules

DESK = "/p/binjiang/staff/referrals/"
MONTH = timedelta(days=30)


def today() -> date:
    return clock.business_date("Asia/Shanghai")


def promise(place: Place, stage: str = "signed", amount: int = 8_000_000, **values: Any) -> None:
    """Add a line to the rules in force."""
    number = db.session.scalar(sa.select(sa.func.count(RewardLine.id)))
    values = {"kind": "points", "beneficiary": "owner", "at_once": True, **values}
    factories.add(
        RewardLine(
            project_id=place.project.id, campaign_id=place.rules.id, place=number + 1, stage=stage,
            amount=amount, tiers=values.pop("tiers", []), buildings=values.pop("buildings", []),
            **values,
        )
    )  # fmt: skip


def budget(place: Place, amount: int, kind: str = "points") -> None:
    factories.add(
        Budget(
            project_id=place.project.id, kind=kind, starts_on=today() - MONTH, amount=amount, used=0
        )
    )


def sell(place: Place, lead: Lead, *upto: str, actor: Account | None = None, **values: Any) -> None:
    """Let a lead visit, and reach the stages of the sale given."""
    acts = {"actor": actor or place.adviser, "project": place.ref, "lead": lead}
    at = clock.now()
    if lead.state == State.REPORTED:
        stages.note_arrival(**acts, rules=place.rules, at=at)
        stages.accept(**acts, rules=place.rules, checks=[], words="", at=at)
    for to in upto:
        stages.advance(
            **acts, rules=place.rules, to=State(to), on=today(), at=at, buyer="friend", **values
        )
    db.session.commit()


def cancel(place: Place, lead: Lead) -> None:
    stages.end(
        actor=place.manager, project=place.ref, lead=lead, to=State.CANCELLED, words="退房",
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()


def rewards() -> list[tuple[str, int, str]]:
    return [
        (row.state, row.amount, row.reason)
        for row in db.session.scalars(sa.select(Reward).order_by(Reward.created_at, Reward.id))
    ]


def used(model: Any) -> int:
    return db.session.scalar(sa.select(sa.func.sum(model.used))) or 0


def test_each_stage_earns_its_lines_once_and_points_reach_the_ledger(place, make_lead):
    promise(place, "visited", 200_000)
    promise(place, "signed", 8_000_000)
    lead = make_lead()
    sell(place, lead, "subscribed", "signed")
    sell(place, lead, "signed", "subscribed")
    assert rewards() == [("posted", 200_000, ""), ("posted", 8_000_000, "")]
    assert points_balance(place.owner).available == 8_200_000
    assert used(Quota) == 8_200_000


def test_a_cancelled_purchase_takes_everything_back_to_nought(place, make_lead):
    promise(place, "visited", 200_000)
    promise(place, "signed", 300_000, kind="cash", at_once=False)
    promise(place, "signed", 100_000, kind="cash", at_once=False, beneficiary="friend")
    budget(place, 1_000_000)
    budget(place, 1_000_000, "cash")
    lead = make_lead()
    sell(place, lead, "subscribed", "signed")
    assert used(Budget) == 600_000
    cancel(place, lead)
    assert points_balance(place.owner).available == 0
    assert sorted(rewards()) == [
        ("posted", -200_000, "cancelled"), ("posted", 200_000, ""),
        ("void", 100_000, "cancelled"), ("void", 300_000, "cancelled"),
    ]  # fmt: skip
    assert (used(Budget), used(Quota)) == (0, 0)
    posted = sa.select(sa.func.sum(Reward.amount)).where(Reward.state == "posted")
    assert db.session.scalar(posted) == 0
    take_back(project=place.ref, lead=lead, on=today())
    assert (len(rewards()), used(Budget)) == (4, 0)


def test_whoever_entered_the_stage_does_not_approve_its_reward(place, make_lead):
    promise(place, "visited", 200_000, at_once=False)
    sell(place, make_lead())
    (reward,) = db.session.scalars(sa.select(Reward))
    with pytest.raises(ReferralError, match="SAME_PERSON"):
        posting.approve(actor=place.adviser, project=place.ref, reward=reward)
    assert points_balance(place.owner).available == 0
    posting.approve(actor=place.manager, project=place.ref, reward=reward)
    db.session.commit()
    assert points_balance(place.owner).available == 200_000
    with pytest.raises(ReferralError, match="NOT_EARNED"):
        posting.approve(actor=place.manager, project=place.ref, reward=reward)


def test_what_finds_no_room_is_held(place, make_lead):
    promise(place, "visited", 200_000)
    budget(place, 300_000)
    sell(place, make_lead())
    sell(place, make_lead())
    assert rewards() == [("posted", 200_000, ""), ("held", 200_000, "CampaignLimitReached")]
    assert (used(Budget), used(Quota)) == (200_000, 200_000)


def test_an_owners_year_has_a_cap(place, make_lead):
    place.rules = make_rules(place.project, version=2, cap_points=300_000)
    promise(place, "visited", 200_000)
    sell(place, make_lead())
    sell(place, make_lead())
    assert rewards()[1] == ("held", 200_000, "ProfileLimitReached")
    sell(place, make_lead(member=factories.make_owner(place.project)))
    assert rewards()[2][0] == "posted"


def test_ladder_tiers_and_buildings(place, make_lead):
    promise(place, "visited", 100_000, to_nth=1)
    promise(place, "visited", 500_000, from_nth=2)
    promise(place, "visited", 900_000, tiers=["diamond"])
    promise(place, "subscribed", 50_000, buildings=["3"])
    first, second = make_lead(), make_lead()
    sell(place, first, "subscribed", building="2")
    sell(place, second, "subscribed", building="3")
    assert [amount for _, amount, _ in rewards()] == [100_000, 500_000, 50_000]


def test_what_is_promised_or_paid_stays(place, make_lead):
    promise(place, "visited", 200_000)
    sell(place, make_lead())
    for statement in (
        sa.update(RewardLine).values(amount=1),
        sa.delete(RewardLine),
        sa.update(Reward).values(amount=1),
        sa.update(Reward).values(state="void"),
        sa.delete(Reward),
        sa.update(Budget).values(used=-1),
    ):
        if "budget" in str(statement):
            budget(place, 10)
        with pytest.raises(DatabaseError):
            db.session.execute(statement)
        db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Batch.id))) == 0


@pytest.fixture
def finance(app, place):
    return factories.sign_in(app.test_client(), factories.make_staff("finance", place.project))


@pytest.fixture
def manager(app, place):
    return factories.sign_in(app.test_client(), place.manager)


def test_rules_promise_budgets_hold_and_finance_approves(manager, finance, place, make_lead):
    later = clock.now() + timedelta(days=2)
    form = {
        "after": "1", "title_zh_Hans_CN": "邀好友", "promise_zh_Hans_CN": "签约得现金",
        "starts_at": f"{later.astimezone(ZoneInfo('Asia/Shanghai')):%Y-%m-%dT%H:%M}",
        "protection_days": "15", "visit_days": "15", "subscribe_days": "60", "known_days": "30",
        "notice_minutes": "30", "answer_minutes": "60", "consent_hours": "48", "most_a_day": "10",
        "lines-0-amount": "3000.5", "lines-0-kind": "cash", "lines-0-stage": "visited",
        "lines-0-beneficiary": "owner", "lines-0-at_once": "y", "cap_cash": "9000",
    }  # fmt: skip
    new = f"{DESK}rules/new"
    wrong = {"lines-0-kind": "points", "lines-0-beneficiary": "friend", "lines-0-to_nth": "0"}
    assert manager.post(new, data={**form, **wrong}).status_code == 422
    assert manager.post(new, data=form).status_code == 303
    line = db.session.scalars(sa.select(RewardLine)).one()
    assert (line.amount, line.kind, line.at_once) == (300_050, "cash", False)
    shown = manager.get(new).text
    assert ("3000.5" in shown, "9000" in shown) == (True, True)
    made = make_rules(place.project, version=9, cap_cash=900_000)
    place.rules = made
    promise(place, "visited", 300_050, kind="cash", at_once=False)
    first, second = make_lead(), make_lead()
    for amount, status in (("4000", 303), ("-1", 422), ("x", 422)):
        data = {"kind": "cash", "starts_on": today().isoformat(), "amount": amount}
        assert manager.post(f"{DESK}budgets", data=data).status_code == status
    sell(place, first)
    sell(place, second)
    assert {state for state, _, _ in rewards()} == {"earned", "held"}
    low = {"kind": "cash", "starts_on": today().isoformat(), "amount": "1"}
    assert manager.post(f"{DESK}budgets", data=low).status_code == 422
    assert "¥999.5" in manager.get(f"{DESK}budgets").text
    ids = db.session.scalars(sa.select(Reward.public_id)).all()
    assert "本期活动" in finance.get(f"{DESK}rewards?state=held").text
    finance.post(f"{DESK}rewards/approve", data={"reward": ids})
    finance.post(f"{DESK}rewards/release", data={"reward": ids})
    assert {state for state, _, _ in rewards()} == {"approved", "held"}
    low["amount"] = "9000"
    assert manager.post(f"{DESK}budgets", data=low).status_code == 303
    finance.post(f"{DESK}rewards/release", data={"reward": ids})
    assert {state for state, _, _ in rewards()} == {"approved", "earned"}
    with finance.post(f"{DESK}rewards/export.csv") as sent:
        assert "3000.5" in sent.data.decode("utf-8-sig")


def test_a_payout_takes_two_and_its_totals_tie(app, finance, manager, place, make_lead):
    promise(place, "visited", 300_050, kind="cash", at_once=False)
    promise(place, "visited", 100_001, kind="cash", at_once=False, beneficiary="friend")
    first, second = make_lead(), make_lead(member=factories.make_owner(place.project))
    sell(place, first, "subscribed")
    sell(place, second, "subscribed")
    ids = db.session.scalars(sa.select(Reward.public_id)).all()
    manager.post(f"{DESK}rewards/approve", data={"reward": ids})
    answer = finance.post(f"{DESK}payouts")
    page = answer.location
    batch = db.session.scalars(sa.select(Batch)).one()
    assert (batch.total, batch.rows) == (800_102, 4)
    assert finance.post(f"{page}/approve").status_code == 409
    paid = {"paid_on": today().isoformat(), "proof": "网银 0017"}
    assert finance.post(f"{page}/pay", data=paid).status_code == 409
    cancel(place, first)
    assert manager.post(f"{page}/approve").status_code == 303
    future = {**paid, "paid_on": (today() + MONTH).isoformat()}
    assert finance.post(f"{page}/pay", data=future).status_code == 422
    assert finance.post(f"{page}/pay", data=paid).status_code == 303
    assert finance.post(f"{page}/pay", data=paid).status_code == 409
    assert finance.post(f"{page}/drop").status_code == 409
    assert "¥8,001.02" in finance.get(page).text
    with finance.post(f"{page}/export.csv") as sent:
        cells = [line.split(",") for line in sent.data.decode("utf-8-sig").splitlines()]
    amounts = [float(row[6]) for row in cells[1:]]
    assert round(sum(amounts[:-1]), 2) == amounts[-1] == 8001.02
    posted = sa.select(sa.func.sum(Reward.amount)).where(Reward.state == "posted")
    assert db.session.scalar(posted) == 800_102
    # What the cancelled purchase owes waits for the same people's next reward.
    assert finance.post(f"{DESK}payouts").location == f"{DESK}payouts"
    assert "−¥4,000.51" in finance.get(f"{DESK}payouts").text
    assert db.session.scalar(sa.select(sa.func.count(Batch.id))) == 1
    third = make_lead()
    sell(place, third)
    ids = db.session.scalars(sa.select(Reward.public_id).where(Reward.state == "earned")).all()
    manager.post(f"{DESK}rewards/approve", data={"reward": ids})
    page = finance.post(f"{DESK}payouts").location
    rows = db.session.scalars(sa.select(Batch.total).order_by(Batch.number)).all()
    assert rows == [800_102, 100_001]
    assert manager.post(f"{page}/drop").status_code == 303
    assert "作废" in finance.get(page).text


def test_rewards_are_seen_by_whom_they_are_for(app, client, finance, manager, place, make_lead):
    promise(place, "visited", 300_000, kind="cash", at_once=False)
    promise(place, "visited", 770_000, kind="cash", at_once=False, beneficiary="friend")
    promise(place, "signed", 8_000_000)
    lead = make_lead()
    sell(place, lead)
    owner = factories.sign_in(client, place.member)
    page = owner.get(f"/p/binjiang/referrals/leads/{lead.public_id}").text
    for seen in ("¥3,000", "待审批", "8,000 积分"):
        assert seen in page
    assert "¥7,700" not in page
    assert "¥7,700" in manager.get(f"{DESK}leads/{lead.public_id}").text
    verifier = factories.sign_in(app.test_client(), place.verifier)
    for path in ("rewards", "payouts", "budgets"):
        assert verifier.get(f"{DESK}{path}").status_code == 403
    other = factories.make_project(slug="siji")
    switch_on("referrals", other)
    stranger = factories.sign_in(app.test_client(), factories.make_staff("finance", other))
    (reward, _) = db.session.scalars(sa.select(Reward))
    stranger.post("/p/siji/staff/referrals/rewards/approve", data={"reward": reward.public_id})
    db.session.refresh(reward)
    assert reward.state == "earned"
