"""Rewards by price and by fee, in periods; shares of several owners; tax with free parts."""

import random
from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError

from plugins.referrals import inviting, posting
from plugins.referrals.consent import agree_to_invitation
from plugins.referrals.measures.amounts import Basis, amount_of
from plugins.referrals.measures.entering import note_price
from plugins.referrals.measures.fitting import fits
from plugins.referrals.measures.forms import read_bands
from plugins.referrals.models import Partner, Referrer, Reward
from plugins.referrals.payout import propose
from plugins.referrals.settling import swap_home
from plugins.referrals.shares.drawing import parts, scaled
from plugins.referrals.shares.service import shares_of
from plugins.referrals.tax_bands import tax_of
from portal import clock
from portal.extensions import db
from portal.members.models import Member
from portal.plugin_host.refs import member_ref
from portal.projects.models import Ownership, Unit
from tests import factories
from tests.plugins.referrals.conftest import code_of, make_rules
from tests.plugins.referrals.test_disputes import PHONE, dispute, finish
from tests.plugins.referrals.test_rewards import (
    DESK,
    budget,
    cancel,
    promise,
    rewards,
    sell,
    today,
)

ENGLISH = {"Accept-Language": "en"}


def line(measure: str = "fixed", amount: int = 100, **values: Any) -> Any:
    """Return a line of a draft."""
    usual = {
        "stage": "signed", "beneficiary": "owner", "kind": "cash", "most": None, "bands": (),
        "buildings": [], "tiers": [], "from_nth": 1, "to_nth": None, "from_on": None,
        "until_on": None,
    }  # fmt: skip
    return SimpleNamespace(**(usual | {"measure": measure, "amount": amount} | values))


def test_amounts_are_exact() -> None:
    price = Basis(price=168_000_001)
    assert amount_of(line(), Basis()) == 100
    assert amount_of(line("percent", 50), Basis()) is None
    assert amount_of(line("percent", 50), price) == 840_000
    assert amount_of(line("percent", 50), Basis(price=100)) == 1
    assert amount_of(line("percent", 150, most=2_000_000), price) == 2_000_000
    assert amount_of(line("percent", 50, kind="points"), price) == 8_400_000
    bands = ((0, 300_000), (100_000_000, 500_000), (200_000_000, 800_000))
    by_bands = [amount_of(line("bands", 1, bands=bands), Basis(price=p)) for p in (1, 10**8, 10**9)]
    assert by_bands == [300_000, 500_000, 800_000]
    assert amount_of(line("bands", 1, bands=bands[1:]), Basis(price=1)) == 0
    fee = Basis(area=8_950, month_fee=320)
    assert amount_of(line("fee_months", 1200), fee) == 343_680
    assert amount_of(line("fee_months", 50), fee) == 14_320
    assert amount_of(line("fee_months", 1200), Basis(area=8_950)) is None


def test_a_line_has_its_days_and_rungs() -> None:
    june = line(from_on=date(2026, 6, 1), until_on=date(2026, 6, 30), from_nth=2)

    def fit(on: date, nth: int = 2) -> bool:
        return fits(june, stage="signed", building="", nth=nth, tier=lambda: None, on=on)

    assert [fit(date(2026, 6, day)) for day in (1, 30)] == [True, True]
    assert (fit(date(2026, 5, 31)), fit(date(2026, 7, 1))) == (False, False)
    assert not fit(date(2026, 6, 1), nth=1)


def test_bands_are_read_as_people_type_them() -> None:
    assert read_bands("2000000：8000，1000000: 5000.5", 100, 100) == [
        [100_000_000, 500_050], [200_000_000, 800_000],
    ]  # fmt: skip
    for text in ("", "1000000", "a: 1", "1: 2, 1: 3", "-1: 2", "1: nan", "1:2," * 9):
        assert read_bands(text, 100, 100) is None


