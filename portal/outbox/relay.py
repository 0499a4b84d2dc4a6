"""From events to jobs: every subscriber gets a job of its own, so that none waits for another.

Events are taken by "not relayed yet", never by "id above the last": ids are handed out before
their transactions commit, so a low one may appear after a high one.
"""

import sqlalchemy as sa

from portal import clock
from portal.database.statements import insert_new
from portal.extensions import db
from portal.jobs.models import JobRow
from portal.jobs.registry import known
from portal.jobs.runner import SOURCES, Source
from portal.jobs.service import new_row
from portal.outbox.models import DomainEventRow
from portal.outbox.registry import Subscriber, event_of, job_kind, payload_of, subscribers

BATCH = 100
_ROWS_AT_ONCE = 500


def new_events() -> sa.Exists:
    """Ask whether there are events that nobody has relayed."""
    return sa.exists().where(DomainEventRow.relayed_at.is_(None))


def relay() -> int:
    """Turn a batch of new events into jobs, and commit; return how many events."""
    events = list(
        db.session.scalars(
            sa.select(DomainEventRow)
            .where(DomainEventRow.relayed_at.is_(None))
            .order_by(DomainEventRow.id)
            .limit(BATCH)
            .with_for_update(skip_locked=True)
        )
    )
    kinds, at = known(), clock.now()
    rows = []
    for event in events:
        for subscriber in subscribers().values():
            if not _wants(subscriber, event):
                continue
            rows.append(
                new_row(
                    kinds[job_kind(subscriber.name)],
                    payload=payload_of(event),
                    project_id=event.project_id,
                    key=f"event:{event.id}:{subscriber.name}",
                    due_at=at,
                )
            )
        event.relayed_at = at
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        insert_new(JobRow, rows[start : start + _ROWS_AT_ONCE])
    db.session.commit()
    return len(events)


def _wants(subscriber: Subscriber, event: DomainEventRow) -> bool:
    if subscriber.kind not in (None, event.kind):
        return False
    return subscriber.wants is None or subscriber.wants(event_of(event))


SOURCES.append(Source(new_events, relay))
