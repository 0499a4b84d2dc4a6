"""Webhooks as administrators see them: on pages, by program, in the terminal."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal.audit.models import AuditEntry
from portal.columns import new_public_id
from portal.extensions import db
from portal.outbox.kinds import CORE_KINDS
from portal.webhooks import service
from portal.webhooks.cli import commands
from portal.webhooks.models import Webhook, WebhookDelivery
from portal.webhooks.words import ADDRESS_ERRORS, KIND_TITLES
from tests import factories
from tests.webhooks.receiver import Receiver

Make = Callable[..., tuple[Webhook, str]]
PATH = "/centre/webhooks"
WISH = {
    "name": "Customer system",
    "address": "https://example.com/hooks",
    "project": "-",
    "kinds": ["member.joined", "claim.decided"],
}


@pytest.fixture
def administrator(app: Flask) -> FlaskClient:
    """An administrator's browser, in English."""
    client = factories.sign_in(app.test_client(), factories.make_staff("administrator"))
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def acts() -> list[str]:
    return list(
        db.session.scalars(
            sa.select(AuditEntry.action).order_by(AuditEntry.created_at, AuditEntry.id)
        )
    )


def test_every_kind_of_core_has_words() -> None:
    assert set(KIND_TITLES) == {*CORE_KINDS, service.TEST}


