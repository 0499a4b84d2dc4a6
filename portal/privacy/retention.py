"""Deleting what is older than the club keeps it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from portal import clock
from portal.audit.service import record
from portal.i18n import Text
from portal.privacy.queries import current_terms, retention_rules

BATCH = 500


@dataclass(frozen=True)
class Over:
    """How many rows of a rule are older than their days; `deleted` of them are gone."""

    key: str
    title: Text
    days: int
    found: int
    deleted: int = 0


def look() -> list[Over]:
    """Return what a retention would delete, and write nothing."""
    rules = retention_rules()
    terms, now = current_terms(rules), clock.now()
    return [
        Over(rule.key, rule.title, days, rule.count(now - timedelta(days=days)))
        for rule in rules
        for days in (terms.days[rule.key],)
    ]


def sweep() -> Iterator[tuple[str, int]]:
    """Delete in batches; yield the rule and how many of a batch went, whereupon the caller commits.

    The last commit takes an audit row with the counts, when there was something to delete.
    """
    rules = retention_rules()
    terms, now = current_terms(rules), clock.now()
    counts: dict[str, int] = {}
    for rule in rules:
        before = now - timedelta(days=terms.days[rule.key])
        while deleted := rule.delete(before, BATCH):
            counts[rule.key] = counts.get(rule.key, 0) + deleted
            yield rule.key, deleted
            if deleted < BATCH:
                break
    if counts:
        record(
            actor=None,
            action="privacy.retention",
            subject=("club", "1"),
            project_id=None,
            facts=dict(counts),
        )
        yield "", 0
