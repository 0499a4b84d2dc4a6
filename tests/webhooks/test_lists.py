"""Webhooks changed, searched, filtered, and what they were told exported."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.webhooks import service
from portal.webhooks.models import DeliveryState, Webhook, WebhookDelivery, WebhookState
from tests import factories
from tests.webhooks.receiver import Receiver
from tests.webhooks.test_pages import PATH, WISH, Make, administrator

__all__ = ["administrator"]


def facts_of(action: str) -> list[dict[str, Any]]:
    return list(db.session.scalars(sa.select(AuditEntry.facts).where(AuditEntry.action == action)))


def test_a_change_keeps_the_secret_and_is_written_down(
    administrator: FlaskClient, make_webhook: Make
) -> None:
    webhook, secret = make_webhook()
    project = factories.make_project(slug="own")
    db.session.commit()
    path = f"{PATH}/{webhook.public_id}"
    page = administrator.get(f"{path}/edit").text
    assert webhook.address in page
    wish = {
        "name": "Kiosk",
        "address": "https://example.org/a?token=hush",
        "project": "own",
        "kinds": ["claim.made"],
    }
    assert administrator.post(f"{path}/edit", data=wish).status_code == 303
    db.session.refresh(webhook)
    found = (webhook.name, webhook.address, webhook.host, webhook.kinds, webhook.project_id)
    assert found == ("Kiosk", wish["address"], "example.org", ["claim.made"], project.id)
    assert webhook.secret == secret
    assert facts_of("webhook.changed") == [
        {"changed": ["name", "address", "kinds", "project"], "host": "example.org"}
    ]
    # The same once more changes nothing, and is no act.
    assert administrator.post(f"{path}/edit", data=wish).status_code == 303
    assert len(facts_of("webhook.changed")) == 1


def test_a_new_address_begins_anew(administrator: FlaskClient, make_webhook: Make) -> None:
    webhook, _ = make_webhook()
    webhook.state, webhook.failures = WebhookState.FAILING, 30
    webhook.failing_since = webhook.held_until = clock.now()
    db.session.commit()
    path = f"{PATH}/{webhook.public_id}/edit"
    same = {**WISH, "address": webhook.address, "name": "Other"}
    assert administrator.post(path, data=same).status_code == 303
    db.session.refresh(webhook)
    assert (webhook.state, webhook.failures) == (WebhookState.FAILING, 30)
    assert administrator.post(path, data=WISH).status_code == 303
    db.session.refresh(webhook)
    assert (webhook.state, webhook.failures, webhook.failing_since, webhook.held_until) == (
        WebhookState.PAUSED,
        0,
        None,
        None,
    )


def test_what_is_on_its_way_goes_to_the_new_address(
    administrator: FlaskClient,
    make_webhook: Make,
    receiver: Receiver,
    deliver: Callable[[], list[Any]],
) -> None:
    webhook, _ = make_webhook(address="http://127.0.0.1:9/")
    service.send_test(actor=None, webhook=webhook)
    db.session.commit()
    path = f"{PATH}/{webhook.public_id}/edit"
    assert administrator.post(path, data={**WISH, "address": receiver.url}).status_code == 303
    deliver()
    assert len(receiver.got) == 1


def test_a_kind_of_a_removed_plugin_may_stay(
    administrator: FlaskClient, make_webhook: Make
) -> None:
    webhook, _ = make_webhook()
    webhook.kinds = ["gone.happened", "claim.made"]
    db.session.commit()
    path = f"{PATH}/{webhook.public_id}/edit"
    assert "gone.happened" in administrator.get(path).text
    kept = {**WISH, "kinds": ["gone.happened", "member.joined"]}
    assert administrator.post(path, data=kept).status_code == 303
    db.session.refresh(webhook)
    assert webhook.kinds == ["gone.happened", "member.joined"]
    assert administrator.post(path, data={**WISH, "kinds": ["other.happened"]}).status_code == 422


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"name": ""}, "Enter a name"),
        ({"address": "https://10.0.0.1/"}, "private network"),
        ({"kinds": []}, "Choose at least one kind"),
        ({"project": "nowhere"}, "Where"),
    ],
)
def test_a_bad_change_is_refused_and_nothing_lost(
    administrator: FlaskClient, make_webhook: Make, changes: dict[str, Any], sentence: str
) -> None:
    webhook, _ = make_webhook()
    answer = administrator.post(
        f"{PATH}/{webhook.public_id}/edit", data={**WISH, "name": "Typed", **changes}
    )
    assert answer.status_code == 422
    assert sentence in answer.text
    db.session.refresh(webhook)
    assert webhook.name == "Customer system"


def test_the_list_is_searched_and_filtered(administrator: FlaskClient, make_webhook: Make) -> None:
    project = factories.make_project(slug="own")
    make_webhook(name="Kiosk 100%", address="https://kiosk.example/x?token=hush")
    make_webhook(name="Warehouse", address="https://data.example/", project_id=project.id)
    paused, _ = make_webhook(name="Robot", address="https://robot.example/")
    service.pause(actor=None, webhook=paused)
    db.session.commit()

    def names(query: str) -> set[str]:
        page = administrator.get(f"{PATH}?{query}").text
        return {name for name in ("Kiosk 100%", "Warehouse", "Robot") if f">{name}</a>" in page}

    assert names("") == {"Kiosk 100%", "Warehouse", "Robot"}
    assert names("q=KIOSK") == {"Kiosk 100%"}
    assert names("q=%25") == {"Kiosk 100%"}
    assert names("q=data.ex") == {"Warehouse"}
    assert names("q=hush") == set()
    assert names("state=paused") == {"Robot"}
    assert names("project=own") == {"Warehouse"}
    assert names("project=-") == {"Kiosk 100%", "Robot"}
    assert names("project=-&state=active") == {"Kiosk 100%"}
    # What is no choice counts as none; nothing breaks a page.
    odd = "state=%25&project=%F0%9F%8F%A0&q=%01" + "x" * 10_000
    assert "Nothing matches" in administrator.get(f"{PATH}?{odd}").text
    assert names("state=odd&project=odd") == {"Kiosk 100%", "Warehouse", "Robot"}
    assert "Nothing matches" in administrator.get(f"{PATH}?q=nobody").text


def test_the_list_has_pages(administrator: FlaskClient, make_webhook: Make) -> None:
    for number in range(23):
        make_webhook(name=f"W{number:02}")
    for number, row in enumerate(db.session.scalars(sa.select(Webhook).order_by(Webhook.name))):
        row.created_at = clock.now() + timedelta(seconds=number)
    db.session.commit()
    first = administrator.get(f"{PATH}?q=W").text
    assert ">W22</a>" in first
    assert ">W03</a>" in first
    assert ">W02</a>" not in first
    [link] = [part for part in first.split('"') if "cursor=" in part]
    second = administrator.get(link.replace("&amp;", "&")).text
    assert "q=W" in link
    assert ">W02</a>" in second
    assert ">W03</a>" not in second


def told(webhook: Webhook, kind: str, state: str, error: str = "") -> None:
    service.send_test(actor=None, webhook=webhook, queued=False)
    row = db.session.scalars(
        sa.select(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id)
        .order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())
        .limit(1)
    ).one()
    row.kind, row.state, row.error = kind, state, error
    row.delivered_at = clock.now() if state == DeliveryState.DELIVERED else None
    db.session.commit()


def test_deliveries_are_filtered_and_exported(
    administrator: FlaskClient, make_webhook: Make
) -> None:
    webhook, _ = make_webhook()
    other, _ = make_webhook(name="other")
    told(webhook, "claim.decided", DeliveryState.DELIVERED)
    told(webhook, "member.joined", DeliveryState.FAILED, "timeout")
    told(webhook, "member.joined", DeliveryState.DELIVERED)
    told(other, "member.joined", DeliveryState.FAILED, "=1+1")
    path = f"{PATH}/{webhook.public_id}"

    def rows(query: str) -> int:
        return administrator.get(f"{path}?{query}").text.count('<th scope="row"')

    assert rows("") == 3
    assert rows("state=delivered") == 2
    assert rows("state=delivered&event=member.joined") == 1
    assert rows("state=odd&event=odd") == 3
    assert "Nothing matches" in administrator.get(f"{path}?state=waiting").text

    def exported(kind: str, id_: str = webhook.public_id) -> bytes:
        with administrator.post(f"{PATH}/{id_}/deliveries/export.{kind}") as answer:
            assert answer.status_code == 200
            return answer.data

    lines = list(csv.reader(io.StringIO(exported("csv?state=failed").decode("utf-8-sig"))))
    assert [line[1] for line in lines] == ["Kind", "member.joined"]
    assert lines[1][4] == "No answer within 10 seconds"
    assert facts_of("webhook.exported") == [{"format": "csv", "filtered_by": ["state"]}]
    assert exported("xlsx")[:2] == b"PK"
    assert administrator.post(f"{path}/deliveries/export.pdf").status_code == 404
    assert administrator.post(f"{PATH}/x/deliveries/export.csv").status_code == 404
    assert b"'=1+1" in exported("csv", other.public_id)


def test_only_those_with_the_right_change_and_export(app: Flask, make_webhook: Make) -> None:
    webhook, _ = make_webhook()
    client = factories.sign_in(app.test_client(), factories.make_staff("auditor"))
    path = f"{PATH}/{webhook.public_id}"
    assert client.get(f"{path}/edit").status_code == 403
    assert client.post(f"{path}/edit", data=WISH).status_code == 403
    assert client.post(f"{path}/deliveries/export.csv").status_code == 403


def test_a_program_changes_a_webhook(app: Flask, make_webhook: Make) -> None:
    webhook, secret = make_webhook()
    factories.make_project(slug="own")
    token = factories.make_service_token("webhooks.manage")
    client = app.test_client()

    def put(body: dict[str, Any], id_: str = webhook.public_id) -> Any:
        return client.put(
            f"/api/v1/centre/webhooks/{id_}",
            json=body,
            headers={"Authorization": f"Bearer {token}", "Accept-Language": "en"},
        )

    wish = {
        "name": "Kiosk",
        "address": "https://example.com/h",
        "kinds": ["claim.made"],
        "project": "own",
    }
    changed = put(wish)
    assert changed.status_code == 200
    assert {key: changed.json[key] for key in wish} == wish
    assert "secret" not in changed.json
    db.session.refresh(webhook)
    assert webhook.secret == secret
    for changes, field in (
        ({"address": "https://127.0.0.1/"}, "address"),
        ({"kinds": []}, "kinds"),
        ({"name": ""}, "name"),
        ({"project": "nowhere"}, "project"),
    ):
        refused = put({**wish, **changes})
        assert refused.status_code == 422
        assert field in refused.json["errors"]
    assert put(wish, "nothing").status_code == 404


def test_the_form_and_the_filters_send_a_fixed_number_of_statements(
    administrator: FlaskClient, make_webhook: Make, query_count: Any
) -> None:
    webhook, _ = make_webhook()
    told(webhook, "member.joined", DeliveryState.FAILED, "timeout")
    path = f"{PATH}/{webhook.public_id}"
    factories.make_project(slug="own")
    db.session.commit()
    for address in (f"{path}/edit", f"{path}?state=failed", f"{PATH}?q=c&state=active&project=own"):
        with query_count() as sent:
            assert administrator.get(address).status_code == 200
        assert len(sent) <= 8
