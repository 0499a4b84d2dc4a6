"""A form sent twice is one act."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from flask import Flask, redirect, request
from flask.testing import FlaskClient
from werkzeug.wrappers import Response

from portal.access import public
from portal.extensions import db
from portal.idempotency.models import IdempotencyKey
from portal.members.models import Household
from tests import factories

KEY = "abcdefghijklmnopqrstuv"


@pytest.fixture
def adding(app: Flask) -> Iterator[FlaskClient]:
    """A client of an application in which a sign-out adds a household instead."""
    endpoint = "accounts.sign_out"
    before = app.view_functions[endpoint]

    @public
    def add_household() -> Response:
        if request.form.get("fail"):
            db.session.add(Household())
            db.session.flush()
            db.session.rollback()
            return Response("no", 422)
        db.session.add(Household())
        db.session.commit()
        db.session.add(Household())
        db.session.commit()
        return redirect("/done", 303)

    app.view_functions[endpoint] = add_household
    yield app.test_client()
    app.view_functions[endpoint] = before


def households() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Household))


def send(client: FlaskClient, **data: str) -> int:
    return client.post("/logout", data={"idempotency_key": KEY, **data}).status_code


def test_the_second_time_gets_the_first_answer(adding: FlaskClient) -> None:
    first = adding.post("/logout", data={"idempotency_key": KEY, "a": "1"})
    second = adding.post("/logout", data={"idempotency_key": KEY, "a": "1"})
    assert (first.status_code, second.status_code) == (303, 303)
    assert first.location == second.location == "/done"
    assert households() == 2


def test_the_same_key_with_another_body_is_refused(adding: FlaskClient) -> None:
    send(adding, a="1")
    assert send(adding, a="2") == 422
    assert households() == 2


def test_a_refused_form_keeps_its_key_free(adding: FlaskClient) -> None:
    assert send(adding, fail="1") == 422
    assert send(adding, a="1") == 303
    assert households() == 2


def test_the_same_key_of_another_account_is_another_act(adding: FlaskClient, app: Flask) -> None:
    one = factories.sign_in(app.test_client(), factories.make_account())
    other = factories.sign_in(app.test_client(), factories.make_account())
    for client in (one, other, one, other):
        assert send(client, a="1") == 303
    assert households() == 4


def test_without_a_key_each_request_is_an_act(adding: FlaskClient) -> None:
    for _ in range(2):
        adding.post("/logout", data={"a": "1"})
    assert households() == 4
    assert db.session.scalar(sa.select(IdempotencyKey.id)) is None


def test_a_first_use_still_running_is_a_conflict(adding: FlaskClient) -> None:
    send(adding, a="1")
    db.session.execute(sa.update(IdempotencyKey).values(location=None))
    db.session.commit()
    assert send(adding, a="1") == 409
