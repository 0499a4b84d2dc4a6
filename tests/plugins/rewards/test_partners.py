"""Partners: what staff write, owners find, and a tier gets."""

import pytest
import sqlalchemy as sa

from plugins.rewards.models import ItemPartner, Partner, TierPrice
from plugins.rewards.partners import queries, service, views
from plugins.rewards.partners.service import Draft
from portal.extensions import db
from portal.sdk.testing.statements import counted
from tests import factories
from tests.tiers.helpers import install

STAFF = "/p/binjiang/staff/rewards/partners"
OWNERS = "/p/binjiang/rewards/partners"
TYPED = {
    "category": "dining",
    "phone": "0571 5550 1801",
    "place": "10",
    "name_zh_Hans_CN": "邻里咖啡",
    "address_zh_Hans_CN": "滨江大道 18 号",
    "offer--zh_Hans_CN": "饮品九折",
    "offer-gold-zh_Hans_CN": "饮品八折",
}


@pytest.fixture
def clerk(app, place):
    return factories.sign_in(app.test_client(), place.clerk)


@pytest.fixture
def owner(app, place):
    return factories.sign_in(app.test_client(), place.member)


def make(place, name="邻里咖啡", *, shown=True, **offers):
    draft = Draft("dining", "", 10, {"name": {"zh_Hans_CN": name}}, offers or {})
    made = service.write(actor=place.clerk, project=place.ref, draft=draft)
    if shown:
        service.show(actor=place.clerk, partner=made)
    db.session.commit()
    return made


def test_staff_write_a_partner_and_owners_find_it_once_it_is_shown(place, clerk, owner):
    install()
    made = clerk.post(f"{STAFF}/new", data=TYPED)
    assert made.status_code == 303
    public_id = db.session.scalars(sa.select(Partner.public_id)).one()
    partner = queries.find_partner(place.project.id, public_id)
    assert partner.offer_for("gold") == {"zh_Hans_CN": "饮品八折"}
    assert partner.offer_for("blue") == partner.offer_for(None) == {"zh_Hans_CN": "饮品九折"}
    page = f"{OWNERS}/{partner.public_id}"
    assert owner.get(page).status_code == 404
    clerk.post(f"{STAFF}/{partner.public_id}", data={"act": "show"})
    assert "饮品九折" in owner.get(OWNERS).text
    assert "滨江大道 18 号" in owner.get(page).text
    assert "邻里咖啡" in owner.get(f"{OWNERS}?q=九折&category=dining").text
    assert "邻里咖啡" not in owner.get(f"{OWNERS}?category=travel").text
    clerk.post(f"{STAFF}/{partner.public_id}", data={"act": "withdraw"})
    assert owner.get(page).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"name_zh_Hans_CN": ""},
        {"phone": "please call"},
        {"place": "0"},
        {"category": "magic"},
        {"offer--zh_Hans_CN": "九" * 121},
        {"offer-gold-zh_Hans_CN": "", "offer-gold-en": "20 off"},
    ],
)
def test_bad_input_keeps_what_was_typed(place, clerk, wrong):
    install()
    answer = clerk.post(f"{STAFF}/new", data=TYPED | wrong)
    assert answer.status_code == 422
    assert "滨江大道 18 号" in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Partner.id))) == 0


def test_the_slower_of_two_editors_is_told(place, clerk):
    made = make(place)
    url = f"{STAFF}/{made.public_id}/edit"
    assert clerk.post(url, data=TYPED | {"version": "1"}).status_code == 303
    slower = clerk.post(url, data=TYPED | {"version": "1", "phone": "110"})
    assert slower.status_code == 409
    assert db.session.get_one(Partner, made.id, populate_existing=True).phone == TYPED["phone"]


def test_an_item_is_one_partners_at_a_time(place, clerk, make_item):
    one, two, item = make(place), make(place, "江畔影城"), make_item()
    for each in (one, two):
        clerk.post(f"{STAFF}/{each.public_id}", data={"act": "give", "item": item.public_id})
    assert db.session.scalars(sa.select(ItemPartner.partner_id)).all() == [two.id]
    clerk.post(f"{STAFF}/{one.public_id}", data={"act": "take", "item": item.public_id})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ItemPartner)) == 1
    clerk.post(f"{STAFF}/{two.public_id}", data={"act": "take", "item": item.public_id})
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ItemPartner)) == 0


def test_a_partners_items_cost_what_the_members_tier_pays(place, owner, make_item, monkeypatch):
    item, made = make_item(price=720_000), make(place)
    service.give_item(actor=place.clerk, partner=made, item=item)
    factories.add(
        TierPrice(item_id=item.id, tier="gold", price=640_000, project_id=item.project_id)
    )
    db.session.commit()
    url = f"{OWNERS}/{made.public_id}"
    assert "720" in owner.get(url).text
    monkeypatch.setattr(views, "tier_of", lambda member: "gold")
    page = owner.get(url).text
    assert "640" in page
    assert "720" not in page


def test_the_list_as_a_file(place, clerk):
    make(place)
    answer = clerk.post(f"{STAFF}.csv", buffered=True)
    assert "邻里咖啡" in answer.get_data(as_text=True)


def test_pages_send_no_more_statements_for_more_partners(place, clerk, owner):
    counts = []
    for _ in range(2):
        for number in range(9):
            make(place, f"伙伴 {number}", **{"": {"zh_Hans_CN": "九折"}})
        with counted() as pages:
            assert owner.get(OWNERS).status_code == 200
        with counted() as desk:
            assert clerk.get(STAFF).status_code == 200
        counts.append((len(pages), len(desk)))
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 8
