"""A call with a key is one act, however often it is sent."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import OperationalError

from portal import clock
from portal.access import signed_in
from portal.api.problems import Problem
from portal.extensions import db
from portal.idempotency.answers import secret_answer
from portal.idempotency.models import IdempotencyKey
from portal.members.models import Household
from tests import factories

KEY = {"Idempotency-Key": "abcdefghijklmnopqrstuv"}
PATH = "/me/sign-ins/end-others"


@pytest.fixture
def adding(app: Flask, request: Any) -> Iterator[Any]:
    """An application in which ending the other sign-ins adds a household instead."""
    endpoint = "accounts_api.end_others"
    before = app.view_functions[endpoint]
    inside, go = threading.Event(), threading.Event()

    @signed_in
    def add() -> Any:
        db.session.add(Household())
        db.session.flush()
        if request_says("wait"):
            inside.set()
            go.wait(20)
        if request_says("fail"):
            db.session.rollback()
            raise Problem(422, "no")
        db.session.commit()
        if request_says("late"):
            raise Problem(409, "known")
        return {"households": households()}, 201

    from flask import request as flask_request

    def request_says(word: str) -> bool:
        return word in (flask_request.get_json(silent=True) or {})

    app.view_functions[endpoint] = getattr(request, "param", lambda view: view)(add)
    yield inside, go
    app.view_functions[endpoint] = before


def households() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Household))


def test_the_second_time_gets_the_first_answer(call: Any, adding: Any) -> None:
    caller = call(factories.make_account())
    first = caller("POST", PATH, {"a": 1}, headers=KEY)
    second = caller("POST", PATH, {"a": 1}, headers=KEY)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json == {"households": 1}
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert households() == 1


def test_another_body_or_path_is_a_422(call: Any, adding: Any) -> None:
    one = call(factories.make_account())
    assert one("POST", PATH, {"a": 1}, headers=KEY).status_code == 201
    reused = one("POST", PATH, {"a": 2}, headers=KEY)
    assert (reused.status_code, reused.json["type"]) == (422, "urn:portal:problem:key_reused")
    assert "new Idempotency-Key" in reused.json["detail"]
    assert one("POST", f"{PATH}?x=1", {"a": 1}, headers=KEY).status_code == 422
    assert households() == 1


def test_the_same_key_of_another_account_is_another_act(call: Any, adding: Any) -> None:
    one, other = call(factories.make_account()), call(factories.make_account())
    assert one("POST", PATH, {"a": 1}, headers=KEY).json == {"households": 1}
    assert other("POST", PATH, {"a": 2}, headers=KEY).json == {"households": 2}
    assert one("POST", PATH, {"a": 1}, headers=KEY).json == {"households": 1}


def test_photos_are_compared_by_what_they_show(call: Any) -> None:
    """Sent again, a form with files has another boundary, and the view has read the files."""
    project = factories.make_project(slug="own")
    factories.make_unit(project, building="2", number="1502")
    me = call(factories.make_member())
    form = {"project": "own", "building": "2", "number": "1502", "role": "owner"}
    photo, other = factories.picture_bytes(), factories.picture_bytes(size=(500, 500))

    def claim(boundary: str, content: bytes) -> Any:
        parts = [
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in form.items()
        ]
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="photos"; filename="a.jpg"'
        body = "".join([*parts, head, "\r\n\r\n"]).encode() + content + b"\r\n"
        return me(
            "POST",
            "/me/claims",
            data=body + f"--{boundary}--\r\n".encode(),
            content_type=f"multipart/form-data; boundary={boundary}",
            headers=KEY,
        )

    first, second = claim("aaaa", photo), claim("bbbb", photo)
    assert (first.status_code, second.status_code) == (201, 201), second.json
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json == first.json
    assert claim("cccc", other).status_code == 422


def test_a_refused_call_leaves_its_key_free(call: Any, adding: Any) -> None:
    caller = call(factories.make_account())
    assert caller("POST", PATH, {"fail": 1}, headers=KEY).status_code == 422
    assert caller("POST", PATH, {"a": 1}, headers=KEY).status_code == 201


def test_a_refusal_after_a_commit_is_the_answer(call: Any, adding: Any) -> None:
    caller = call(factories.make_account())
    first = caller("POST", PATH, {"late": 1}, headers=KEY)
    second = caller("POST", PATH, {"late": 1}, headers=KEY)
    assert (first.status_code, second.status_code, households()) == (409, 409, 1)
    assert second.mimetype == "application/problem+json"
    assert second.json["type"] == "urn:portal:problem:known"


def test_a_key_whose_first_use_runs_is_a_409(call: Any, adding: Any) -> None:
    account = factories.make_account()
    caller = call(account)
    caller("POST", PATH, {"a": 1}, headers=KEY)
    db.session.execute(sa.update(IdempotencyKey).values(status=None, answer=None))
    db.session.commit()
    answer = caller("POST", PATH, {"a": 1}, headers=KEY)
    assert (answer.status_code, answer.json["type"]) == (409, "urn:portal:problem:still_running")


def test_an_act_whose_process_was_killed_before_it_answered(
    call: Any, adding: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Committed, never answered: the caller is told so instead of "still running" for ever."""
    caller = call(factories.make_account())
    with monkeypatch.context() as patch:
        patch.setattr("portal.idempotency.answers.to_keep", lambda response: None)
        assert caller("POST", PATH, {"a": 1}, headers=KEY).status_code == 201
    answer = caller("POST", PATH, {"a": 1}, headers=KEY)
    assert (answer.status_code, answer.json["type"]) == (409, "urn:portal:problem:still_running")
    later = clock.now() + timedelta(seconds=11)
    monkeypatch.setattr(clock, "now", lambda: later)
    answer = caller("POST", PATH, {"a": 1}, headers=KEY)
    assert (answer.status_code, answer.json["type"]) == (409, "urn:portal:problem:answer_lost")
    assert caller("POST", PATH, {"a": 2}, headers=KEY).status_code == 422
    assert households() == 1