def test_from_registering_to_deleting(
    administrator: FlaskClient, receiver: Receiver, deliver: Callable[[], list[Any]]
) -> None:
    assert "No program is told anything yet" in administrator.get(PATH).text
    assert administrator.get(f"{PATH}/new").status_code == 200
    made = administrator.post(f"{PATH}/new", data={**WISH, "address": receiver.url})
    secret = re.search(r"whsec_[\w+/]{43}=", made.text)[0]
    webhook = db.session.scalars(sa.select(Webhook)).one()
    path = f"{PATH}/{webhook.public_id}"
    assert "Customer system" in administrator.get(PATH).text
    assert administrator.post(f"{path}/test").status_code == 303
    deliver()
    page = administrator.get(path).text
    assert "Delivered" in page
    assert secret not in page
    assert administrator.get(f"{path}/rotate").status_code == 200
    rotated = administrator.post(f"{path}/rotate")
    assert re.search(r"whsec_[\w+/]{43}=", rotated.text)[0] == webhook.secret != secret
    assert "Old secret signs until" in administrator.get(path).text
    assert administrator.post(f"{path}/pause").status_code == 303
    assert administrator.post(f"{path}/pause").status_code == 409
    assert administrator.post(f"{path}/resume").status_code == 303
    again = administrator.post(f"{path}/resume")
    assert again.status_code == 409
    assert "Active" in again.text
    assert administrator.get(f"{path}/delete").status_code == 200
    assert administrator.post(f"{path}/delete").status_code == 303
    assert administrator.get(path).status_code == 404
    assert acts() == [
        "webhook.registered", "webhook.tested", "webhook.secret_rotated", "webhook.paused",
        "webhook.resumed", "webhook.deleted",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Enter a name"),
        ({"name": "x" * 81}, "80"),
        ({"address": ""}, "Enter the address"),
        ({"address": "example.com"}, str(ADDRESS_ERRORS["unreadable"])),
        ({"address": "http://example.com/"}, str(ADDRESS_ERRORS["not_https"])),
        ({"address": "https://10.0.0.1/"}, str(ADDRESS_ERRORS["private"])),
        ({"address": "https://a:b@example.com/"}, "user name"),
        ({"address": "https://example.com:22/"}, "port"),
        ({"address": "https://example.com/" + "x" * 100_000}, "500"),
        ({"kinds": []}, "Choose at least one kind"),
        ({"kinds": ["member.vanished"]}, "member.joined"),
        ({"project": "nowhere"}, "Where"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_lost(
    administrator: FlaskClient, changes: dict[str, Any], sentence: str
) -> None:
    answer = administrator.post(f"{PATH}/new", data={**WISH, **changes})
    assert answer.status_code == 422
    assert sentence in answer.text
    assert {**WISH, **changes}["name"] in answer.text
    assert db.session.scalars(sa.select(Webhook)).all() == []


def test_what_was_given_up_is_sent_again(
    administrator: FlaskClient,
    make_webhook: Make,
    receiver: Receiver,
    deliver: Callable[[], list[Any]],
) -> None:
    webhook, _ = make_webhook()
    other, _ = make_webhook(name="other")
    receiver.mood = 500
    service.send_test(actor=None, webhook=webhook)
    deliver()
    row = db.session.scalars(sa.select(WebhookDelivery)).one()
    page = administrator.get(f"{PATH}/{webhook.public_id}").text
    assert "The answer was not a success" in page
    again = f"deliveries/{row.public_id}/again"
    assert again in page
    assert administrator.post(f"{PATH}/{other.public_id}/{again}").status_code == 404
    receiver.mood = 200
    assert administrator.post(f"{PATH}/{webhook.public_id}/{again}").status_code == 303
    assert administrator.post(f"{PATH}/{webhook.public_id}/{again}").status_code == 409
    deliver()
    assert len(receiver.got) == 2


@pytest.mark.parametrize("role", ["manager", "centre", "leader", "auditor"])
def test_others_may_not(app: Flask, make_webhook: Make, role: str) -> None:
    webhook, _ = make_webhook()
    client = factories.sign_in(app.test_client(), factories.make_staff(role))
    for path in ("", "/new", f"/{webhook.public_id}", f"/{webhook.public_id}/delete"):
        assert client.get(PATH + path).status_code == 403
    for path in ("/new", *(f"/{webhook.public_id}/{act}" for act in ("test", "rotate", "delete"))):
        assert client.post(PATH + path, data=WISH).status_code == 403
    assert app.test_client().get(PATH).status_code in (302, 303)


def test_unknown_webhooks_are_not_found(administrator: FlaskClient) -> None:
    for id_ in (new_public_id(), "1", "%00", "x" * 300):
        assert administrator.get(f"{PATH}/{id_}").status_code == 404
        for act in ("pause", "resume", "test", "rotate", "delete", "deliveries/x/again"):
            assert administrator.post(f"{PATH}/{id_}/{act}").status_code == 404


def test_a_form_sent_twice_registers_once(administrator: FlaskClient) -> None:
    wish = {**WISH, "idempotency_key": new_public_id()}
    assert administrator.post(f"{PATH}/new", data=wish).status_code == 200
    # The secret was shown; it is not shown again.
    assert administrator.post(f"{PATH}/new", data=wish).status_code == 409
    assert len(db.session.scalars(sa.select(Webhook)).all()) == 1


def test_the_pages_send_a_fixed_number_of_statements(
    administrator: FlaskClient, make_webhook: Make, query_count: Any
) -> None:
    numbers = []
    for count in (2, 20):
        for number in range(count):
            webhook, _ = make_webhook(
                name=f"{count}-{number}",
                project_id=factories.make_project(slug=f"p{count}").id if number == 0 else None,
            )
        for _ in range(count):
            service.send_test(actor=None, webhook=webhook)
        db.session.commit()
        with query_count() as listed:
            assert administrator.get(PATH).status_code == 200
        with query_count() as shown:
            assert administrator.get(f"{PATH}/{webhook.public_id}").status_code == 200
        with query_count() as asked:
            assert administrator.get(f"{PATH}/new").status_code == 200
        numbers.append((len(listed), len(shown), len(asked)))
    assert numbers[0] == numbers[1]
    assert max(numbers[0]) <= 8


def test_members_are_not_asked_about_it(app: Flask) -> None:
    member = factories.sign_in(app.test_client(), factories.make_member())
    page = member.get("/me/notifications", headers={"Accept-Language": "en"}).text
    assert "claims.approved" in page
    assert "webhooks.paused" not in page


def test_a_program_registers_lists_and_deletes(app: Flask) -> None:
    factories.make_project(slug="own")
    client, token = app.test_client(), factories.make_service_token("webhooks.manage")
    address = "/api/v1/centre/webhooks"

    def call(method: str, path: str = "", token: str = token, **options: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Accept-Language": "en"}
        return client.open(address + path, method=method, headers=headers, **options)

    wish = {"name": "Kiosk", "address": "https://example.com/h?k=1", "kinds": ["claim.decided"]}
    made = call("POST", json={**wish, "project": "own"})
    assert made.status_code == 201
    assert made.json["secret"].startswith("whsec_")
    [shown] = call("GET").json["items"]
    assert {**shown, "secret": made.json["secret"]} == made.json
    assert (shown["project"], shown["address"], shown["state"]) == (
        "own",
        wish["address"],
        "active",
    )
    for changes, field in (
        ({"address": "https://127.0.0.1/"}, "address"),
        ({"address": "http://example.com/"}, "address"),
        ({"kinds": []}, "kinds"),
        ({"kinds": ["nothing"]}, "kinds"),
        ({"name": ""}, "name"),
        ({"project": "nowhere"}, "project"),
    ):
        refused = call("POST", json={**wish, **changes})
        assert refused.status_code == 422
        assert field in refused.json["errors"]
    assert call("GET", token=factories.make_service_token("members.view")).status_code == 403
    own = db.session.scalars(sa.select(Webhook.project_id)).one()
    assert own is not None
    assert call("DELETE", f"/{shown['id']}").status_code == 204
    assert call("DELETE", f"/{shown['id']}").status_code == 404
    assert acts() == ["token.issued", "webhook.registered", "token.issued", "webhook.deleted"]


def test_the_terminal_lists_and_tests(app: Flask, make_webhook: Make, receiver: Receiver) -> None:
    webhook, _ = make_webhook()
    run = app.test_cli_runner().invoke
    listed = run(commands, ["list"]).output
    assert webhook.public_id in listed
    assert "/hooks" not in listed
    sent = run(commands, ["test", webhook.public_id])
    assert (sent.exit_code, sent.output[:14]) == (0, "Delivered: 200")
    assert receiver.got[0].json["kind"] == "webhook.test"
    receiver.mood = 302
    refused = run(commands, ["test", webhook.public_id])
    assert refused.exit_code == 1
    assert "redirect" in refused.output
    assert run(commands, ["test", "nothing"]).exit_code == 1
    states = db.session.scalars(sa.select(WebhookDelivery.state).order_by(WebhookDelivery.id))
    assert list(states) == ["delivered", "failed"]
