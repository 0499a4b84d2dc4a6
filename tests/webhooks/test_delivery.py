"""Deliveries to a real server: once, signed, again after trouble, given up, paused."""

import base64
import hmac
import logging
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.extensions import db
from portal.jobs.models import JobRow, JobState
from portal.jobs.registry import MAX_ATTEMPTS
from portal.notifications.models import Notification
from portal.outbox import registry as outbox
from portal.outbox.service import emit
from portal.slots import slots
from portal.webhooks import outcomes, posting, sending, service
from portal.webhooks.models import DeliveryState, Webhook, WebhookDelivery, WebhookState
from tests import factories
from tests.webhooks.receiver import Got, Receiver

Make = Callable[..., tuple[Webhook, str]]
Deliver = Callable[[], list[Any]]


def happen(kind: str = "member.joined", project_id: int | None = None, **data: Any) -> None:
    """Tell that something happened."""
    emit(kind=kind, project_id=project_id, subject=("member", "m1"), data=data)
    db.session.commit()


def told() -> WebhookDelivery:
    db.session.expire_all()
    return db.session.scalars(sa.select(WebhookDelivery)).one()


def job() -> JobRow:
    return db.session.scalars(sa.select(JobRow).where(JobRow.kind == service.DELIVER)).one()


def signatures(got: Got, secret: str) -> list[bool]:
    """Tell of each signature whether it was made with this secret, as the standard describes."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    right = "v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode()
    return [each == right for each in got.headers["webhook-signature"].split()]


def test_an_event_arrives_once_signed(
    make_webhook: Make, deliver: Deliver, receiver: Receiver
) -> None:
    project = factories.make_project(slug="binjiang")
    webhook, secret = make_webhook(address=receiver.url + "?key=a%20b")
    happen("claim.decided", project.id, state="approved", member="m2")
    assert deliver() == [JobState.DONE]
    assert deliver() == []
    [got] = receiver.got
    row = told()
    assert got.path == "/hooks?key=a%20b"
    assert got.json == {
        "id": row.public_id,
        "kind": "claim.decided",
        "at": row.happened_at.isoformat(),
        "project": "binjiang",
        "subject": {"kind": "member", "id": "m1"},
        "data": {"state": "approved", "member": "m2"},
    }
    assert signatures(got, secret) == [True]
    assert got.headers["webhook-id"] == row.public_id
    assert abs(int(got.headers["webhook-timestamp"]) - time.time()) < 60
    assert got.headers["content-type"] == "application/json; charset=utf-8"
    assert got.headers["host"] == f"127.0.0.1:{receiver.port}"
    assert (row.state, row.status_code, row.attempts, row.error) == ("delivered", 200, 1, "")
    assert row.took_ms is not None
    assert (webhook.failures, webhook.failing_since) == (0, None)


def test_who_wants_what(make_webhook: Make, deliver: Deliver, receiver: Receiver) -> None:
    own, other = factories.make_project(slug="own"), factories.make_project(slug="other")
    make_webhook(name="all", kinds=["claim.decided"])
    make_webhook(name="own", kinds=["claim.decided", "member.joined"], project_id=own.id)
    happen("member.changed")  # nobody's
    happen("member.joined")  # of no project
    happen("claim.decided", other.id)
    assert deliver() == [JobState.DONE]
    happen("claim.decided", own.id)
    assert deliver() == [JobState.DONE] * 2
    assert [got.json["project"] for got in receiver.got] == ["other", "own", "own"]


def test_nothing_is_asked_for_when_nobody_wants_it(deliver: Deliver) -> None:
    happen()
    assert deliver() == []
    asked = sa.select(JobRow).where(JobRow.kind.startswith("webhooks."))
    assert db.session.scalars(asked).all() == []


def test_as_many_arrive_as_happen(
    make_webhook: Make, deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every third answer is an error; nothing is lost, nobody is told twice what was taken."""
    make_webhook()
    make_webhook(name="another")
    numbers, begun = iter(range(10_000)), clock.now()
    real = posting.post

    def moody(*arguments: Any) -> int:
        receiver.mood = 503 if next(numbers) % 3 == 0 else 200
        return real(*arguments)

    monkeypatch.setattr(sending, "post", moody)
    for number in range(30):
        happen(n=number)
    for hours in range(1, 9):
        deliver()
        monkeypatch.setattr(clock, "now", lambda at=begun + timedelta(hours=hours): at)
    rows = db.session.scalars(sa.select(WebhookDelivery)).all()
    assert len(rows) == 60
    assert {row.state for row in rows} == {"delivered"}
    assert {got.json["id"] for got in receiver.got} == {row.public_id for row in rows}
    assert len(receiver.got) == sum(row.attempts for row in rows) > 60


