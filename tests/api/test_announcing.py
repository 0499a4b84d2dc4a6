"""Announcements by program: the same drafts, counts and steps as on the pages."""

from typing import Any

import pytest

from portal.extensions import db
from portal.projects.models import Project
from tests import factories
from tests.api.samples import run_jobs

WORDS = {"subject": {"zh_Hans_CN": "停水通知"}, "body": {"zh_Hans_CN": "明天上午停水。"}}
WISH = {"audience": "owners", **WORDS}
AT = "/p/own/staff/announcements"


@pytest.fixture
def project(app: Any) -> Project:
    """A project with an owner and a follower."""
    made = factories.make_project(slug="own")
    factories.make_owner(made)
    factories.make_follower(made)
    return made


@pytest.fixture
def desk(call: Any, project: Project) -> Any:
    """The project manager's program."""
    return call(factories.make_staff("manager", project))


def test_a_draft_is_counted_changed_sent_and_told(app: Any, desk: Any, project: Project) -> None:
    made = desk("POST", AT, WISH)
    assert (made.status_code, made.json["state"], made.json["recipients"]) == (201, "draft", 1)
    one = f"{AT}/{made.json['id']}"
    changed = desk("PUT", one, {**WISH, "audience": "everyone"})
    assert changed.json["recipients"] == 2
    sent = desk("POST", f"{one}/send")
    assert (sent.status_code, sent.json["state"]) == (202, "sending")
    late = desk("PUT", one, WISH)
    assert (late.status_code, late.json["state"]) == (409, "sending")
    run_jobs(app, "announcements.*")
    assert desk("GET", one).json["told"] == 2
    assert desk("GET", one).json["state"] == "sent"
    [listed] = desk("GET", AT).json["items"]
    assert listed["subject"] == WORDS["subject"]


def test_a_sending_is_stopped_and_gone_on_with(app: Any, desk: Any) -> None:
    one = f"{AT}/{desk('POST', AT, WISH).json['id']}"
    assert desk("POST", f"{one}/stop").status_code == 409
    desk("POST", f"{one}/send")
    assert desk("POST", f"{one}/stop").json["state"] == "stopped"
    run_jobs(app, "announcements.*")
    assert desk("GET", one).json["told"] == 0
    assert desk("POST", f"{one}/send").json["state"] == "sending"
    run_jobs(app, "announcements.*")
    assert desk("GET", one).json["told"] == 1


def test_one_building_is_told_by_its_name(desk: Any, project: Project) -> None:
    [name] = desk("GET", f"{AT}/buildings").json["items"]
    made = desk("POST", AT, {**WISH, "audience": "building", "building": name})
    assert (made.json["building"], made.json["recipients"]) == (name, 1)
    for wrong in ({"audience": "building"}, {"audience": "building", "building": "nowhere"}):
        answer = desk("POST", AT, {**WISH, **wrong})
        assert (answer.status_code, answer.json["errors"].keys()) == (422, {"building"})


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": {}},
        {"subject": {"en": "Water"}},
        {"body": {"zh_Hans_CN": "x" * 1001}},
        {"subject": {"klingon": "nuqneH"}},
        {"audience": "neighbours"},
    ],
)
def test_a_draft_that_cannot_be_is_refused(desk: Any, wrong: dict[str, Any]) -> None:
    answer = desk("POST", AT, {**WISH, **wrong})
    assert answer.status_code == 422
    assert answer.json["errors"]


def test_the_clubs_own_lie_apart_from_the_projects(call: Any, desk: Any) -> None:
    boss = call(factories.make_staff("administrator"))
    made = boss("POST", "/centre/announcements", WISH).json
    assert made["recipients"] == 1
    assert desk("GET", AT).json["items"] == []
    assert desk("GET", f"{AT}/{made['id']}").status_code == 404
    assert desk("POST", "/centre/announcements", WISH).status_code == 403
    whole = boss("POST", "/centre/announcements", {**WISH, "audience": "building"})
    assert whole.status_code == 422
    assert boss("POST", f"/centre/announcements/{made['id']}/send").status_code == 202


def test_an_announcement_is_written_once_for_a_key(desk: Any) -> None:
    key = {"headers": {"Idempotency-Key": "announcement-0001"}}
    ids = {desk("POST", AT, WISH, **key).json["id"] for _ in range(3)}
    assert len(ids) == 1
    db.session.commit()
