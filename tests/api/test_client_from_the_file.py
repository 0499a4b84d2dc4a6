"""A client written from the OpenAPI file alone registers, claims, is verified, reads its inbox.

The client (openapi_client.py) imports nothing of the portal. What is set up here is the world
around it: a project with a home, somebody at the desk, and the owner's phone.
"""

import ast
import re
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from portal.accounts.models import Account
from portal.accounts.passwords import hash_password
from portal.extensions import db
from portal.messages.models import Channel
from tests import factories
from tests.api import openapi_client
from tests.api.openapi_client import BrokenError, Client
from tests.api.samples import run_jobs
from tests.carried import Carried

WHERE = "/api/v1/openapi.json"
PASSWORD = "correct horse battery staple"
PHOTO = factories.picture_bytes()


@pytest.fixture
def client_of_the_file(app: Flask) -> Client:
    """The client, which has read the document and nothing else."""
    web = app.test_client()

    def send(method: str, address: str, headers: dict[str, str], sent: dict[str, Any]) -> Any:
        options: dict[str, Any] = {"query_string": sent.get("query") or None}
        if "json" in sent:
            options["json"] = sent["json"]
        if "data" in sent:
            options |= {"data": sent["data"], "content_type": sent["media"]}
        return web.open(address, method=method, headers=headers, buffered=True, **options)

    return Client.of(send, WHERE)


@pytest.fixture
def owners_phone(app: Flask) -> Any:
    """The text messages that arrive."""
    carried = Carried(app, Channel.SMS)
    yield carried
    carried.stop()


@pytest.fixture
def desk(app: Flask) -> Account:
    """The manager of a project with one home."""
    project = factories.make_project(slug="binjiang")
    factories.make_unit(project, building="2", number="1502")
    account = factories.make_staff("manager", project, email="desk@example.test")
    account.password_hash = hash_password(PASSWORD)
    db.session.commit()
    return account


def test_it_registers_claims_is_verified_and_reads_its_inbox(
    app: Flask, client_of_the_file: Client, owners_phone: Carried, desk: Account
) -> None:
    nobody, phone = client_of_the_file, factories.make_phone()
    # It proves its phone, reads the terms, and joins.
    asked = nobody.call("sign_in_send_code", {"phone": phone})
    assert asked.status == 202
    code = re.search(r"\d{6}", owners_phone.sent[-1][1])
    assert code is not None
    told = nobody.call(
        "sign_in_sign_in", {"phone": phone, "request": asked.body["request"], "code": code[0]}
    )
    assert (told.status, told.body["type"].rpartition(":")[2]) == (409, "not_joined")
    texts = nobody.call("club_legal_texts").body["items"]
    joined = nobody.call(
        "members_join_club",
        {
            "ticket": told.body["ticket"],
            "name": "林晓芸",
            "adult": True,
            "consents": {text["kind"]: text["version"] for text in texts},
        },
    )
    assert joined.status == 201, joined.body
    owner = nobody.other(joined.body["token"])
    assert owner.call("members_me").body["name"] == "林晓芸"
    # It finds the project and claims a home, with a photo, once although it is sent twice.
    [project] = nobody.call("home_find", q="", limit=5).body["items"]
    wish = {"project": project["slug"], "building": "2", "number": "1502", "role": "owner"}
    sent = [
        owner.call(
            "claims_new_claim",
            wish,
            files={"photos": [factories.photo(PHOTO)]},
            **{"Idempotency-Key": "claim-2-1502-2026-04-18"},
        )
        for _ in range(2)
    ]
    assert [each.status for each in sent] == [201, 201]
    assert sent[0].body == sent[1].body
    claim = sent[0].body
    assert claim["state"] == "pending"
    # The desk signs in by password, looks at it, and approves.
    entered = nobody.call(
        "sign_in_sign_in", {"identity": "desk@example.test", "password": PASSWORD}
    )
    assert entered.status == 201, entered.body
    staff = nobody.other(entered.body["token"])
    [queued] = staff.call("claims_staff_list", project=project["slug"]).body["items"]
    assert queued["id"] == claim["id"]
    about = {"project": project["slug"], "public_id": claim["id"]}
    assert staff.call("claims_staff_show", **about).status == 200
    wrong = staff.call(
        "claims_staff_decide", {"decision": "approve", "reason": "unit_unknown"}, **about
    )
    assert (wrong.status, list(wrong.body["errors"])) == (422, ["reason"])
    decided = staff.call(
        "claims_staff_decide", {"decision": "approve", "reason": "proof_good"}, **about
    )
    assert decided.status == 200, decided.body
    # The owner has a home, and a message that says so.
    run_jobs(app, "*")
    [home] = owner.call("projects_homes").body["items"]
    assert home["role"] == "owner"
    inbox = owner.call("notifications_inbox", limit=10).body["items"]
    assert any("1502" in str(message) for message in inbox), inbox
    read = owner.call("notifications_read", public_id=inbox[0]["id"])
    assert read.status in (200, 204)
    # What is not its own it is refused, as the document says.
    assert owner.call("claims_staff_list", project=project["slug"]).status == 403
    assert nobody.other("mcp_" + "x" * 43).call("members_me").status == 401


def test_the_client_notices_what_the_document_does_not_say(client_of_the_file: Client) -> None:
    for body in ({}, {"phone": 1}, {"phone": "1", "name": "x"}):
        with pytest.raises(BrokenError):
            client_of_the_file.call("sign_in_send_code", body)
    with pytest.raises(BrokenError, match="needs a token"):
        client_of_the_file.call("members_me")
    with pytest.raises(BrokenError, match="valid under"):
        client_of_the_file.call("sign_in_sign_in", {"identity": "lin@example.test"})


def test_the_client_imports_nothing_of_the_portal() -> None:
    tree = ast.parse(Path(openapi_client.__file__).read_text("utf-8"))
    named = {
        name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in [getattr(node, "module", None) or "", *(each.name for each in node.names)]
    }
    assert not [name for name in named if name.partition(".")[0] in ("portal", "tests", "plugins")]