@pytest.mark.parametrize(
    ("mood", "error", "status"),
    [
        (500, "status", 500),
        (404, "status", 404),
        (410, "status", 410),
        (302, "redirect", 302),
        (307, "redirect", 307),
        ("garbage", "bad_answer", None),
        ("many_headers", "bad_answer", None),
        ("silence", "no_connection", None),
    ],
)
def test_trouble_is_noted_and_tried_again(
    make_webhook: Make,
    deliver: Deliver,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mood: int | str,
    error: str,
    status: int | None,
) -> None:
    webhook, secret = make_webhook()
    receiver.mood = mood
    happen()
    assert deliver() == [JobState.FAILED]
    [line] = [each for each in caplog.records if "failed" in each.getMessage()]
    assert (line.levelname, line.exc_info) == ("WARNING", None)
    assert f"DeliveryError: {error}" in line.getMessage()
    assert len(receiver.got) == 1  # a redirect was not followed
    row = told()
    assert (row.state, row.error, row.status_code, row.attempts) == ("waiting", error, status, 1)
    assert webhook.failures == 1
    assert job().state == JobState.WAITING
    assert deliver() == []
    receiver.mood = 204
    later = job().due_at
    monkeypatch.setattr(clock, "now", lambda: later)
    assert deliver() == [JobState.DONE]
    first, second = receiver.got
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert first.body == second.body
    assert signatures(second, secret) == [True]
    row = told()
    assert (row.state, row.attempts, row.status_code, row.error) == ("delivered", 2, 204, "")
    assert (webhook.failures, webhook.failing_since) == (0, None)


@pytest.mark.parametrize("mood", ["hang", "drip_head", "endless_continue"])
def test_who_lets_us_wait_is_given_up_in_time(
    make_webhook: Make,
    deliver: Deliver,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    mood: str,
) -> None:
    monkeypatch.setattr(posting, "SECONDS", 0.6)
    webhook, _ = make_webhook()
    receiver.mood = mood
    for number in range(4):
        happen(n=number)
    begun = time.monotonic()
    assert deliver() == [JobState.FAILED] * 4
    # The first is waited for; the others leave the webhook alone for a while.
    assert time.monotonic() - begun < 3
    assert len(receiver.got) == 1
    rows = db.session.scalars(sa.select(WebhookDelivery)).all()
    assert sorted((row.attempts, row.error) for row in rows) == [(0, "")] * 3 + [(1, "timeout")]
    receiver.mood = 200
    receiver.done.set()
    later = clock.now() + timedelta(minutes=2)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert deliver() == [JobState.DONE] * 4
    assert webhook.held_until is None


@pytest.mark.parametrize("mood", ["drip_body", "huge"])
def test_the_answers_body_does_not_matter(
    make_webhook: Make,
    deliver: Deliver,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
    mood: str,
) -> None:
    monkeypatch.setattr(posting, "BODY_SECONDS", 0.3)
    make_webhook()
    receiver.mood = mood
    happen()
    begun = time.monotonic()
    assert deliver() == [JobState.DONE]
    assert time.monotonic() - begun < 3
    assert told().state == "delivered"
    if mood == "huge":
        # What was read, and what lay in buffers on the way.
        assert int(receiver.mood) < 20_000_000


def test_nobody_listens(make_webhook: Make, deliver: Deliver) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        make_webhook(address=f"http://127.0.0.1:{taken.getsockname()[1]}/")
        happen()
        assert deliver() == [JobState.FAILED]
    assert told().error == "no_connection"


