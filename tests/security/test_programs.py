"""Programs that reach for more than their token holds, and messages that lead elsewhere."""

from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.accounts.models import Account, SignInMethod
from portal.club.models import LegalKind
from portal.club.queries import current_legal_texts
from portal.extensions import db
from portal.members.models import Member
from portal.messages.senders import Message, SmtpSender
from portal.notifications.service import notify
from portal.tokens.service import open_sign_in
from tests import factories


def limited(account: Account, *scopes: str) -> dict[str, str]:
    """Return the header of a member's token that holds these permissions alone."""
    _row, token = open_sign_in(
        account=account,
        method=SignInMethod.CODE,
        second_factor=True,
        name="tests",
        network="tests",
        scopes=scopes,
    )
    db.session.commit()
    return {"Authorization": f"Bearer {token}"}


def test_a_limited_token_hands_no_more_on_than_it_holds(client: FlaskClient) -> None:
    administrator = factories.make_staff("administrator")
    factories.make_account(email="friend@example.com")
    for scope, path, body in (
        ("tokens.manage", "tokens", {"name": "Kiosk", "scopes": ["members.view"]}),
        ("roles.edit", "roles", {"who": "friend@example.com", "role": "administrator"}),
    ):
        answer = client.post(
            f"/api/v1/centre/{path}", json=body, headers=limited(administrator, scope)
        )
        assert (answer.status_code, answer.json["type"].rpartition(":")[2]) == (422, "beyond_own")
    answer = client.post(
        "/api/v1/centre/tokens",
        json={"name": "Kiosk", "scopes": ["members.view"]},
        headers=limited(administrator, "tokens.manage", "members.view"),
    )
    assert answer.status_code == 201


def test_a_service_does_not_become_a_member(client: FlaskClient, legal: Any) -> None:
    token = factories.make_service_token("members.view")
    answer = client.post(
        "/api/v1/join",
        json={"name": "小林", "adult": True, "consents": legal},
        headers={"Authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 403, answer.text
    assert db.session.scalar(sa.select(sa.func.count(Member.id))) == 0


@pytest.fixture
def legal(app: Flask) -> dict[str, int]:
    """The versions of the texts in force."""
    texts = current_legal_texts()
    return {str(kind): texts[kind].version if kind in texts else 1 for kind in LegalKind}


def test_a_service_is_answered_everywhere(app: Flask, client: FlaskClient) -> None:
    """No route takes a service for a person and stumbles."""
    project = factories.make_project(slug="own")
    headers = {
        "Authorization": f"Bearer {factories.make_service_token('members.view', project=project)}"
    }
    seen = 0
    for rule in app.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            continue
        path = rule.rule
        for argument in rule.arguments:
            value = (
                "own" if argument in ("project", "slug") else "terms" if argument == "kind" else "x"
            )
            start = path.index("<")
            path = path[:start] + value + path[path.index(">") + 1 :]
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            for body in (None, {}, {"phone": None}, {"unread": "x"}):
                answer = client.open(path, method=method, headers=headers, json=body)
                assert answer.status_code < 500, (method, path, body)
                seen += 1
    assert seen > 200


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "//evil.example",
        "https://evil.example",
        "/\\evil",
        "@evil.example",
        "/a\nb",
    ],
)
def test_a_message_leads_nowhere_else(app: Flask, url: str) -> None:
    account = factories.make_account(email="a@example.com")
    with pytest.raises(ValueError, match="path"):
        notify(account_ids=[account.id], kind="announcements.news", cause="x", url=url)


def test_a_subject_of_several_lines_is_sent_in_one(app: Flask) -> None:
    sender = SmtpSender("smtp://127.0.0.1:1", lambda: ("Club\r\nBcc: a@b.c", "club@example.com"))
    mail = sender._mail(Message("1", "a@example.com", "One\r\nBcc: evil@example.com\u2028two", "x"))
    assert mail["Subject"] == "One Bcc: evil@example.com two"
    assert mail["Bcc"] is None


@pytest.mark.parametrize(
    "query", ["to=9999-12-31", "from=0001-01-01", "from=0001-01-01&to=0001-01-01"]
)
def test_the_ends_of_time_are_days_too(client: FlaskClient, query: str) -> None:
    administrator = factories.make_staff("administrator")
    answer = client.get(
        f"/api/v1/centre/audit?{query}", headers=limited(administrator, "audit.view")
    )
    assert answer.status_code in (200, 422)
