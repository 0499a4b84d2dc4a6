"""Addresses of other programs that are told what happens, and what was told to them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import Identified, UtcDateTime, foreign_key, one_of
from portal.crypto import Encrypted
from portal.extensions import db


class WebhookState(StrEnum):
    """Whether a webhook is told anything; `failing`: paused since nobody answered for days."""

    ACTIVE = "active"
    PAUSED = "paused"
    FAILING = "failing"


class DeliveryState(StrEnum):
    """What became of a delivery. `failed`: given up, and may be sent again by hand."""

    WAITING = "waiting"
    DELIVERED = "delivered"
    FAILED = "failed"
    SKIPPED = "skipped"


class Webhook(Identified, db.Model):
    """A program's address, and the kinds of events that it wants: of one project, or of all.

    `old_secret` signs, too, until `old_secret_until`. `failures` are those in a row, the first of
    them at `failing_since`; until `held_until` it is left alone, since it let us wait in vain.
    """

    __tablename__ = "webhook"
    __table_args__ = (
        one_of("state", WebhookState),
        sa.CheckConstraint("length(name) > 0", name="name_given"),
        sa.CheckConstraint(
            "(old_secret IS NULL) = (old_secret_until IS NULL)", name="old_secret_ends"
        ),
        sa.CheckConstraint("(failures = 0) = (failing_since IS NULL)", name="failing_since_first"),
    )

    name: Mapped[str] = mapped_column(sa.String(80))
    project_id: Mapped[int | None] = foreign_key("project.id")
    address: Mapped[str] = mapped_column(Encrypted)
    host: Mapped[str] = mapped_column(sa.String(255))
    """The part of the address that lists show: the rest may hold a secret."""
    kinds: Mapped[list[str]] = mapped_column(sa.JSON)
    secret: Mapped[str] = mapped_column(Encrypted)
    old_secret: Mapped[str | None] = mapped_column(Encrypted)
    old_secret_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(sa.String(10), default=WebhookState.ACTIVE)
    failures: Mapped[int] = mapped_column(default=0)
    failing_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    held_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_by_id: Mapped[int | None] = foreign_key("account.id")


class WebhookDelivery(Identified, db.Model):
    """One event for one webhook; its public id is the message's, the same at every attempt.

    `event_key`: what happened, once for each webhook. `status_code`, `error` and `took_ms` are of
    the last attempt; `error` is a code of portal.webhooks.words.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        one_of("state", DeliveryState),
        sa.UniqueConstraint("webhook_id", "event_key"),
        sa.CheckConstraint(
            "(state = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_at"
        ),
        sa.Index("ix_webhook_delivery_webhook_id_created_at", "webhook_id", "created_at", "id"),
        sa.Index("ix_webhook_delivery_created_at", "created_at"),
    )

    webhook_id: Mapped[int] = foreign_key("webhook.id", index=False)
    event_key: Mapped[str] = mapped_column(sa.String(40))
    kind: Mapped[str] = mapped_column(sa.String(60))
    project_id: Mapped[int | None] = foreign_key("project.id")
    plugin: Mapped[str | None] = mapped_column(sa.String(20))
    subject_kind: Mapped[str] = mapped_column(sa.String(40))
    subject_key: Mapped[str] = mapped_column(sa.String(64))
    data: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    happened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(sa.String(10), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    status_code: Mapped[int | None]
    error: Mapped[str] = mapped_column(sa.String(20), default="")
    took_ms: Mapped[int | None]
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
