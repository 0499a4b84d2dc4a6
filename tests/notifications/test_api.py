"""The inbox and its settings by program."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.members.models import Member
from portal.notifications import service
from portal.notifications.wording import Wording
from tests import factories

KIND = "claims.approved"


@pytest.fixture
def member(app: Flask) -> Member:
    account = factories.make_account(email="lin@example.test")
    return factories.make_owner(factories.make_project(), account=account)


@pytest.fixture
def ask(client: FlaskClient, member: Member) -> Callable[..., Any]:
    """Send a request with the member's token."""
    from portal.accounts.models import Account

    token = factories.make_token(db.session.get_one(Account, member.account_id))

    def send(method: str, path: str, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return client.open(f"/api/v1/me{path}", method=method, headers=headers, **options)

    return send


def tell(member: Member, cause: str) -> None:
    words = Wording({"en": f"Subject {cause}"}, {"en": "Body"})
    service.notify(
        account_ids=[member.account_id], kind=KIND, cause=cause, wording=words, url="/me/homes"
    )
    db.session.commit()


def test_the_inbox(ask: Callable[..., Any], member: Member) -> None:
    for cause in "abc":
        tell(member, cause)
    first = ask("GET", "/inbox?limit=2").json
    assert [each["subject"] for each in first["items"]] == ["Subject c", "Subject b"]
    second = ask("GET", f"/inbox?limit=2&after={first['next']}").json
    assert [each["subject"] for each in second["items"]] == ["Subject a"]
    assert second["next"] is None
    one = first["items"][0]
    assert (one["read"], one["url"]) == (False, "/me/homes")
    assert ask("POST", f"/inbox/{one['id']}/read").json["read"] is True
    assert len(ask("GET", "/inbox?unread=true").json["items"]) == 2
    assert ask("POST", "/inbox/read").json == {"read": 2}
    assert ask("GET", "/inbox?unread=true").json["items"] == []


def test_the_choices(ask: Callable[..., Any]) -> None:
    found = ask("GET", "/notifications").json
    assert (found["begins"], found["ends"], found["offered"]) == ("22:00", "08:00", ["mail", "sms"])
    assert {"kind": KIND, "title": "A home is verified", "channels": ["mail"]} in found["kinds"]
    body = {"begins": "23:30", "ends": "07:00", "kinds": [{"kind": KIND, "channels": ["sms"]}]}
    changed = ask("PUT", "/notifications", json=body).json
    assert (changed["begins"], changed["ends"]) == ("23:30", "07:00")
    assert [each["channels"] for each in changed["kinds"] if each["kind"] == KIND] == [["sms"]]


def test_a_channel_that_is_not_offered_is_refused(ask: Callable[..., Any]) -> None:
    body = {"begins": "22:00", "ends": "08:00", "kinds": [{"kind": KIND, "channels": ["wechat"]}]}
    answer = ask("PUT", "/notifications", json=body)
    assert answer.status_code == 422
    assert "mail, sms" in answer.json["errors"]["kinds"][0]
    kinds = ask("GET", "/notifications").json["kinds"]
    assert [each["channels"] for each in kinds if each["kind"] == KIND] == [["mail"]]


@pytest.mark.parametrize(
    "change",
    [
        {"begins": "24:00"},
        {"begins": "7:00"},
        {"ends": "٠٧:٠٠"},
        {"kinds": [{"kind": "nobody.knows", "channels": []}]},
        {"kinds": [{"kind": KIND, "channels": ["pigeon"]}]},
        {"more": 1},
    ],
)
def test_wrong_choices_are_refused(ask: Callable[..., Any], change: dict[str, object]) -> None:
    body = {"begins": "22:00", "ends": "08:00", "kinds": [], **change}
    answer = ask("PUT", "/notifications", json=body)
    assert answer.status_code == 422
    assert answer.content_type.startswith("application/problem+json")
