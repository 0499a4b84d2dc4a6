"""Staff register a member: by phone, with a reason, over the capacity only when they say so."""

import pytest
import sqlalchemy as sa

from plugins.events.eligibility import Rules
from plugins.events.models import Registration
from plugins.events.policy import Terms
from plugins.events.states import QueueRule, State
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.notifications.models import Notification
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_households import family
from tests.plugins.events.test_registering import join, leave, quota_of

__all__ = ["family"]


@pytest.fixture
def staff(app, place):
    return factories.sign_in(app.test_client(), place.writer)


def test_by_phone_with_a_reason_and_over_the_capacity(staff, place, family, make_activity):
    give_points(place.member, 100)
    full = make_activity(State.CLOSED, capacity=1, price=10_000, queue_rule=QueueRule.STRICT)
    full.state = State.OPEN
    db.session.commit()
    other = factories.make_owner(place.project)
    give_points(other, 10)
    taken = join(place, full, other)
    full.state = State.CLOSED
    phone = db.session.get_one(Account, place.member.account_id).phone
    page = f"/p/binjiang/staff/events/{full.public_id}/add"
    assert staff.get(page).status_code == 200
    assert staff.post(page, data={"phone": "123"}).status_code == 422
    visitor = factories.make_member()
    number = db.session.get_one(Account, visitor.account_id).phone
    assert staff.post(page, data={"phone": number}).status_code == 422
    asked = staff.post(page, data={"phone": phone})
    assert "林国栋" in asked.text
    assert db.session.scalar(sa.select(sa.func.count(Registration.id))) == 1
    data = {
        "phone": phone, "terms": Terms.of(full).mark(),
        "person": [place.member.public_id, family[2].public_id],
    }  # fmt: skip
    assert staff.post(page, data=data).status_code == 422
    data["reason"] = "来电代办"
    assert staff.post(page, data=data).status_code == 409
    assert staff.post(page, data={**data, "force": "1"}).status_code == 303
    quota = quota_of(full)
    assert (quota.confirmed, quota.forced, quota.free) == (3, 2, -2)
    made = db.session.scalars(sa.select(Registration).where(Registration.forced > 0)).one()
    assert (made.forced, made.entered_why, made.charged) == (2, "来电代办", 20_000)
    assert points_balance(place.owner).available == 80_000
    acts = sa.select(AuditEntry).where(AuditEntry.action == "events.registered_for")
    assert db.session.scalars(acts).one().facts["over_capacity"] == 2
    assert "events.confirmed" in db.session.scalars(sa.select(Notification.kind)).all()
    shown = staff.get(f"/p/binjiang/staff/events/{full.public_id}").text
    assert "来电代办" in shown
    assert staff.post(page, data={**data, "force": "1"}).status_code == 409
    leave(place, made)
    leave(place, taken)
    assert (quota_of(full).confirmed, quota_of(full).forced) == (0, 0)
    assert verify() == []


def test_a_condition_is_set_aside_with_a_reason_and_shown_so(staff, place, make_activity):
    occurrence = make_activity(rules=Rules(tiers={"gold": {"zh_Hans_CN": "金卡"}}).as_json())
    phone = db.session.get_one(Account, place.member.account_id).phone
    page = f"/p/binjiang/staff/events/{occurrence.public_id}/add"
    data = {
        "phone": phone, "terms": Terms.of(occurrence).mark(), "person": place.member.public_id,
        "reason": "下月升金卡",
    }  # fmt: skip
    assert "overrule" in staff.post(page, data={"phone": phone}).text
    assert staff.post(page, data=data).status_code == 409
    assert staff.post(page, data={**data, "overrule": "1", "reason": ""}).status_code == 422
    assert staff.post(page, data={**data, "overrule": "1"}).status_code == 303
    made = db.session.scalars(sa.select(Registration)).one()
    assert (made.overruled, made.entered_why) == ("NOT_YOUR_TIER", "下月升金卡")
    acts = sa.select(AuditEntry).where(AuditEntry.action == "events.registered_for")
    assert db.session.scalars(acts).one().facts["set_aside"] == ["NOT_YOUR_TIER"]
    assert "工作人员放宽" in staff.get(f"/p/binjiang/staff/events/{occurrence.public_id}").text
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(sa.update(Registration).values(entered_by=None))
