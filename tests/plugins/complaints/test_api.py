"""Complaints by program: the pages' rules, a code for every refusal."""

import pytest

from plugins.complaints.casework import lock
from plugins.complaints.states import Ring, Veil
from portal.extensions import db
from portal.sdk import homes_of
from tests import factories
from tests.api.conftest import call
from tests.plugins.complaints.conftest import sound

__all__ = ["call"]
HERE = "/p/binjiang/complaints"


@pytest.fixture
def owner(call, place):
    return call(place.member)


@pytest.fixture
def neighbour(call, place):
    return call(place.neighbour)


@pytest.fixture
def clerk(call, place):
    return call(place.clerk)


def wish(place, **changed):
    home = homes_of(place.owner, place.ref)[0].public_id
    words = {"title": "2 号楼电梯夜间异响", "body": "晚上十点以后特别明显。"}
    return {"category": "lift", "home": home, "ring": "alias", **words, **changed}


def code_of(answer):
    return answer.status_code, answer.json.get("code")


def test_from_complaint_to_rating(owner, neighbour, clerk, place):
    offered = owner("GET", f"{HERE}/options").json
    assert "lift" in {each["key"] for each in offered["categories"]}
    made = owner("POST", f"{HERE}/", wish(place, home=offered["homes"][0]["key"]))
    assert (made.status_code, made.json["state"], made.json["own"]) == (201, "queued", True)
    at, desk = f"{HERE}/{made.json['id']}", f"{HERE}/staff/{made.json['id']}"
    clocks = {each["kind"] for each in made.json["clocks"] if each["running"]}
    assert clocks == {"first_reply", "resolution"}
    joined = neighbour("POST", f"{at}/me-too").json
    assert (joined["households"], joined["joined"], joined["follows"]) == (2, True, True)
    assert neighbour("POST", f"{at}/not-me").json["households"] == 1
    assert neighbour("POST", f"{at}/follow").json["follows"]
    assert not neighbour("POST", f"{at}/unfollow").json["follows"]
    assert neighbour("POST", f"{at}/reply", {"body": "我家也听得到"}).json["replies"] == 1
    assert [each["id"] for each in clerk("GET", f"{HERE}/staff/").json["items"]] == [
        made.json["id"]
    ]
    shown = clerk("GET", desk).json
    solved = {"step": "propose", "body": "今晚校正导轨", "version": shown["version"]}
    proposed = clerk("POST", f"{desk}/answer", solved)
    assert (proposed.status_code, proposed.json["state"]) == (200, "proposed")
    assert code_of(clerk("POST", f"{desk}/answer", solved)) == (409, "STALE")
    decision = {"version": proposed.json["version"], "rating": 5}
    assert code_of(neighbour("POST", f"{at}/accept", decision)) == (403, "NOT_YOURS")
    stale = owner("POST", f"{at}/accept", {**decision, "version": 1})
    assert (code_of(stale), stale.json["version"]) == ((409, "STALE"), decision["version"])
    for rating in (0, 6, 4.5, "五", True, None):
        wrong = owner("POST", f"{at}/accept", {**decision, "rating": rating})
        assert wrong.status_code == 422
    closed = owner("POST", f"{at}/accept", decision)
    assert (closed.json["state"], closed.json["rating"]) == ("closed_satisfied", 5)
    said = owner("GET", f"{at}/posts").json["items"]
    assert [each["kind"] for each in said] == ["reply", "official"]


def test_refuse_reopen_withdraw_are_the_households(owner, clerk, place, make_case):
    case = make_case()
    at = f"{HERE}/{case.public_id}"
    version = {"version": case.version}
    assert code_of(owner("POST", f"{at}/refuse", {**version, "body": "还在响"})) == (
        409,
        "ILLEGAL_STEP",
    )
    assert owner("POST", f"{at}/refuse", {**version, "body": " "}).status_code == 422
    assert owner("POST", f"{at}/reopen", {**version, "body": "又响了"}).status_code == 409
    gone = owner("POST", f"{at}/withdraw", version)
    assert (gone.status_code, gone.json["state"]) == (200, "withdrawn")
    sound(case)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": ""},
        {"title": "\u200b\u200b"},
        {"title": "😀😀"},
        {"body": "\u202e翻转"},
        {"body": "很长" * 2001},
        {"category": "nothing"},
        {"home": "somebody-elses-home-id"},
        {"home": "elsewhere"},
        {"ring": "everybody"},
        {"member": "another"},
        {"body": "请打 13912345678"},
    ],
)
def test_what_does_not_fit_is_refused(owner, place, wrong):
    assert owner("POST", f"{HERE}/", wish(place, **wrong)).status_code == 422


def test_nothing_that_is_hidden_comes_out(owner, neighbour, clerk, place, make_case):
    private, hidden = make_case("只给物业看", ring=Ring.PRIVATE), make_case("被扣留的话")
    lock(hidden.id).veil = Veil.HELD
    db.session.commit()
    listed = neighbour("GET", f"{HERE}/").json["items"]
    assert [(each["id"], each["title"]) for each in listed] == [(hidden.public_id, None)]
    shown = neighbour("GET", f"{HERE}/{hidden.public_id}").json
    assert (shown["title"], shown["body"], shown["author"], shown["place"]) == (None, None, "", "")
    for path in ("", "/posts"):
        assert neighbour("GET", f"{HERE}/{private.public_id}{path}").status_code == 404
    assert neighbour("GET", f"{HERE}/{hidden.public_id}/posts").status_code == 404
    for act in ("me-too", "follow", "not-me", "unfollow"):
        assert neighbour("POST", f"{HERE}/{hidden.public_id}/{act}").status_code == 404
    assert {each["title"] for each in owner("GET", f"{HERE}/").json["items"]} == {
        "只给物业看",
        "被扣留的话",
    }
    assert clerk("GET", f"{HERE}/staff/{private.public_id}").json["title"] == "只给物业看"
    assert owner("GET", f"{HERE}/staff/{private.public_id}").status_code == 403


def test_who_has_no_home_here_reads_only(call, place, make_case):
    case, visitor = make_case(), factories.make_follower(place.project)
    reads = call(visitor)
    assert reads("GET", f"{HERE}/{case.public_id}").status_code == 200
    for path, body in (("me-too", None), ("follow", None), ("reply", {"body": "我也是"})):
        assert code_of(reads("POST", f"{HERE}/{case.public_id}/{path}", body)) == (403, "NO_HOME")
    assert code_of(reads("POST", f"{HERE}/", wish(place))) == (403, "NO_HOME")
