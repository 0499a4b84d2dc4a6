"""Reading webhooks and their deliveries."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account, AccountState
from portal.extensions import db
from portal.outbox.registry import DomainEvent
from portal.permissions.models import RoleGrant
from portal.permissions.roles import RoleName
from portal.projects.models import Project
from portal.webhooks.filters import DeliveryFilter, WebhookFilter
from portal.webhooks.models import Webhook, WebhookDelivery, WebhookState

MOST_TOLD = 20


@dataclass(frozen=True)
class Todo:
    """A delivery and all that sending it takes, read before the sending begins."""

    id: int
    message: str
    webhook_id: int
    webhook: str
    delivery_state: str
    webhook_state: str
    held_until: datetime | None
    address: str
    signing_secrets: tuple[str, ...]
    kind: str
    plugin: str | None
    project_id: int | None
    content: dict[str, Any]
    """What is sent, as JSON."""


def webhooks(wanted: WebhookFilter = WebhookFilter()) -> sa.Select[Any]:  # noqa: B008 (frozen)
    """Select the webhooks that `wanted` chooses, each with who made it."""
    return (
        sa.select(Webhook, Account.display_name)
        .outerjoin(Account, Account.id == Webhook.created_by_id)
        .where(*wanted.conditions())
    )


def find_webhook(public_id: str) -> Webhook | None:
    """Return one webhook."""
    return db.session.scalar(sa.select(Webhook).where(Webhook.public_id == public_id))


def wanting(event: DomainEvent) -> list[int]:
    """Return the ids of the webhooks that are to be told of an event."""
    rows = db.session.execute(
        sa.select(Webhook.id, Webhook.kinds)
        .where(
            Webhook.state == WebhookState.ACTIVE,
            sa.or_(Webhook.project_id.is_(None), Webhook.project_id == event.project_id),
        )
        .order_by(Webhook.id)
    )
    return [row.id for row in rows if event.kind in row.kinds]


def deliveries(
    webhook: Webhook,
    wanted: DeliveryFilter = DeliveryFilter(),  # noqa: B008 (frozen)
) -> sa.Select[tuple[WebhookDelivery]]:
    """Select what was told to a webhook, as far as `wanted` chooses it."""
    return sa.select(WebhookDelivery).where(
        WebhookDelivery.webhook_id == webhook.id, *wanted.conditions()
    )


def find_delivery(webhook: Webhook, public_id: str) -> WebhookDelivery | None:
    """Return one delivery of a webhook."""
    return db.session.scalar(deliveries(webhook).where(WebhookDelivery.public_id == public_id))


def todo(message: str) -> Todo | None:
    """Return a delivery with its webhook; None when the webhook was deleted; one statement."""
    row = db.session.execute(
        sa.select(WebhookDelivery, Webhook, Project.slug)
        .join(Webhook, Webhook.id == WebhookDelivery.webhook_id)
        .outerjoin(Project, Project.id == WebhookDelivery.project_id)
        .where(WebhookDelivery.public_id == message)
    ).one_or_none()
    if row is None:
        return None
    delivery, webhook, slug = row
    keys = [webhook.secret]
    if webhook.old_secret is not None and webhook.old_secret_until > clock.now():
        keys.append(webhook.old_secret)
    return Todo(
        id=delivery.id,
        message=message,
        webhook_id=webhook.id,
        webhook=webhook.public_id,
        delivery_state=delivery.state,
        webhook_state=webhook.state,
        held_until=webhook.held_until,
        address=webhook.address,
        signing_secrets=tuple(keys),
        kind=delivery.kind,
        plugin=delivery.plugin,
        project_id=delivery.project_id,
        content={
            "id": message,
            "kind": delivery.kind,
            "at": delivery.happened_at.isoformat(),
            "project": slug,
            "subject": {"kind": delivery.subject_kind, "id": delivery.subject_key},
            "data": dict(delivery.data),
        },
    )


def who_is_told(webhook: Webhook) -> Collection[int]:
    """Return the accounts that hear of a webhook's trouble: who made it, or, when that is a
    program or has left, the administrators."""
    maker = db.session.scalar(
        sa.select(Account.id).where(
            Account.id == webhook.created_by_id, Account.state == AccountState.ACTIVE
        )
    )
    if maker is not None:
        return [maker]
    return db.session.scalars(
        sa.select(Account.id)
        .join(RoleGrant, RoleGrant.account_id == Account.id)
        .where(
            RoleGrant.role == RoleName.ADMINISTRATOR,
            RoleGrant.project_id.is_(None),
            RoleGrant.revoked_at.is_(None),
            Account.state == AccountState.ACTIVE,
        )
        .distinct()
        .order_by(Account.id)
        .limit(MOST_TOLD)
    ).all()