def test_the_second_of_two_at_once_is_a_409(app: Flask, call: Any, adding: Any) -> None:
    """While the first is in its transaction, the second can neither do the act nor fail as a 500;
    afterwards it gets the first one's answer."""
    token = factories.make_token(factories.make_account())
    inside, go = adding
    answers: list[Any] = []

    def first() -> None:
        with app.app_context():
            answers.append(call(token=token)("POST", PATH, {"wait": 1}, headers=KEY))

    thread = threading.Thread(target=first)
    thread.start()
    try:
        assert inside.wait(10)
        second = call(token=token)("POST", PATH, {"wait": 1}, headers=KEY)
    finally:
        go.set()
        thread.join(20)
    # SQLite has one writer: who waited for it in vain cannot know which act it does.
    sqlite = db.engine.dialect.name == "sqlite"
    status, kind = (503, "busy") if sqlite else (409, "still_running")
    assert (second.status_code, second.json["type"]) == (status, f"urn:portal:problem:{kind}")
    assert answers[0].status_code == 201
    third = call(token=token)("POST", PATH, {"wait": 1}, headers=KEY)
    assert (third.status_code, third.headers["Idempotency-Replayed"]) == (201, "true")
    assert households() == 1


@pytest.mark.parametrize("adding", [secret_answer], indirect=True)
def test_an_answer_with_a_secret_is_not_kept(call: Any, adding: Any) -> None:
    caller = call(factories.make_account())
    assert caller("POST", PATH, {"a": 1}, headers=KEY).status_code == 201
    again = caller("POST", PATH, {"a": 1}, headers=KEY)
    assert (again.status_code, again.json["type"]) == (409, "urn:portal:problem:shown_once")
    assert db.session.scalars(sa.select(IdempotencyKey.answer)).one() is None


@pytest.mark.parametrize("key", ["short", "x" * 65, "with space in it 123", "ümläut-ümläut-ümläut"])
def test_a_malformed_key_is_a_400(call: Any, adding: Any, key: str) -> None:
    headers = {"Idempotency-Key": key.encode("utf-8").decode("latin-1")}
    assert call(factories.make_account())("POST", PATH, {}, headers=headers).status_code == 400
    assert households() == 0


def test_what_is_kept_of_an_answer_is_encrypted(call: Any, adding: Any) -> None:
    call(factories.make_account())("POST", PATH, {"a": 1}, headers=KEY)
    kept = db.session.execute(sa.text("SELECT answer FROM idempotency_key")).scalar()
    assert b"households" not in bytes(kept)


def test_an_answer_that_cannot_be_kept_goes_out(call: Any, adding: Any) -> None:
    caller = call(factories.make_account())

    def refuse(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE idempotency_key"):
            raise OperationalError(statement, {}, ConnectionError("terminated by a crash"))

    sa.event.listen(db.engine, "before_cursor_execute", refuse)
    try:
        first = caller("POST", PATH, {"a": 1}, headers=KEY)
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", refuse)
    assert (first.status_code, first.json) == (201, {"households": 1})
    again = caller("POST", PATH, {"a": 1}, headers=KEY)
    assert (again.status_code, households()) == (409, 1)
