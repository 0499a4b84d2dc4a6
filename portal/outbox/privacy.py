"""How long events that were told are kept."""

from portal.i18n import lazy
from portal.outbox.models import DomainEventRow
from portal.personal_data import RetentionRule, rows_rule


def retention_rules() -> list[RetentionRule]:
    """Return how long events are kept whose subscribers have their jobs: a job holds its own copy
    of its event. One that nobody was told yet stays."""
    return [
        rows_rule(
            "events", lazy("Events that were told to everybody"), 14, 2,
            DomainEventRow, lambda before: DomainEventRow.relayed_at < before,
        )
    ]  # fmt: skip
