"""The pages: what owners and staff see and may do, and that they cost the same however many."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events.models import Occurrence, Quota, Registration
from plugins.events.policy import Terms
from plugins.events.showing import to_local
from plugins.events.states import Seat, State
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.plugin_host.refs import project_ref
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_registering import join

LIST = "/p/binjiang/events/"
DESK = "/p/binjiang/staff/events/"


@pytest.fixture
def owner(client, place):
    return factories.sign_in(client, place.member)


@pytest.fixture
def writer(app, place):
    return factories.sign_in(app.test_client(), place.writer)


@pytest.fixture
def reviewer(app, place):
    return factories.sign_in(app.test_client(), place.reviewer)


def form(project, **changed):
    now = to_local(clock.now().replace(second=0, microsecond=0), project_ref(project))
    moments = {
        "starts_at": now + timedelta(days=3),
        "ends_at": now + timedelta(days=3, hours=2),
        "opens_at": now - timedelta(hours=1),
        "closes_at": now + timedelta(days=2),
        "cancel_until": now + timedelta(days=1),
    }
    return {
        **{name: f"{at:%Y-%m-%dT%H:%M}" for name, at in moments.items()},
        "category": "family",
        "cover": "sports",
        "capacity": "",
        "queue_rule": "skip",
        "price": "50",
        "deposit": "0",
        "title_zh_Hans_CN": "亲子运动会",
        "place_zh_Hans_CN": "中央草坪",
        "about_zh_Hans_CN": "接力与拔河",
        **changed,
    }


def only():
    return db.session.scalar(sa.select(Occurrence))


def test_from_the_first_draft_to_a_ticket(owner, writer, reviewer, place):
    give_points(place.member, 50)
    made = writer.post(f"{DESK}new", data=form(place.project))
    assert made.status_code == 303
    page = f"{DESK}{only().public_id}"
    assert made.location == f"{page}/preview"
    assert "立即报名" in writer.get(f"{page}/preview").text
    shown = f"{LIST}{only().public_id}"
    assert owner.get(shown).status_code == 404
    assert writer.post(f"{page}/step", data={"step": "submit"}).status_code == 303
    assert writer.post(f"{page}/step", data={"step": "approve"}).status_code == 409
    assert reviewer.post(f"{page}/step", data={"step": "approve"}).status_code == 303
    assert "亲子运动会" in owner.get(LIST).text
    assert "可以报名" in owner.get(shown).text
    answer = owner.post(f"{shown}/register", data={"terms": Terms.of(only()).mark()})
    assert answer.status_code == 303
    ticket = owner.get(answer.location).text
    assert "data:image/svg+xml" in ticket
    assert "已付 50 积分" in ticket
    assert "取消我的报名" in ticket
    assert "查看我的票" in owner.get(shown).text
    assert "亲子运动会" in owner.get(f"{LIST}mine").text
    assert "您已报名" in owner.get("/p/binjiang/").text
    assert "<mark>运动</mark>" in owner.get("/p/binjiang/search?q=运动").text
    assert owner.post(f"{answer.location}/cancel").status_code == 303
    assert "已退回 50 积分" in owner.get(answer.location).text


def test_a_second_click_leads_to_the_same_ticket(owner, make_activity):
    occurrence = make_activity()
    data = {"terms": Terms.of(occurrence).mark()}
    address = f"{LIST}{occurrence.public_id}/register"
    first, second = owner.post(address, data=data), owner.post(address, data=data)
    assert (second.status_code, second.location) == (303, first.location)


@pytest.mark.parametrize(
    ("state", "values", "status", "says"),
    [
        (State.SCHEDULED, {"opens_at": clock.now() + timedelta(hours=5)}, 403, "报名尚未开始"),
        (State.OPEN, {"capacity": 0}, 409, "本场不接受报名"),
        (State.OPEN, {"price": 9_000}, 409, "您的积分不足"),
        (State.CLOSED, {}, 409, "报名已截止"),
        (State.CANCELLED, {"reason": "台风"}, 409, "台风"),
    ],
)
def test_the_page_says_why_not_and_the_button_too(
    owner, make_activity, state, values, status, says
):
    occurrence = make_activity(state, **values)
    shown = f"{LIST}{occurrence.public_id}"
    assert says in owner.get(shown).text
    refused = owner.post(f"{shown}/register", data={"terms": Terms.of(occurrence).mark()})
    assert refused.status_code == status
    assert says in refused.text


@pytest.mark.parametrize("state", [State.DRAFT, State.IN_REVIEW, State.ARCHIVED])
def test_owners_find_nothing_unpublished(owner, make_activity, state):
    occurrence = make_activity(state, title="秘密活动")
    assert "秘密活动" not in owner.get(LIST).text
    for path in ("", "/register"):
        method = owner.post if path else owner.get
        assert method(f"{LIST}{occurrence.public_id}{path}").status_code == 404


def test_search_kinds_the_past_and_pages(owner, make_activity):
    make_activity(title="新年书法雅集", category="culture")
    make_activity(State.SETTLED, title="去年的运动会")
    for number in range(25):
        start = clock.now() + timedelta(days=5, minutes=number)
        make_activity(title=f"晨练{number:02d}", starts_at=start)
    assert "晨练24" not in owner.get(LIST).text
    found = owner.get(f"{LIST}?q=书法").text
    assert "新年书法雅集" in found
    assert "晨练00" not in found
    assert "晨练" not in owner.get(f"{LIST}?category=culture").text
    past = owner.get(f"{LIST}?state=past").text
    assert "去年的运动会" in past
    assert "新年书法雅集" not in past
    assert "没有符合条件的活动" in owner.get(f"{LIST}?q=不存在%25").text
    assert owner.get(f"{LIST}?cursor=forged").status_code == 400


def test_the_empty_list_leads_on(owner, place):
    assert "还没有安排活动" in owner.get(LIST).text
    assert "您还没有报名活动" in owner.get(f"{LIST}mine").text


def test_tickets_are_the_members_own(app, owner, place, make_activity):
    neighbour = factories.make_owner(place.project)
    made = join(place, make_activity(), neighbour)
    for path, method in (("", owner.get), ("/cancel", owner.post)):
        assert method(f"{LIST}tickets/{made.public_id}{path}").status_code == 404
    assert db.session.get_one(Registration, made.id).state == Seat.CONFIRMED


def test_off_is_not_there_and_another_projects_is_not_found(app, owner, writer, make_activity):
    other = factories.make_project(slug="siji", name="四季苑")
    elsewhere = make_activity(project=other)
    assert owner.get(f"{LIST}{elsewhere.public_id}").status_code == 404
    assert writer.get(f"{DESK}{elsewhere.public_id}").status_code == 404
    resident = factories.sign_in(app.test_client(), factories.make_owner(other))
    assert resident.get("/p/siji/events/").status_code == 404


def test_owners_do_not_manage(owner, make_activity):
    occurrence = make_activity()
    assert owner.get(DESK).status_code == 403
    assert owner.post(f"{DESK}{occurrence.public_id}/step").status_code == 403


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"title_zh_Hans_CN": ""}, "请至少填写简体中文。"),
        ({"ends_at": "2001-01-01T00:00"}, "结束时间要晚于开始时间。"),
        ({"closes_at": "2001-01-01T00:00"}, "报名截止要晚于报名开始。"),
        ({"cancel_until": "2099-01-01T00:00"}, "不能晚于活动开始时间。"),
        ({"starts_at": "tomorrow"}, ""),
        ({"capacity": "-1"}, ""),
        ({"capacity": "1.5"}, ""),
        ({"capacity": "1000000000"}, ""),
        ({"price": "-5"}, ""),
        ({"cover": "../../etc"}, ""),
        ({"category": "x"}, ""),
        ({"title_zh_Hans_CN": "长" * 61}, ""),
    ],
)
def test_a_wrong_form_keeps_what_was_typed(writer, place, changed, says):
    answer = writer.post(f"{DESK}new", data=form(place.project, **changed))
    assert answer.status_code == 422
    assert says in answer.text
    assert "接力与拔河" in answer.text
    assert only() is None


def test_zero_seats_and_no_limit_are_not_mixed_up(writer, place):
    for capacity, kept in (("0", 0), ("", None), ("20", 20)):
        writer.post(f"{DESK}new", data=form(place.project, capacity=capacity))
        found = db.session.scalars(sa.select(Quota).order_by(Quota.id.desc())).first()
        assert found.capacity == kept
        occurrence = db.session.get_one(Occurrence, found.occurrence_id)
        page = writer.get(f"{DESK}{occurrence.public_id}/edit").text
        assert f'value="{capacity}"' in page.split('id="capacity"')[1].split(">")[0]


def test_a_step_that_is_not_possible_names_the_state(writer, make_activity):
    occurrence = make_activity(State.SETTLED)
    for step in ("open", "cancel", "nonsense", ""):
        answer = writer.post(f"{DESK}{occurrence.public_id}/step", data={"step": step})
        assert answer.status_code == 409
        assert "到场已结算" in answer.text


def test_calling_off_asks_for_the_reason_on_the_page(writer, make_activity):
    occurrence = make_activity()
    page = f"{DESK}{occurrence.public_id}/step"
    assert writer.post(page, data={"step": "cancel", "reason": " "}).status_code == 422
    assert writer.post(page, data={"step": "cancel", "reason": "台风"}).status_code == 303
    assert only().state == State.CANCELLED


def test_staff_find_mark_and_export_registrations(writer, place, make_activity):
    occurrence = make_activity()
    mallory = factories.make_owner(place.project, name="=1+1")
    join(place, occurrence)
    made = join(place, occurrence, mallory)
    page = f"{DESK}{occurrence.public_id}"
    assert "林晓芸" not in writer.get(f"{page}?q=%3D1").text
    assert "林晓芸" not in writer.get(f"{page}?q={made.ticket[:4].lower()}-{made.ticket[4:]}").text
    mark = f"{page}/registrations/{made.public_id}/mark"
    assert writer.post(mark, data={"state": "attended"}).status_code == 409
    occurrence.state = State.RUNNING
    assert writer.post(mark, data={"state": "attended"}).status_code == 303
    assert writer.post(mark, data={"state": "held"}).status_code == 404
    assert db.session.get_one(Registration, made.id).state == Seat.ATTENDED
    assert "林晓芸" not in writer.get(f"{page}?state=attended").text
    with writer.post(f"{page}/export.csv") as answer:
        text = answer.data.decode("utf-8-sig")
    assert "'=1+1" in text
    assert "林晓芸" in text
    assert writer.post(f"{page}/export.exe").status_code == 404
    exported = db.session.scalars(
        sa.select(AuditEntry).where(AuditEntry.action == "events.exported")
    ).one()
    assert exported.facts["rows"] == 2


def test_the_desk_counts_what_waits_for_a_review(writer, make_activity):
    make_activity(State.IN_REVIEW)
    assert "待审核的活动" in writer.get("/p/binjiang/staff/").text


@pytest.mark.parametrize("many", [2, 60])
def test_pages_cost_the_same_however_many_there_are(
    app, owner, writer, place, make_activity, query_count, many
):
    first = make_activity()
    join(place, first)
    for _ in range(many):
        join(place, make_activity(), place.member)
    for _ in range(many // 10):
        join(place, first, factories.make_owner(place.project))
    page = f"{DESK}{first.public_id}"
    costly = make_activity(price=10_000, deposit=5_000)
    costs = {}
    for client, address in (
        (owner, f"{LIST}{costly.public_id}"),
        (owner, LIST),
        (owner, f"{LIST}mine"),
        (owner, f"{LIST}{first.public_id}"),
        (writer, DESK),
        (writer, page),
        (writer, f"{page}?tab=log"),
    ):
        client.get(address)
        with query_count() as sent:
            assert client.get(address).status_code == 200
        costs[address.replace(first.public_id, "<one>")] = len(sent)
    assert max(costs.values()) <= 8, costs
