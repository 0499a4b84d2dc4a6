"""Moderators and the group by program: the pages' rules, a code for every refusal."""

import pytest
import sqlalchemy as sa

from plugins.complaints import posting
from plugins.complaints.models import Act, Burst, Case, Post, Review
from plugins.complaints.states import Level, State
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from tests import factories
from tests.api.conftest import call
from tests.plugins.complaints.conftest import sound
from tests.plugins.complaints.test_api import HERE, code_of

__all__ = ["call"]
BENCH = f"{HERE}/moderation"
MORNING = "/centre/complaints"


@pytest.fixture
def guard(place):
    """A moderator of the project."""
    return factories.make_staff("moderator", place.project, display_name="周版主")


@pytest.fixture
def moderator(call, guard):
    return call(guard)


@pytest.fixture
def clerk(call, place):
    return call(place.clerk)


@pytest.fixture
def centre(call, place):
    return call(place.centre)


def say(place, case, body):
    made = posting.reply(
        case_id=case.id, member=member_ref(place.neighbour), project=place.ref, body=body
    )
    db.session.commit()
    return made.public_id


def test_a_moderator_decides_and_the_group_undoes(call, moderator, clerk, centre, place, make_case):
    case = make_case()
    held, rude = say(place, case, "加我 13800138000"), say(place, case, "你们是饭桶")
    at = f"{BENCH}/cases/{case.public_id}"
    (waiting,) = moderator("GET", f"{BENCH}/").json["items"]
    assert (waiting["reply"], waiting["reasons"], waiting["held"]) == (held, ["personal"], True)
    look = f"{BENCH}/looks/{waiting['id']}"
    assert moderator("POST", f"{look}/decide", {"act": "mask"}).status_code == 422
    mask = {"act": "mask", "reason": "personal"}
    assert moderator("POST", f"{look}/decide", mask).json["body"] == "加我 138********"
    assert code_of(moderator("POST", f"{look}/decide", mask)) == (409, "DECIDED")
    begun = moderator("POST", f"{at}/look", {"reply": rude}).json
    hide = {"act": "hide", "reason": "abuse", "sanction": "mute"}
    decide = f"{BENCH}/looks/{begun['id']}/decide"
    assert moderator("POST", decide, hide).status_code == 422
    assert moderator("POST", decide, {**hide, "days": 3}).json["state"] == "hidden"
    (muted,) = moderator("GET", f"{BENCH}/sanctions").json["items"]
    assert moderator("POST", f"{BENCH}/sanctions/{muted['id']}/lift").status_code == 200
    assert moderator("GET", f"{BENCH}/sanctions").json["items"] == []
    assert moderator("POST", f"{at}/look", {"reply": "nothing"}).status_code == 404
    hidden = db.session.scalars(sa.select(Act).where(Act.kind == "hide")).one()
    hidden.appeal = "open"
    hidden.appealed_at = hidden.created_at
    db.session.commit()
    (asked,) = moderator("GET", f"{BENCH}/appeals").json["items"]
    verdict = {"verdict": "overturn", "body": "言辞尖锐，但在说事"}
    answer = f"{BENCH}/appeals/{asked['id']}/decide"
    assert moderator("POST", answer, verdict).status_code == 403
    assert centre("POST", answer, verdict).json["appeal"] == "overturned"
    assert code_of(centre("POST", answer, verdict)) == (409, "DECIDED")
    shown = db.session.scalars(sa.select(Post.state).where(Post.public_id == rude)).one()
    assert shown == "shown"
    for path in (f"{BENCH}/", f"{BENCH}/sanctions", look):
        assert clerk("GET", path).status_code == 403
        assert call(place.member)("GET", path).status_code == 403


def test_threads_are_locked_joined_and_taken_apart(call, moderator, place, make_case):
    case, into = make_case(), make_case("也是电梯", member=place.neighbour)
    at = f"{BENCH}/cases/{case.public_id}"
    assert moderator("POST", f"{at}/lock", {"locked": True}).json["locked"]
    assert not moderator("POST", f"{at}/lock", {"locked": False}).json["locked"]
    assert code_of(moderator("POST", f"{at}/merge", {"code": case.code})) == (422, "NO_MERGE")
    assert code_of(moderator("POST", f"{at}/unmerge")) == (409, "NOT_JOINED")
    assert moderator("POST", f"{at}/merge", {"code": into.code}).json["state"] == "merged"
    owner, own = call(place.member), f"{HERE}/{case.public_id}"
    assert owner("POST", f"{own}/apart").status_code == 200
    assert code_of(call(place.neighbour)("POST", f"{HERE}/{into.public_id}/apart")) == (
        409,
        "NOT_JOINED",
    )
    (look,) = moderator("GET", f"{BENCH}/").json["items"]
    assert look["reasons"] == ["apart"]
    decision = {"act": "keep", "joined": "apart"}
    assert moderator("POST", f"{BENCH}/looks/{look['id']}/decide", decision).status_code == 200
    assert sound(case).state == State.IN_PROGRESS
    assert db.session.scalar(sa.select(Review.state)) == "kept"
    case.assignee_id = db.session.scalars(
        sa.select(Act.account_id).where(Act.account_id.is_not(None)).limit(1)
    ).one()
    db.session.commit()
    assert code_of(moderator("POST", f"{at}/lock", {"locked": True})) == (403, "OWN_CASE")


