"""How long jobs that ended are kept."""

from datetime import datetime

import sqlalchemy as sa

from portal.i18n import lazy
from portal.jobs.models import JobRow, JobState
from portal.personal_data import RetentionRule, rows_rule

LEAST_DAYS = 14
"""Longer than the longest period: the row of a slot is the mark that it ran."""
_SETTLED = (JobState.DONE, JobState.SKIPPED, JobState.CANCELLED)


def retention_rules() -> list[RetentionRule]:
    """Return how long jobs that ended are kept, and those that were given up."""
    return [
        rows_rule(
            "jobs", lazy("Background jobs that ended"), LEAST_DAYS, LEAST_DAYS,
            JobRow, lambda before: _ended(before, _SETTLED),
        ),
        rows_rule(
            "failed_jobs", lazy("Background jobs that were given up"), 90, LEAST_DAYS,
            JobRow, lambda before: _ended(before, (JobState.FAILED,)),
        ),
    ]  # fmt: skip


def _ended(before: datetime, states: tuple[str, ...]) -> sa.ColumnElement[bool]:
    # The index on state and time of making serves it; nothing ends before it is made.
    return sa.and_(
        JobRow.state.in_(states), JobRow.created_at < before, JobRow.finished_at < before
    )
