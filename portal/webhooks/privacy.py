"""What webhooks keep of people."""

from portal.i18n import lazy
from portal.personal_data import Coverage, RetentionRule, rows_rule
from portal.webhooks.models import WebhookDelivery

TABLES = {
    "webhook": Coverage(
        exported=False, erased=False, why="it is the club's; it names who made it, by id only"
    ),
    "webhook_delivery": Coverage(
        exported=False, erased=False, why="random ids and codes only, deleted when they are old"
    ),
}


def retention_rules() -> list[RetentionRule]:
    """Return how long it is kept what webhooks were told."""
    return [
        rows_rule(
            "webhook_deliveries", lazy("What webhooks were told"), 30, 7,
            WebhookDelivery, lambda before: WebhookDelivery.created_at < before,
        )
    ]  # fmt: skip
