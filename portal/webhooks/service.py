"""Registering webhooks, telling them what happened, and noting what became of it."""

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.columns import new_public_id
from portal.database.statements import insert_new_returning
from portal.extensions import db
from portal.jobs.service import enqueue, enqueue_many
from portal.outbox.kinds import CORE_KINDS
from portal.outbox.registry import DomainEvent, declared_kinds
from portal.webhooks.addresses import Target
from portal.webhooks.models import DeliveryState, Webhook, WebhookDelivery, WebhookState
from portal.webhooks.signing import new_secret

DELIVER = "webhooks.deliver"
TEST = "webhook.test"
"""The kind of the event that staff send to try a webhook; nobody subscribes to it."""
OLD_SECRET_LIFE = timedelta(hours=24)


class WebhookError(Exception):
    """A webhook cannot be made or moved so; `code` says why: no_kind, unknown_kind, state."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def register(
    *,
    actor: Account | None,
    name: str,
    target: Target,
    kinds: Collection[str],
    project_id: int | None,
) -> tuple[Webhook, str]:
    """Make a webhook; return it and its secret. `kinds`: of portal.outbox.

    Raises WebhookError: no_kind, unknown_kind.
    """
    _check_kinds(kinds, declared_kinds())
    secret = new_secret()
    made = Webhook(
        name=name,
        project_id=project_id,
        address=target.url,
        host=target.place,
        kinds=sorted(set(kinds)),
        secret=secret,
        created_by_id=actor.id if actor else None,
    )
    db.session.add(made)
    db.session.flush()
    _audit(actor, "webhook.registered", made, kinds=made.kinds)
    return made, secret


def change(
    *,
    actor: Account | None,
    webhook: Webhook,
    name: str,
    target: Target,
    kinds: Collection[str],
    project_id: int | None,
) -> None:
    """Give a webhook another name, address, kinds or place; what is on its way goes to the new
    address, and the failures of the old one are forgotten. Raises WebhookError: no_kind,
    unknown_kind."""
    db.session.refresh(webhook, with_for_update=True)
    # What a removed plugin left among the kinds may stay.
    _check_kinds(kinds, {*declared_kinds(), *webhook.kinds})
    before = (webhook.name, webhook.address, webhook.kinds, webhook.project_id)
    after = (name, target.url, sorted(set(kinds)), project_id)
    names = ("name", "address", "kinds", "project")
    changed = [each for each, old, new in zip(names, before, after, strict=True) if old != new]
    if not changed:
        return
    webhook.name, webhook.address, webhook.kinds, webhook.project_id = after
    webhook.host = target.place
    if "address" in changed:
        webhook.failures, webhook.failing_since, webhook.held_until = 0, None, None
        if webhook.state == WebhookState.FAILING:
            webhook.state = WebhookState.PAUSED
    _audit(actor, "webhook.changed", webhook, changed=changed, host=target.place)


def rotate_secret(*, actor: Account | None, webhook: Webhook) -> str:
    """Give a webhook a new secret and return it; the one before signs, too, for 24 hours."""
    db.session.refresh(webhook, with_for_update=True)
    webhook.old_secret = webhook.secret
    webhook.old_secret_until = clock.now() + OLD_SECRET_LIFE
    webhook.secret = new_secret()
    _audit(actor, "webhook.secret_rotated", webhook)
    return webhook.secret


def pause(*, actor: Account | None, webhook: Webhook) -> None:
    """Tell a webhook nothing more: what happens meanwhile it never hears. Raises WebhookError."""
    _move(webhook, (WebhookState.ACTIVE,), state=WebhookState.PAUSED)
    _audit(actor, "webhook.paused", webhook)


def resume(*, actor: Account | None, webhook: Webhook) -> None:
    """Tell a webhook again what happens from now on. Raises WebhookError."""
    _move(
        webhook, (WebhookState.PAUSED, WebhookState.FAILING),
        state=WebhookState.ACTIVE, failures=0, failing_since=None, held_until=None,
    )  # fmt: skip
    _audit(actor, "webhook.resumed", webhook)


def delete(*, actor: Account | None, webhook: Webhook) -> None:
    """Delete a webhook and the list of what it was told."""
    # Locked first, so that no delivery is added between the two statements.
    db.session.refresh(webhook, with_for_update=True)
    db.session.execute(
        sa.delete(WebhookDelivery)
        .where(WebhookDelivery.webhook_id == webhook.id)
        .execution_options(synchronize_session=False)
    )
    db.session.delete(webhook)
    _audit(actor, "webhook.deleted", webhook)


def send_test(*, actor: Account | None, webhook: Webhook, queued: bool = True) -> str:
    """Send a webhook a test event, paused or not; return the message's id. `queued` False: the
    caller sends it."""
    [message] = _add(
        [webhook.id],
        event_key=f"test:{secrets.token_hex(12)}",
        kind=TEST,
        project_id=webhook.project_id,
        plugin=None,
        subject_kind="webhook",
        subject_key=webhook.public_id,
        data={},
        happened_at=clock.now(),
    )
    if queued:
        enqueue(kind=DELIVER, payload={"delivery": message}, key=f"webhook:{message}")
    _audit(actor, "webhook.tested", webhook)
    return message


def send_again(*, actor: Account | None, webhook: Webhook, delivery: WebhookDelivery) -> None:
    """Send once more what was given up or left out. Raises WebhookError: state."""
    changed = db.session.execute(
        sa.update(WebhookDelivery)
        .where(
            WebhookDelivery.id == delivery.id,
            WebhookDelivery.state.in_((DeliveryState.FAILED, DeliveryState.SKIPPED)),
        )
        .values(state=DeliveryState.WAITING)
        .execution_options(synchronize_session=False)
    )
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise WebhookError("state")
    enqueue(
        kind=DELIVER,
        payload={"delivery": delivery.public_id},
        project_id=delivery.project_id,
        key=f"webhook:{delivery.public_id}:{secrets.token_hex(4)}",
    )
    _audit(actor, "webhook.sent_again", webhook, delivery=delivery.public_id)


def tell(*, webhook_ids: Collection[int], event: DomainEvent) -> None:
    """Write down that these webhooks are to be told of an event, each once, and ask for it."""
    if not webhook_ids:
        return
    messages = _add(
        webhook_ids,
        event_key=f"event:{event.id}",
        kind=event.kind,
        project_id=event.project_id,
        plugin=plugin_of(event.kind),
        subject_kind=event.subject[0],
        subject_key=event.subject[1],
        data=dict(event.data),
        happened_at=event.created_at,
    )
    if messages:
        wanted = [{"delivery": each, "key": f"webhook:{each}"} for each in messages]
        enqueue_many(kind=DELIVER, wanted=wanted, project_id=event.project_id)


def plugin_of(kind: str) -> str | None:
    """Return the plugin that emits a kind of event; None for core's."""
    return None if kind in CORE_KINDS else kind.partition(".")[0]