def test_the_staff_hand_on_and_the_group_takes_over(clerk, centre, place, make_case):
    case, helper = make_case(), factories.make_staff("staff", place.project, display_name="钱工")
    at = f"{HERE}/staff/{case.public_id}"
    assert clerk("POST", f"{at}/note", {"body": "已约维保"}).status_code == 200
    mine = clerk("POST", f"{at}/assign", {"version": 1}).json
    assert (mine["state"], mine["version"]) == ("open", 2)
    there = {"version": 2, "colleague": helper.public_id}
    assert clerk("POST", f"{at}/transfer", there).json["version"] == 3
    assert clerk("POST", f"{at}/transfer", {**there, "colleague": "x"}).status_code == 422
    to = {"version": 3, "category": "parking", "body": "属于车库"}
    assert clerk("POST", f"{at}/move", {**to, "body": " "}).status_code == 422
    assert clerk("POST", f"{at}/move", to).json["category"] == "parking"
    assert clerk("POST", f"{at}/move", {**to, "version": 4, "category": "x"}).status_code == 422
    more = {"version": 4, "hours": 8, "body": "等配件"}
    for path, body in (
        ("extend", more),
        ("overrule", {"version": 4, "body": "x"}),
        ("unseal", {"version": 4, "body": "x"}),
        ("take-over", {"version": 4}),
    ):
        assert clerk("POST", f"{at}/{path}", body).status_code == 403, path
    assert centre("POST", f"{at}/extend", more).json["version"] == 5
    assert code_of(centre("POST", f"{at}/extend", more)) == (409, "STALE")
    over = {"version": 5, "body": "无法满足"}
    assert code_of(centre("POST", f"{at}/overrule", over)) == (409, "NOT_REFUSED")
    assert "Owner" in centre("GET", at).json["author"]
    why = {"version": 5, "body": "法院要求"}
    assert "Owner" not in centre("POST", f"{at}/unseal", why).json["author"]
    assert centre("POST", f"{at}/take-over", {"version": 6}).json["level"] == Level.GROUP
    sound(case)


def test_the_morning_is_listed_read_and_taken_over(clerk, centre, place, make_case):
    case = make_case()
    db.session.get_one(Case, case.id).due_at = case.created_at
    db.session.commit()
    (listed,) = centre("GET", f"{MORNING}/").json["items"]
    assert (listed["id"], listed["project"], listed["read_version"]) == (
        case.public_id,
        "binjiang",
        None,
    )
    assert centre("GET", f"{MORNING}/heads").json["late"] == 1
    at = f"{MORNING}/cases/{case.public_id}"
    assert centre("POST", f"{at}/read").json == {"read": 1}
    assert centre("POST", f"{MORNING}/read").json == {"read": 0}
    assert centre("GET", f"{MORNING}/?show=unread").json["items"] == []
    assert code_of(centre("POST", f"{at}/take-over", {"version": 9})) == (409, "STALE")
    assert centre("POST", f"{at}/take-over", {"version": 1}).json["level"] == Level.GROUP
    for path in ("/", "/heads"):
        assert clerk("GET", f"{MORNING}{path}").status_code == 403
    reading = {"stage": "watch", "households": 3, "expected": 0.1, "chance": 0.01}
    burst = Burst(project_id=place.project.id, category_id=case.category_id, **reading)
    db.session.add(burst)
    db.session.commit()
    (told,) = centre("GET", f"{MORNING}/heads").json["bursts"]
    one = f"{MORNING}/bursts/{told['id']}"
    assert centre("POST", f"{one}/plan", {"body": "换导靴"}).json["stage"] == "plan"
    assert centre("POST", f"{one}/stand-down").json["stage"] == "stood_down"
    assert code_of(centre("POST", f"{one}/stand-down")) == (409, "STAGE")