def test_parts_are_the_whole_to_the_fen() -> None:
    rng = random.Random(8)
    for _ in range(500):
        cuts = sorted(rng.sample(range(1, 100), rng.randrange(1, 5)))
        shares = [end - start for start, end in zip([0, *cuts], [*cuts, 100], strict=True)]
        amount = rng.randrange(0, 10**9)
        cut = parts(amount, shares)
        assert sum(cut) == amount
        assert min(cut) >= 0
        off = (abs(p - amount * s / 100) for p, s in zip(cut, shares, strict=True))
        assert all(each <= 1 for each in off)
    assert parts(100, [50, 30, 20]) == [50, 30, 20]
    assert parts(1, [34, 33, 33]) == [1, 0, 0]
    assert (scaled([50, 30, 20], 2), scaled([50, 50], 2)) == ([63, 37], [50, 50])
    with pytest.raises(ValueError, match="90 percent"):
        parts(1, [50, 40])


def test_tax_has_a_free_part_and_rising_rates() -> None:
    labour = {"rate": 2000, "free": 80_000, "free_rate": 2000}
    bands = ((2_000_000, 3000), (5_000_000, 4000))
    assert tax_of(80_000, **labour).tax == 0
    assert tax_of(300_000, **labour).tax == 44_000
    assert tax_of(400_000, **labour).tax == 64_000
    # 30,000 yuan: 24,000 taxed, 20 % of 20,000 and 30 % of the rest.
    found = tax_of(3_000_000, **labour, bands=bands)
    assert (found.taxable, found.tax, found.rate) == (2_400_000, 520_000, 3000)
    assert tax_of(10_000_000, **labour, bands=bands).tax == 400_000 + 900_000 + 1_200_000
    assert (tax_of(333, rate=2000).tax, tax_of(0, rate=2000).tax) == (67, 0)


def measured(place: Any) -> None:
    """Promise the owner half a percent of the price, the friend an amount by bands."""
    usual = {"kind": "cash", "at_once": False}
    promise(place, "signed", 50, measure="percent", most=2_000_000, **usual)
    bands = [[0, 100_000], [100_000_000, 200_000]]
    promise(place, "signed", 200_000, measure="bands", bands=bands, beneficiary="friend", **usual)


def sums() -> dict[str, int]:
    """Return what stands by side: what was given less what was taken back."""
    standing = sa.select(Reward.beneficiary, sa.func.sum(Reward.amount))
    rows = db.session.execute(standing.where(Reward.state != "void").group_by(Reward.beneficiary))
    return {row[0]: int(row[1]) for row in rows}