def test_the_last_attempt_leaves_a_dead_letter_that_can_be_sent_again(
    make_webhook: Make, deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = make_webhook()
    receiver.mood = 500
    happen()
    at = clock.now()
    for _ in range(MAX_ATTEMPTS):
        deliver()
        at += timedelta(hours=2)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
    assert len(receiver.got) == MAX_ATTEMPTS
    assert (job().state, told().state) == (JobState.FAILED, "failed")
    assert deliver() == []
    assert webhook.state == WebhookState.ACTIVE
    receiver.mood = 200
    service.send_again(actor=None, webhook=webhook, delivery=told())
    assert deliver() == [JobState.DONE]
    assert told().state == "delivered"
    with pytest.raises(service.WebhookError, match="state"):
        service.send_again(actor=None, webhook=webhook, delivery=told())


def test_after_three_days_of_silence_it_is_paused_and_its_owner_told(
    make_webhook: Make, deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = factories.make_staff("administrator")
    webhook, _ = make_webhook(actor=owner)
    receiver.mood = 500
    at = begun = clock.now()
    monkeypatch.setattr(clock, "now", lambda: begun)
    while at < begun + outcomes.PATIENCE - timedelta(hours=6):
        happen()
        deliver()
        at += timedelta(hours=5)
        monkeypatch.setattr(clock, "now", lambda at=at: at)
    db.session.refresh(webhook)
    assert (webhook.state, webhook.failing_since) == (WebhookState.ACTIVE, begun)
    at = begun + outcomes.PATIENCE + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: at)
    deliver()
    assert webhook.state == WebhookState.FAILING
    tried = len(receiver.got)
    happen("member.joined")  # not written down at all
    deliver()
    assert len(receiver.got) == tried
    [notice] = db.session.scalars(sa.select(Notification)).all()
    assert notice.account_id == owner.id
    assert notice.url == f"/centre/webhooks/{webhook.public_id}"
    assert "Customer system" in notice.subject["en"]
    states = set(db.session.scalars(sa.select(WebhookDelivery.state)))
    assert DeliveryState.DELIVERED not in states
    assert DeliveryState.SKIPPED in states
    receiver.mood = 200
    service.resume(actor=owner, webhook=webhook)
    happen("member.joined")
    assert deliver() == [JobState.DONE]


def test_two_failures_with_silence_between_pause_nothing(
    make_webhook: Make, deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, _ = make_webhook()
    receiver.mood = 500
    happen()
    deliver()
    later = clock.now() + outcomes.PATIENCE * 2
    monkeypatch.setattr(clock, "now", lambda: later)
    deliver()
    assert (webhook.failures, webhook.state) == (2, WebhookState.ACTIVE)


def test_a_programs_webhook_reports_to_the_administrators(
    make_webhook: Make, deliver: Deliver, receiver: Receiver
) -> None:
    administrator = factories.make_staff("administrator")
    webhook, _ = make_webhook(actor=factories.make_account(state="closed"))
    receiver.mood = 500
    webhook.failures, webhook.failing_since = 20, clock.now() - timedelta(days=4)
    happen()
    deliver()
    [notice] = db.session.scalars(sa.select(Notification)).all()
    assert notice.account_id == administrator.id


def test_what_is_paused_is_left_out(
    make_webhook: Make, deliver: Deliver, receiver: Receiver
) -> None:
    webhook, _ = make_webhook()
    receiver.mood = 500
    happen()
    deliver()
    service.pause(actor=None, webhook=webhook)
    happen()
    db.session.execute(sa.update(JobRow).values(due_at=clock.now()))
    assert deliver() == [JobState.DONE]
    assert len(receiver.got) == 1
    assert (told().state, told().error) == ("skipped", "paused")
    with pytest.raises(service.WebhookError, match="state"):
        service.pause(actor=None, webhook=webhook)


def test_a_test_goes_out_even_when_paused_and_is_tried_once(
    make_webhook: Make, deliver: Deliver, receiver: Receiver
) -> None:
    webhook, secret = make_webhook()
    service.pause(actor=None, webhook=webhook)
    service.send_test(actor=None, webhook=webhook)
    assert deliver() == [JobState.DONE]
    assert receiver.got[0].json["kind"] == "webhook.test"
    assert signatures(receiver.got[0], secret) == [True]
    receiver.mood = 500
    service.send_test(actor=None, webhook=webhook)
    assert deliver() == [JobState.DONE]
    assert deliver() == []
    states = db.session.scalars(sa.select(WebhookDelivery.state).order_by(WebhookDelivery.id))
    assert list(states) == ["delivered", "failed"]


def test_for_a_day_both_secrets_sign(
    make_webhook: Make, deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook, old = make_webhook()
    new = service.rotate_secret(actor=None, webhook=webhook)
    assert new != old
    happen()
    deliver()
    later = clock.now() + timedelta(hours=25)
    monkeypatch.setattr(clock, "now", lambda: later)
    happen()
    deliver()
    first, second = receiver.got
    assert (signatures(first, new), signatures(first, old)) == ([True, False], [False, True])
    assert (signatures(second, new), signatures(second, old)) == ([True], [False])


def test_plugins_events_are_gated(
    app: Flask,
    make_webhook: Make,
    deliver: Deliver,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What a plugin tells while it is on is not sent once it is off."""
    project, on = factories.make_project(), [True]
    monkeypatch.setitem(app.extensions, "portal.event_kinds", set())
    outbox.declare_in(app, "library.book_returned")
    monkeypatch.setattr(
        slots(), "is_plugin_on", lambda plugin, place: plugin == "library" and on[0]
    )
    make_webhook(kinds=["library.book_returned"])
    happen("library.book_returned", project.id)
    receiver.mood = 500
    assert deliver() == [JobState.FAILED]
    on[0] = False
    db.session.execute(sa.update(JobRow).values(due_at=clock.now()))
    assert deliver() == [JobState.DONE]
    assert (told().state, told().error, len(receiver.got)) == ("skipped", "plugin_off", 1)
    happen("library.book_returned", project.id)
    assert deliver() == []
    on[0], receiver.mood = True, 200
    happen("library.book_returned", project.id)
    assert deliver() == [JobState.DONE]


def test_a_deleted_webhook_is_told_nothing(
    make_webhook: Make, deliver: Deliver, receiver: Receiver
) -> None:
    webhook, _ = make_webhook()
    receiver.mood = 500
    happen()
    deliver()
    service.delete(actor=None, webhook=webhook)
    db.session.execute(sa.update(JobRow).values(due_at=clock.now()))
    assert deliver() == [JobState.DONE]
    assert len(receiver.got) == 1
    assert db.session.scalars(sa.select(WebhookDelivery)).all() == []


def test_addresses_and_secrets_are_in_no_log_and_no_job(
    make_webhook: Make, deliver: Deliver, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    _, secret = make_webhook(address=receiver.url + "/private-part?token=hidden")
    receiver.mood = 500
    happen()
    deliver()
    found = job()
    for text in (caplog.text, found.error, found.traceback, str(found.payload)):
        assert "private-part" not in text
        assert "hidden" not in text
        assert secret not in text
        assert str(receiver.port) not in text


def test_the_database_keeps_address_and_secret_encrypted(make_webhook: Make) -> None:
    _, secret = make_webhook(address="https://example.com/private-part")
    row = db.session.execute(sa.text("SELECT address, secret, host FROM webhook")).one()
    assert b"private-part" not in bytes(row.address)
    assert secret.encode() not in bytes(row.secret)
    assert row.host == "example.com"


def test_no_lock_is_held_meanwhile(
    app: Flask, make_webhook: Make, deliver: Deliver, receiver: Receiver
) -> None:
    """Others write while the other side thinks."""
    webhook, _ = make_webhook()
    receiver.mood = "hang"
    happen()
    thread = threading.Thread(target=deliver_in, args=(app, deliver))
    thread.start()
    while not receiver.got:
        time.sleep(0.01)
    begun = time.monotonic()
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(
            sa.update(Webhook.__table__).where(Webhook.id == webhook.id).values(name="Renamed")
        )
    assert time.monotonic() - begun < 1
    receiver.done.set()
    thread.join(20)
    db.session.rollback()


def deliver_in(app: Flask, deliver: Deliver) -> None:
    with app.app_context():
        deliver()


def test_in_production_this_machine_is_never_told(
    make_webhook: Make, deliver: Deliver, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even when the webhook was registered while the portal was tried out."""
    make_webhook()
    monkeypatch.setattr(sending, "local_allowed", lambda: False)
    happen()
    assert deliver() == [JobState.FAILED]
    assert (told().error, receiver.got) == ("not_https", [])
