"""The group's morning, joined cases, promises with a day, other hands."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.complaints import merging, posting, promising, timing
from plugins.complaints.casework import acting_at, database_now
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Case, Category, Clock, MeToo, Promise
from plugins.complaints.states import Level, PromiseState, Ring, State
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from tests import factories
from tests.plugins.complaints.conftest import sound

LIST = "/p/binjiang/complaints/"
DESK = "/p/binjiang/staff/complaints/"
MORNING = "/centre/complaints/"


@pytest.fixture
def guard(place):
    """A moderator of the project."""
    return factories.make_staff("moderator", place.project, display_name="周版主")


def version(case):
    return db.session.get_one(Case, case.id).version


def join(place, case, *members):
    for member in members:
        posting.me_too(case_id=case.id, member=member_ref(member))
    db.session.commit()


def test_joining_counts_each_household_once_and_is_taken_apart_exactly(place, make_case, guard):
    both, one, three = (factories.make_owner(place.project) for _ in range(3))
    case, into = make_case("电梯异响"), make_case("电梯有声音", member=place.neighbour)
    join(place, case, both, one)
    join(place, into, both, three)
    before = sound(case).households, sound(into).households
    assert before == (3, 3)
    merging.merge(actor=guard, case_id=case.id, into_id=into.id, project=place.ref)
    db.session.commit()
    assert sound(into).households == 5
    assert sound(case).state == State.MERGED
    join(place, into, one)
    assert sound(into).households == 5
    late = database_now() + timedelta(days=90)
    assert timing.ringing([place.project.id], late, 9)
    assert case.id not in {row[0] for row in timing.ringing([place.project.id], late, 9)}
    with pytest.raises(CaseError, match="NO_MERGE"):
        merging.merge(actor=guard, case_id=into.id, into_id=case.id, project=place.ref)
    db.session.rollback()
    merging.unmerge(actor=guard, case_id=case.id, project=place.ref)
    db.session.commit()
    assert (sound(case).households, sound(case).state) == (3, State.IN_PROGRESS)
    assert sound(into).households == 4
    assert db.session.scalar(sa.select(sa.func.count(MeToo.id))) == 7
    running = sa.select(Clock.kind).where(Clock.case_id == case.id, Clock.ended_at.is_(None))
    assert sorted(db.session.scalars(running)) == ["first_reply", "resolution", "update"]


def test_what_may_not_be_joined(app, client, place, make_case, guard):
    case, private = make_case(), make_case(ring=Ring.PRIVATE)
    page = f"{DESK}{case.public_id}/merge"
    moderator = factories.sign_in(app.test_client(), guard)
    for code in ("TS-0001", private.code, "TS-9999", "x", "１", "99999999999999"):
        sent = moderator.post(page, data={"code": code, "version": 1})
        assert sent.status_code == 422, code
    assert factories.sign_in(client, place.clerk).get(page).status_code == 403
    other = make_case("也是电梯", member=place.neighbour)
    assert moderator.post(page, data={"code": "ts2", "version": 1}).status_code == 422
    sent = moderator.post(page, data={"code": other.code, "version": 1})
    assert sent.status_code == 303
    owner = factories.sign_in(app.test_client(), place.member)
    assert other.code in owner.get(f"{LIST}{case.public_id}").text
    neighbour = factories.sign_in(app.test_client(), place.neighbour)
    assert neighbour.get(f"{LIST}{case.public_id}").status_code == 404
    assert moderator.post(f"{DESK}{case.public_id}/unmerge").status_code == 303
    assert moderator.post(f"{DESK}{case.public_id}/unmerge").status_code == 409


def test_a_promise_is_kept_in_time_or_broken_once(app, place, make_case):
    case = make_case()
    clerk = factories.sign_in(app.test_client(), place.clerk)
    page = f"{DESK}{case.public_id}/promise"
    today = database_now().date()
    data = {"body": "校正导轨", "version": 1, "due_on": (today - timedelta(days=3)).isoformat()}
    assert clerk.post(page, data=data).status_code == 422
    data["due_on"] = (today + timedelta(days=3)).isoformat()
    assert clerk.post(page, data=data).status_code == 303
    assert clerk.post(page, data=data).status_code == 409
    assert clerk.post(page, data={**data, "version": version(case)}).status_code == 303
    kept, left = db.session.scalars(sa.select(Promise).order_by(Promise.created_at)).all()
    owner = factories.sign_in(app.test_client(), place.member)
    assert "校正导轨" in owner.get(f"{LIST}{case.public_id}").text
    keep = f"{DESK}promises/{kept.public_id}/keep"
    assert owner.post(keep).status_code == 403
    assert clerk.post(keep).status_code == 303
    assert clerk.post(keep).status_code == 409
    with acting_at(database_now() + timedelta(days=5)):
        assert [each.id for each in promising.broken([place.ref], 9)] == [left.id]
        assert promising.broken([], 9) == []
        values = {"promise_id": left.id, "case_id": case.id, "project": place.ref}
        assert promising.break_(**values) is True
        assert promising.break_(**values) is False
        db.session.commit()
    assert db.session.get_one(Promise, left.id).state == PromiseState.BROKEN
    sound(case)


def test_a_case_goes_to_a_colleague_and_to_another_category(app, place, make_case):
    case = make_case()
    helper = factories.make_staff("staff", place.project, display_name="钱工")
    stranger = factories.make_staff("staff", factories.make_project(slug="else"), display_name="外")
    clerk = factories.sign_in(app.test_client(), place.clerk)
    parking = db.session.scalars(sa.select(Category).where(Category.key == "parking")).one()
    parking.handler_id, parking.handler = helper.id, helper.display_name
    db.session.commit()
    page = f"{DESK}{case.public_id}/transfer"
    assert "钱工" in clerk.get(page).text
    assert clerk.post(page, data={"version": 1}).status_code == 422
    for colleague in (stranger.public_id, "nobody"):
        data = {"version": 1, "colleague": colleague}
        assert clerk.post(page, data=data).status_code == 422
    data = {"version": 1, "category": parking.public_id}
    assert clerk.post(page, data=data).status_code == 422
    data["body"] = "其实是车库的事"
    assert clerk.post(page, data=data).status_code == 303
    owner = factories.sign_in(app.test_client(), place.member)
    assert "其实是车库的事" in owner.get(f"{LIST}{case.public_id}").text
    assert (sound(case).assignee, case.category_id) == ("钱工", parking.id)
    assert clerk.post(page, data=data).status_code == 409
    data = {"version": version(case), "colleague": place.clerk.public_id}
    assert clerk.post(page, data=data).status_code == 303
    assert sound(case).assignee == "赵敏"
    assert make_case(category="parking").assignee_id == helper.id


def test_the_morning_shows_what_is_late_and_takes_over_in_one_click(
    app, client, place, make_case, query_count
):
    with acting_at(database_now() - timedelta(days=30)):
        late = make_case("三十天没人答复")
    make_case("刚提交")
    centre = factories.sign_in(client, place.centre)
    text = centre.get(MORNING).text
    assert "三十天没人答复" in text
    assert "刚提交" not in text
    with query_count() as sent:
        centre.get(MORNING)
    assert len(sent) <= 8
    assert centre.post(f"{MORNING}{late.public_id}/read").status_code == 303
    assert "三十天没人答复" not in centre.get(f"{MORNING}?show=unread").text
    clerk = factories.sign_in(app.test_client(), place.clerk)
    assert clerk.get(MORNING).status_code == 403
    over = f"{MORNING}{late.public_id}/take-over"
    assert clerk.post(over, data={"version": 1}).status_code == 403
    assert centre.post(over, data={"version": 7}).status_code == 409
    assert centre.post(over, data={"version": version(late)}).status_code == 303
    assert sound(late).level == Level.GROUP
    assert "三十天没人答复" in centre.get(f"{MORNING}?show=unread").text
    assert centre.post(f"{MORNING}read").status_code == 303
    assert "三十天没人答复" not in centre.get(f"{MORNING}?show=unread").text
    leader = factories.sign_in(app.test_client(), factories.make_staff("leader"))
    assert "三十天没人答复" in leader.get(MORNING).text
    assert leader.post(f"{MORNING}nothing/read").status_code == 404
