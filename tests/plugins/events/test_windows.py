"""Windows of tiers: from when, for how much and to how many seats; nobody before their own."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import conditions, registering, service
from plugins.events.conditions import Conditions, TierTerms
from plugins.events.eligibility import Rules
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Quota, Registration
from plugins.events.policy import Terms, standing
from plugins.events.showing import to_local
from plugins.events.states import QueueRule, Seat, State
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.points.verify import verify
from portal.sdk import points_balance
from portal.tiers.models import Membership, Scheme
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_pages import DESK, LIST
from tests.plugins.events.test_races import at_once, joining
from tests.plugins.events.test_registering import join, refused

GOLD = {"zh_Hans_CN": "金卡", "en": "Gold"}


@pytest.fixture
def gold(app):
    """Make members gold."""
    scheme = factories.add(Scheme(key="club", name={"en": "Club"}, is_club=True))

    def make(member):
        factories.add(Membership(member_id=member.id, scheme_id=scheme.id, tier="gold"))
        return member

    return make


def set_window(place, occurrence, **values):
    terms = {"name": GOLD, "opens_at": occurrence.opens_at, "price": 0, "most": None} | values
    conditions.set_conditions(
        actor=place.writer,
        project=place.ref,
        occurrence=occurrence,
        wanted=Conditions(Rules(), {"gold": TierTerms(**terms)}, None, []),
        at=clock.now(),
    )
    db.session.commit()


def quota_of(occurrence, key):
    mine = sa.select(Quota).where(Quota.occurrence_id == occurrence.id, Quota.key == key)
    return db.session.scalar(mine.execution_options(populate_existing=True))


def test_nobody_registers_before_their_window(place, gold, make_activity):
    opens = clock.now() + timedelta(days=1)
    occurrence = make_activity(State.SCHEDULED, opens_at=opens)
    gold(place.member)
    set_window(place, occurrence, opens_at=opens - timedelta(hours=2))
    other = factories.make_owner(place.project)
    early, tick = opens - timedelta(hours=2), timedelta(microseconds=1)
    assert standing(occurrence, early - tick) == State.SCHEDULED
    assert refused(place, occurrence, at=early - tick) == "NOT_OPEN_FOR_YOU"
    with pytest.raises(EventError) as found:
        join(place, occurrence, other, at=opens - tick)
    db.session.rollback()
    assert (found.value.code, found.value.opens_at) == ("NOT_OPEN_FOR_YOU", opens)
    assert join(place, occurrence, at=early).state == Seat.CONFIRMED
    assert join(place, occurrence, other, at=opens).state == Seat.CONFIRMED


def test_a_later_window_keeps_its_tier_out(place, gold, make_activity):
    occurrence = make_activity(queue_rule=QueueRule.SKIP, capacity=0)
    gold(place.member)
    later = clock.now() + timedelta(hours=1)
    set_window(place, occurrence, opens_at=later)
    assert refused(place, occurrence) == "NOT_OPEN_FOR_YOU"
    with pytest.raises(EventError, match="NOT_OPEN_FOR_YOU"):
        registering.join_queue(
            occurrence_id=occurrence.id, member=place.owner, project=place.ref, at=clock.now()
        )


def test_opening_it_now_opens_it_for_everybody(place, gold, make_activity):
    opens = clock.now() + timedelta(days=1)
    occurrence = make_activity(State.SCHEDULED, opens_at=opens)
    gold(place.member)
    set_window(place, occurrence, opens_at=opens - timedelta(hours=2))
    assert occurrence.first_opens_at == opens - timedelta(hours=2)
    service.take_step(
        actor=place.writer, project=place.ref, occurrence=occurrence, step="open", at=clock.now()
    )
    assert occurrence.first_opens_at is None
    assert join(place, occurrence).state == Seat.CONFIRMED


def test_each_tier_pays_its_price(place, gold, make_activity):
    occurrence = make_activity(price=30_000)
    other = factories.make_owner(place.project)
    for member in (gold(place.member), other):
        give_points(member, 100)
    set_window(place, occurrence, price=10_000)
    assert refused(place, occurrence) == "TERMS_CHANGED"
    window = registering.window_of(occurrence.id, "gold")
    mine = join(place, occurrence, terms=Terms.of(occurrence, window).mark())
    assert (mine.charged, mine.tier) == (10_000, "gold")
    assert join(place, occurrence, other).charged == 30_000
    assert points_balance(place.owner).available == 90_000
    assert verify() == []


def test_a_tier_has_its_own_seats_within_the_total(app, place, gold, make_activity):
    occurrence = make_activity(capacity=9)
    set_window(place, occurrence, most=2)
    golden = [gold(factories.make_owner(place.project)) for _ in range(5)]
    others = [factories.make_owner(place.project) for _ in range(9)]
    acts = [joining(occurrence, each, place.project) for each in (*golden, *others)]
    db.session.rollback()
    outcomes = at_once(app, acts)
    assert outcomes["done"] == 9
    db.session.expire_all()
    total, pool = quota_of(occurrence, "total"), quota_of(occurrence, "tier:gold")
    assert total.confirmed == 9
    came = db.session.scalar(
        sa.select(sa.func.count(Registration.id)).where(Registration.tier == "gold")
    )
    assert pool.confirmed == came <= 2


def test_staff_write_windows_and_preview_a_member(app, client, place, gold, make_activity):
    occurrence = make_activity(State.SCHEDULED, opens_at=clock.now() + timedelta(days=1))
    gold(place.member)
    phone = db.session.get_one(Account, place.member.account_id).phone
    set_window(place, occurrence)
    writer = factories.sign_in(app.test_client(), place.writer)
    page = f"{DESK}{occurrence.public_id}"
    shown = writer.get(f"{page}/conditions").text
    assert "金卡" in shown
    opens = (occurrence.opens_at - timedelta(hours=3)).replace(second=0, microsecond=0)
    local = to_local(opens, place.ref).isoformat(timespec="minutes")
    late = to_local(occurrence.closes_at, place.ref).isoformat(timespec="minutes")
    wrong = {"opens_0": late, "room_1": "5"}
    assert writer.post(f"{page}/conditions", data=wrong).status_code == 422
    data = {"opens_0": local, "price_0": "5", "seats_0": "7", "children": "3",
            "extra_1_zh_Hans_CN": "大巴座位", "room_1": "4"}  # fmt: skip
    answer = writer.post(f"{page}/conditions", data=data)
    assert answer.status_code == 303
    db.session.expire_all()
    occurrence = db.session.get_one(Occurrence, occurrence.id)
    assert occurrence.first_opens_at == opens
    keys = ("tier:gold", "children", "chosen:1")
    assert [quota_of(occurrence, key).capacity for key in keys] == [7, 3, 4]
    owner = factories.sign_in(client, place.member)
    own = owner.get(f"{LIST}{occurrence.public_id}").text
    assert "您的等级" in own
    answer = owner.post(f"{LIST}{occurrence.public_id}/register", data={"terms": "x"})
    assert answer.status_code == 403
    assert "起为您开放报名" in answer.text
    typed = {"phone": phone, "at": local}
    seen = writer.post(f"{page}/preview", data=typed)
    assert seen.status_code == 200
    assert place.member.name in seen.text
    assert "大巴座位" in seen.text
    assert "您的积分不足" in seen.text
    assert writer.post(f"{page}/preview", data=typed | {"at": "9"}).status_code == 422
    assert writer.post(f"{page}/preview", data=typed | {"phone": "1"}).status_code == 422
    assert factories.sign_in(app.test_client(), place.writer).get(page).status_code == 200
