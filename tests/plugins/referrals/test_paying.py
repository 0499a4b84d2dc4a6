"""Tax and statements, another home, exclusions at the payout: everything ties to the fen."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from plugins.referrals import consent, payout, posting, settling, taxing
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Batch, PayeeLine, Quota, Reward, TaxClass
from portal import clock
from portal.extensions import db
from portal.points.models import Transaction
from portal.sdk import points_balance
from tests import factories
from tests.plugins.referrals.test_rewards import (
    DESK,
    MONTH,
    cancel,
    promise,
    rewards,
    sell,
    today,
    used,
)


@pytest.fixture
def finance(place):
    """Two of the finance office."""
    return [factories.make_staff("finance", place.project) for _ in range(2)]


def approve_all(place, clerk):
    for reward in db.session.scalars(sa.select(Reward).where(Reward.state == "earned")).all():
        posting.approve(actor=clerk, project=place.ref, reward=reward)
    db.session.commit()


def pay_all(place, finance):
    """Propose, approve and pay everything that is due; return the payout."""
    made = payout.propose(actor=finance[0], project=place.ref)
    payout.approve_batch(actor=finance[1], batch=made)
    payout.pay(
        actor=finance[1], project=place.ref, batch=made, on=today(), proof="0017", at=clock.now()
    )
    db.session.commit()
    return made


def lines(batch):
    """Return (gross, tax, net) of each payee of a payout."""
    found = db.session.scalars(sa.select(PayeeLine).where(PayeeLine.batch_id == batch.id))
    return sorted((each.gross, each.tax, each.net) for each in found)


def swap(place, lead, building):
    settling.swap_home(
        actor=place.manager, project=place.ref, lead=lead, building=building, words="换房",
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()


def test_another_home_is_one_net_line_and_a_cancelled_purchase_a_debt(place, make_lead, finance):
    promise(place, "subscribed", 300_001, kind="cash", at_once=False, buildings=["2"])
    promise(place, "subscribed", 500_003, kind="cash", at_once=False, buildings=["3"])
    promise(place, "subscribed", 100_000, kind="cash", at_once=False, beneficiary="friend")
    promise(place, "signed", 200_000, buildings=["2"])
    for rate, day in ((2000, today() - MONTH), (1000, today() + MONTH)):
        taxing.write_rate(
            actor=finance[0], project=place.ref, tax_class=TaxClass.INCIDENTAL, rate=rate,
            starts_on=day,
        )  # fmt: skip
    lead = make_lead()
    sell(place, lead, "subscribed", "signed", building="2")
    approve_all(place, finance[0])
    first = pay_all(place, finance)
    assert lines(first) == [(100_000, 20_000, 80_000), (300_001, 60_000, 240_001)]
    with pytest.raises(ReferralError, match="NOTHING_NEW"):
        swap(place, lead, "2")
    swap(place, lead, "3")
    assert points_balance(place.owner).available == 0
    with pytest.raises(ReferralError, match="NOTHING_DUE"):
        payout.propose(actor=finance[0], project=place.ref)
    db.session.rollback()
    approve_all(place, finance[0])
    second = pay_all(place, finance)
    # What the home before had given is off; what the friend gets is the same as before.
    assert lines(second) == [(0, 0, 0), (200_002, 40_000, 160_002)]
    cancel(place, lead)
    posted = sa.select(sa.func.sum(Reward.amount))
    cash = sa.and_(Reward.kind == "cash", Reward.state == "posted")
    owed = sa.and_(Reward.kind == "cash", Reward.state == "approved")
    paid = db.session.scalar(sa.select(sa.func.sum(Batch.total)).where(Batch.state == "paid"))
    assert paid == db.session.scalar(posted.where(cash)) == 600_003
    assert db.session.scalar(posted.where(owed)) == -600_003
    gross = sa.select(sa.func.sum(PayeeLine.gross), sa.func.sum(PayeeLine.tax + PayeeLine.net))
    assert tuple(db.session.execute(gross).one()) == (600_003, 600_003)
    # Points: what the rewards say is what the ledger says.
    points = posted.where(Reward.kind == "points", Reward.state == "posted")
    assert db.session.scalar(points) == points_balance(place.owner).available == 0
    kept = sa.select(sa.func.count(Transaction.id)).where(
        Transaction.id.in_(sa.select(Reward.posting_id))
    )
    assert db.session.scalar(kept) == 2
    with pytest.raises(DatabaseError):
        db.session.execute(sa.update(PayeeLine).values(net=0, gross=0, tax=0))


def test_who_joined_the_staff_is_held_at_the_payout(app, client, place, make_lead, finance):
    promise(place, "visited", 300_000, kind="cash", at_once=False)
    promise(place, "visited", 200_000, at_once=False)
    lead = make_lead()
    sell(place, lead)
    cash = db.session.scalars(sa.select(Reward).where(Reward.kind == "cash")).one()
    posting.approve(actor=finance[0], project=place.ref, reward=cash)
    factories.make_staff("adviser", place.project, phone=lead.phone)
    db.session.commit()
    with pytest.raises(ReferralError, match="NOTHING_DUE"):
        payout.propose(actor=finance[0], project=place.ref)
    db.session.commit()
    desk = factories.sign_in(client, finance[1])
    desk.post(f"{DESK}rewards/approve", data={"reward": [each.public_id for each in all_of()]})
    db.session.expire_all()
    assert {(state, reason) for state, _, reason in rewards()} == {("held", "StaffExcluded")}
    assert points_balance(place.owner).available == 0


def all_of():
    return db.session.scalars(sa.select(Reward)).all()


def test_pages_of_tax_statement_and_swap(app, client, place, make_lead, finance):
    desk = factories.sign_in(client, finance[0])
    rate = {"tax_class": "labour", "rate": "12.5", "starts_on": today().isoformat()}
    for wrong in ({"rate": "101"}, {"tax_class": "none"}, {"starts_on": "x"}):
        assert desk.post(f"{DESK}tax", data={**rate, **wrong}).status_code == 422
    assert desk.post(f"{DESK}tax", data=rate).status_code == 303
    assert desk.post(f"{DESK}tax", data=rate).status_code == 409
    assert "12.5%" in desk.get(f"{DESK}tax").text
    promise(place, "subscribed", 80_001, kind="cash", at_once=False)
    lead = make_lead()
    sell(place, lead, "subscribed", building="2")
    approve_all(place, finance[0])
    page = desk.post(f"{DESK}payouts").location
    assert "¥700.01" in desk.get(page).text
    with desk.post(f"{page}/statement.csv") as sent:
        assert "800.01" in sent.data.decode("utf-8-sig")
    second = factories.sign_in(app.test_client(), finance[1])
    second.post(f"{page}/approve")
    second.post(f"{page}/pay", data={"paid_on": today().isoformat(), "proof": "1"})
    manager = factories.sign_in(app.test_client(), place.manager)
    at = f"{DESK}leads/{lead.public_id}"
    assert manager.post(f"{at}/swap", data={"building": "3", "words": ""}).status_code == 422
    assert manager.post(f"{at}/swap", data={"building": "3", "words": "换房"}).status_code == 303
    assert manager.post(f"{at}/swap", data={"building": "3", "words": "换房"}).status_code == 409
    assert sorted(amount for _, amount, _ in rewards()) == [-80_001, 80_001, 80_001]
    assert "−¥800.01" in desk.get(f"{DESK}payouts").text


def test_a_withdrawn_consent_lapses_what_was_not_given(place, make_lead, finance):
    promise(place, "visited", 200_000)
    promise(place, "subscribed", 300_000, kind="cash", at_once=False)
    promise(place, "signed", 100_000, kind="cash", at_once=False, beneficiary="friend")
    lead = make_lead()
    sell(place, lead, "subscribed")
    approve_all(place, finance[0])
    paid = pay_all(place, finance)
    sell(place, lead, "signed")
    approve_all(place, finance[0])
    batch = payout.propose(actor=finance[0], project=place.ref)
    payout.approve_batch(actor=finance[1], batch=batch)
    consent.withdraw(project=place.ref, lead=lead, at=clock.now())
    db.session.commit()
    with pytest.raises(ReferralError, match="PAYOUT_WITHDRAWN"):
        payout.pay(
            actor=finance[1], project=place.ref, batch=batch, on=today(), proof="1", at=clock.now()
        )
    db.session.rollback()
    payout.drop(actor=finance[1], batch=batch)
    db.session.commit()
    # Points and cash that were given stay, without the friend's name.
    assert sorted(rewards()) == [
        ("posted", 200_000, ""), ("posted", 300_000, ""), ("void", 100_000, "withdrawn"),
    ]  # fmt: skip
    assert points_balance(place.owner).available == 200_000
    assert (paid.total, lead.name, used(Quota)) == (300_000, "", 500_000)