def test_a_price_is_forecast_earned_posted_and_taken_back(app, client, place, make_lead) -> None:
    measured(place)
    budget(place, 10_000_000, "cash")
    lead = make_lead()
    factories.sign_in(client, place.member)
    page = client.get(f"/p/binjiang/referrals/leads/{lead.public_id}", headers=ENGLISH)
    assert "0.5% of the contract price, at most ¥20,000" in page.text
    assert "known with the price" in page.text
    sell(place, lead, "subscribed", "signed")
    assert rewards() == []
    desk = factories.sign_in(app.test_client(), place.adviser)
    at = f"{DESK}leads/{lead.public_id}"
    assert desk.post(f"{at}/price", data={"price": "x", "words": "合同"}).status_code == 422
    typed = {"price": "1680000.01", "words": "合同"}
    assert desk.post(f"{at}/price", data=typed).status_code == 303
    db.session.expire_all()
    assert sums() == {"owner": 840_000, "friend": 200_000}
    assert desk.post(f"{at}/price", data=typed).status_code == 409
    clerk = factories.make_staff("finance", place.project)
    for reward in db.session.scalars(sa.select(Reward)):
        posting.approve(actor=clerk, project=place.ref, reward=reward)
    batch = propose(actor=clerk, project=place.ref)
    assert batch.total == 1_040_000
    db.session.commit()
    # The price was wrong, then the friend takes another home, then none: one net sum each time.
    note_price(
        actor=place.adviser, project=place.ref, lead=lead, price=90_000_000, area=None,
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    assert sums() == {"owner": 450_000, "friend": 100_000}
    swap_home(
        actor=place.adviser, project=place.ref, lead=lead, building="9", words="换房",
        at=clock.now(),
    )  # fmt: skip
    assert sums() == {"owner": 450_000, "friend": 100_000}
    db.session.commit()
    cancel(place, lead)
    assert set(sums().values()) == {0}


def test_fee_months_are_of_ones_own_home(place, make_lead) -> None:
    place.rules = make_rules(place.project, version=2, month_fee=320)
    home = db.session.scalars(
        sa.select(Unit).join(Ownership).where(Ownership.member_id == place.member.id)
    ).one()
    home.area = 8_950
    db.session.commit()
    usual = {"kind": "cash", "at_once": False, "measure": "fee_months"}
    promise(place, "signed", 1200, **usual)
    promise(place, "signed", 600, beneficiary="friend", **usual)
    promise(place, "signed", 999, until_on=today() - timedelta(days=1))
    lead = make_lead()
    sell(place, lead, "subscribed", "signed", area=10_000)
    assert sums() == {"owner": 343_680, "friend": 192_000}


def test_an_owner_changes_no_rung_when_a_lead_is_reckoned_anew(place, make_lead) -> None:
    promise(place, "subscribed", 100_000, to_nth=1)
    promise(place, "subscribed", 500_000, from_nth=2)
    first, second = make_lead(), make_lead()
    for lead in (first, second):
        sell(place, lead, "subscribed", building="1")
    swap_home(
        actor=place.adviser, project=place.ref, lead=first, building="2", words="换房",
        at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    assert sums() == {"owner": 600_000}


@pytest.fixture
def judge(place: Any) -> Any:
    """Somebody outside the sale."""
    return factories.make_staff("manager", place.project)


def test_three_owners_share_to_the_fen(app, place, make_lead, judge) -> None:
    promise(place, "visited", 100_001, kind="cash", at_once=False)
    lead = make_lead(PHONE)
    sell(place, lead)
    found = dispute(place, lead)
    second, third = (code_of(place, factories.make_owner(place.project)) for _ in range(2))
    desk = factories.sign_in(app.test_client(), judge)
    at = f"{DESK}disputes/{found.public_id}/decide"
    data = {
        "outcome": "split", "share": "50", "other": second.code, "other_share": "30",
        "third": [third.code], "third_share": ["20"], "words": "三方都带看过",
    }  # fmt: skip
    for wrong in ({"third_share": ["19"]}, {"third": [second.code]}, {"third": ["ZZZZZZZZ"]}):
        assert desk.post(at, data=data | wrong).status_code == 422
    assert desk.post(at, data=data).status_code == 303
    finish(place, found)
    db.session.refresh(lead)
    assert shares_of(lead) == [(lead.referrer_id, 50), (second.id, 30), (third.id, 20)]
    standing = sa.select(Reward.amount).where(Reward.state == "earned")
    assert sorted(db.session.scalars(standing)) == [20_000, 30_000, 50_001]
    for referrer in (second, third):
        owner = factories.sign_in(app.test_client(), owner_account(referrer))
        page = owner.get(f"/p/binjiang/referrals/leads/{lead.public_id}", headers=ENGLISH)
        assert "of the owners' rewards are yours" in page.text
    with pytest.raises(DatabaseError):
        factories.add(
            Partner(
                project_id=lead.project_id, lead_id=lead.id, place=9, share=50,
                referrer_id=code_of(place, factories.make_owner(place.project)).id,
            )
        )  # fmt: skip
    db.session.rollback()


def owner_account(referrer: Referrer) -> Member:
    """Return the member of a referrer."""
    return db.session.get_one(Member, referrer.member_id)


def test_owners_who_had_all_invited_a_friend_share(place) -> None:
    place.rules = make_rules(place.project, version=2, shares=[50, 30, 20])
    members = [place.member, *(factories.make_owner(place.project) for _ in range(3))]
    leads = []
    for number, member in enumerate(members):
        ref = member_ref(member)
        lead, _link = inviting.invite(
            project=place.ref, member=ref, referrer=code_of(place, member), phone=PHONE,
            at=clock.now() - timedelta(minutes=30 - number),
        )  # fmt: skip
        lead.created_at = clock.now() - timedelta(minutes=30 - number)
        leads.append(lead)
    db.session.commit()
    made = agree_to_invitation(
        project=place.ref, lead=leads[1], name="周先生", phone=PHONE, words="同意", at=clock.now()
    )
    db.session.commit()
    assert made is not None
    assert [share for _, share in shares_of(made)] == [50, 30, 20]
    for lead in leads:
        db.session.refresh(lead)
    assert [(lead.state, lead.reason) for lead in leads] == [
        ("lapsed", "shared"), ("reported", ""), ("lapsed", "shared"), ("lapsed", "ReferralExpired"),
    ]  # fmt: skip
