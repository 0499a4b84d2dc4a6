"""The pages and the JSON of marks: read, appealed, decided, waived; the policy written twice."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events.ladder.models import Penalty, Policy, Version
from plugins.events.models import Occurrence
from plugins.events.policy import Terms
from plugins.events.showing import to_local
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from tests import factories
from tests.api.conftest import call
from tests.plugins.events.test_ladder import VALUES, mark, policy, standing
from tests.plugins.events.test_pages import DESK, LIST, owner, reviewer, writer

__all__ = ["call", "owner", "policy", "reviewer", "writer"]


def test_a_member_reads_the_rules_joins_and_appeals(
    owner, writer, reviewer, place, policy, make_activity, query_count
):
    activity = make_activity()
    page = owner.get(f"{LIST}{activity.public_id}")
    assert "未获谅解而缺席，记 1 次。" in page.text
    mark(place, make_activity, 2)
    page = owner.get(f"{LIST}{activity.public_id}").text
    assert "您的报名延后 24 小时开放。" in page
    version = {"terms": Terms.of(activity, None, 0).mark()}
    open_ = make_activity(opens_at=clock.now() - timedelta(days=3))
    assert owner.post(f"{LIST}{open_.public_id}/register", data=version).status_code == 409
    seen = {"terms": Terms.of(open_, None, 1).mark()}
    assert owner.post(f"{LIST}{open_.public_id}/register", data=seen).status_code == 303
    with query_count() as sent:
        record = owner.get(f"{LIST}record").text
    assert len(sent) <= 8
    assert "当前" not in record
    assert "第 1 版" in record
    found = standing(place).penalties[0]
    appeal = f"{LIST}record/{found.public_id}/appeal"
    assert owner.post(appeal, data={"text": " "}).status_code == 422
    assert owner.post(appeal, data={"text": "公交车晚点"}).status_code == 303
    assert "公交车晚点" in owner.get(f"{LIST}record").text
    desk = f"{DESK}marks/{found.public_id}"
    with query_count() as sent:
        listed = writer.get(f"{DESK}marks?view=appeals").text
    assert len(sent) <= 8
    assert found.public_id in listed
    assert "公交车晚点" in writer.get(desk).text
    assert writer.post(f"{desk}/decide", data={"answer": "好"}).status_code == 422
    yes = {"decision": "granted", "answer": "情况属实"}
    assert writer.post(f"{desk}/decide", data=yes).status_code == 303
    assert reviewer.post(f"{desk}/decide", data=yes).status_code == 409
    assert "情况属实" in owner.get(f"{LIST}record").text
    acts = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert "events.appeal_granted" in acts
    with writer.post(f"{DESK}marks.csv") as answer:
        assert answer.text.count("\n") == 3


def test_another_members_mark_is_unknown(app, owner, place, policy, make_activity):
    (found,) = mark(place, make_activity)
    other = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    appeal = f"{LIST}record/{found.public_id}/appeal"
    assert other.post(appeal, data={"text": "我的"}).status_code == 404
    assert found.public_id not in other.get(f"{LIST}record").text


def test_excusing_and_waiving_on_the_pages(writer, place, policy, make_activity):
    first, _second = mark(place, make_activity, 2)
    desk = f"{DESK}marks/{first.public_id}/excuse"
    assert writer.post(desk, data={"reason": ""}).status_code == 422
    assert writer.post(desk, data={"reason": "生病"}).status_code == 303
    assert writer.post(desk, data={"reason": "生病"}).status_code == 409
    (left,) = standing(place).penalties
    activity = db.session.get_one(Occurrence, left.occurrence_id).public_id
    assert "整场免记" in writer.get(f"{DESK}{activity}/absences").text
    assert writer.post(f"{DESK}{activity}/waive", data={"reason": ""}).status_code == 422
    assert writer.post(f"{DESK}{activity}/waive", data={"reason": "大雨"}).status_code == 303
    assert writer.post(f"{DESK}{activity}/waive", data={"reason": "大雨"}).status_code == 409
    assert "大雨" in writer.get(f"{DESK}{activity}/absences").text
    assert standing(place).marks == 0


def form(place, **changed):
    begins = to_local(clock.now() + timedelta(days=1), place.ref)
    return {**VALUES, "starts_at": f"{begins:%Y-%m-%dT%H:%M}", "seen": "0", **changed}


@pytest.mark.parametrize(
    "changed",
    [
        {"later_from": 1},
        {"queue_from": 2},
        {"no_show_weight": 0, "late_weight": 0},
        {"days": "1e9"},
        {"starts_at": "9999-99-99T99:99"},
    ],
)
def test_a_wrong_version_is_not_saved(writer, place, changed):
    answer = writer.post(f"{DESK}ladder/new", data=form(place, **changed))
    assert answer.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count(Policy.id))) == 0


def test_one_writes_and_another_publishes(writer, reviewer, place):
    assert "还没有规则" in writer.get(f"{DESK}ladder").text
    assert writer.get(f"{DESK}ladder/new").status_code == 200
    saved = writer.post(f"{DESK}ladder/new", data=form(place))
    assert saved.status_code == 303
    assert writer.post(f"{DESK}ladder/new", data=form(place)).status_code == 409
    made = db.session.scalars(sa.select(Policy)).one()
    page = f"{DESK}ladder/{made.public_id}"
    assert "候补等待、放弃候补名额，都不会记录。" in writer.get(page).text
    seen = {"seen": made.starts_at.isoformat()}
    assert writer.post(f"{page}/publish", data=seen).status_code == 403
    assert reviewer.post(f"{page}/publish", data={"seen": "x"}).status_code == 409
    assert reviewer.post(f"{page}/publish", data=seen).status_code == 303
    assert reviewer.post(f"{page}/publish", data=seen).status_code == 409
    assert made.state == Version.PUBLISHED
    day = f"{to_local(clock.now(), place.ref):%Y-%m-%d}"
    pause = {"title": "春节", "first": day, "last": day}
    pauses = f"{DESK}ladder/pauses"
    assert writer.post(pauses, data={**pause, "last": "2020-01-01"}).status_code == 422
    assert writer.post(pauses, data=pause).status_code == 303
    assert writer.post(pauses, data=pause).status_code == 409
    assert "春节" in writer.get(f"{DESK}ladder").text


def test_programs_read_and_appeal(call, place, policy, make_activity):
    asks = call(place.member)
    here = "/p/binjiang/events"
    mark(place, make_activity, 2)
    found = asks("GET", f"{here}/standing").json
    assert (found["step"], found["marks"], found["version"]) == ("later", 2, 1)
    activity = make_activity(opens_at=clock.now() - timedelta(hours=1))
    shown = asks("GET", f"{here}/{activity.public_id}").json
    assert shown["refusal"] == "NOT_OPEN_FOR_YOU"
    assert any("24" in each for each in shown["rules_for_not_coming"])
    wish = {"terms": shown["terms"]}
    answer = asks("POST", f"{here}/{activity.public_id}/register", json=wish)
    assert (answer.status_code, answer.json["code"]) == (403, "NOT_OPEN_FOR_YOU")
    assert answer.json["opens_at"] == shown["opens_at"].replace("Z", "+00:00")
    first = asks("GET", f"{here}/marks").json["items"][0]
    appeal = f"{here}/marks/{first['id']}/appeal"
    assert asks("POST", appeal, json={"text": " "}).status_code == 422
    assert asks("POST", appeal, json={"text": "晚点"}).json["appeal"] == "open"
    assert asks("POST", appeal, json={"text": "又晚点"}).json["appeal_text"] == "晚点"
    assert db.session.scalar(sa.select(sa.func.count(Penalty.id))) == 2
