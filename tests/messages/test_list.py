"""The staff's list of what left the portal."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from portal.extensions import db
from portal.messages.models import Channel
from portal.messages.service import Draft, send
from tests import factories


@pytest.fixture
def messages(app: Flask) -> None:
    for number in range(25):
        send(Draft(Channel.MAIL, f"lin{number}@example.test", "secret words", "claims.approved"))
        send(Draft(Channel.SMS, "+8613800138000", "secret words", "code"))
    db.session.commit()


def test_masked_filtered_and_bounded(
    app: Flask, client: FlaskClient, messages: None, query_count: object
) -> None:
    factories.sign_in(client, factories.make_staff("administrator"))
    with query_count() as sent:  # type: ignore[operator]
        page = client.get("/centre/messages").text
    assert len(sent) <= 8, sent.texts
    assert "138****8000" in page
    assert "l***@example.test" in page
    for hidden in ("13800138000", "lin1@", "secret words"):
        assert hidden not in page
    assert "138****" not in client.get("/centre/messages?channel=mail").text
    assert "example.test" not in client.get("/centre/messages?state=refused").text
    assert client.get("/centre/messages?state=x&channel=y").status_code == 200


def test_it_is_the_centres(client: FlaskClient, app: Flask) -> None:
    staff = factories.make_staff("manager", factories.make_project())
    assert factories.sign_in(client, staff).get("/centre/messages").status_code == 403