def _check_kinds(kinds: Collection[str], choices: Collection[str]) -> None:
    if not kinds:
        raise WebhookError("no_kind")
    if not set(kinds) <= set(choices):
        raise WebhookError("unknown_kind")


def _add(webhook_ids: Collection[int], **values: Any) -> list[str]:
    rows = [
        {
            "public_id": new_public_id(),
            "webhook_id": webhook_id,
            "state": DeliveryState.WAITING,
            "attempts": 0,
            "error": "",
            "created_at": clock.now(),
            **values,
        }
        for webhook_id in webhook_ids
    ]
    new = insert_new_returning(WebhookDelivery, rows, WebhookDelivery.public_id)
    return [public_id for (public_id,) in new]


def _move(webhook: Webhook, among: tuple[WebhookState, ...], **values: Any) -> None:
    changed = db.session.execute(
        sa.update(Webhook)
        .where(Webhook.id == webhook.id, Webhook.state.in_(among))
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(webhook)
    if not changed.rowcount:  # type: ignore[attr-defined]
        raise WebhookError("state")


def _audit(actor: Account | None, action: str, webhook: Webhook, **facts: Any) -> None:
    record(
        actor=actor,
        action=action,
        subject=("webhook", webhook.public_id),
        project_id=webhook.project_id,
        facts=facts,
    )
