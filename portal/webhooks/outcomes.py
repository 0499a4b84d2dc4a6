"""Noting what became of an attempt, and pausing a webhook that nobody answers for days."""

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.audit.service import record
from portal.extensions import db
from portal.jobs.registry import MAX_ATTEMPTS
from portal.notifications.service import notify
from portal.webhooks.models import DeliveryState, Webhook, WebhookDelivery, WebhookState
from portal.webhooks.queries import Todo, who_is_told

NOTICE = "webhooks.paused"
PATIENCE = timedelta(days=3)
HOLD = timedelta(seconds=60)
"""For so long a webhook that kept us waiting in vain is not tried: others want the runner, too."""


def note_delivered(todo: Todo, status: int, took_ms: int) -> None:
    """Note that a delivery arrived, in the caller's transaction."""
    now = clock.now()
    _delivery(
        todo, state=DeliveryState.DELIVERED, attempts=WebhookDelivery.attempts + 1, error="",
        status_code=status, took_ms=took_ms, tried_at=now, delivered_at=now,
    )  # fmt: skip
    db.session.execute(
        sa.update(Webhook)
        .where(Webhook.id == todo.webhook_id, Webhook.failures > 0)
        .values(failures=0, failing_since=None, held_until=None)
        .execution_options(synchronize_session=False)
    )


def note_skipped(todo: Todo, why: str) -> None:
    """Note that a delivery is not sent: its webhook is paused, or its plugin is off."""
    _delivery(todo, state=DeliveryState.SKIPPED, error=why)


def note_failure(
    todo: Todo, why: str, status: int | None, took_ms: int | None, *, last: bool
) -> None:
    """Note that an attempt failed; after the `last` the delivery is given up. A webhook whose
    deliveries all failed for three days is paused, and its owner told."""
    now = clock.now()
    _delivery(
        todo, state=DeliveryState.FAILED if last else DeliveryState.WAITING,
        attempts=WebhookDelivery.attempts + 1, error=why, status_code=status, took_ms=took_ms,
        tried_at=now,
    )  # fmt: skip
    values: dict[str, Any] = {
        "failures": Webhook.failures + 1,
        "failing_since": sa.func.coalesce(Webhook.failing_since, now),
    }
    if why == "timeout":
        values["held_until"] = now + HOLD
    db.session.execute(
        sa.update(Webhook)
        .where(Webhook.id == todo.webhook_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    _pause_after_days(todo.webhook_id)


def note_untried(todo: Todo) -> None:
    """Note that a delivery is given up without this attempt: its webhook is left alone now."""
    _delivery(todo, state=DeliveryState.FAILED, error="timeout")


def _pause_after_days(webhook_id: int) -> None:
    now = clock.now()
    paused = db.session.execute(
        sa.update(Webhook)
        .where(
            Webhook.id == webhook_id,
            Webhook.state == WebhookState.ACTIVE,
            Webhook.failing_since <= now - PATIENCE,
            # Not for two single failures with silence between.
            Webhook.failures >= MAX_ATTEMPTS,
        )
        .values(state=WebhookState.FAILING)
        .execution_options(synchronize_session=False)
    )
    if not paused.rowcount:  # type: ignore[attr-defined]
        return
    webhook = db.session.get_one(Webhook, webhook_id, populate_existing=True)
    record(
        actor=None,
        action="webhook.paused",
        subject=("webhook", webhook.public_id),
        project_id=webhook.project_id,
        facts={"failures": webhook.failures},
    )
    notify(
        account_ids=who_is_told(webhook),
        kind=NOTICE,
        cause=f"{webhook.public_id}:{now:%Y%m%d%H%M%S}",
        values={"name": webhook.name},
        url=f"/centre/webhooks/{webhook.public_id}",
    )


def _delivery(todo: Todo, **values: Any) -> None:
    """Change a delivery that has not arrived: after that nothing is noted any more."""
    db.session.execute(
        sa.update(WebhookDelivery)
        .where(WebhookDelivery.id == todo.id, WebhookDelivery.state != DeliveryState.DELIVERED)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
