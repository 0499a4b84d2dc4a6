"""What was emitted: the events that wait for those who hear of them, and those already told."""

from collections.abc import Sequence

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.extensions import db
from portal.outbox.models import DomainEventRow
from portal.outbox.registry import DomainEvent


class Outbox:
    """The events of a test, committed or in the test's own transaction."""

    def of(self, kind: str) -> Sequence[DomainEvent]:
        """Return the events of a kind."""
        return [event for event in self.events if event.kind == kind]

    @property
    def kinds(self) -> list[str]:
        """The kinds of the events."""
        return [event.kind for event in self.events]

    @property
    def events(self) -> Sequence[DomainEvent]:
        """Every event, in the order of their moments."""
        rows = db.session.scalars(
            sa.select(DomainEventRow).order_by(DomainEventRow.created_at, DomainEventRow.id)
        )
        return [
            DomainEvent(
                id=row.id,
                kind=row.kind,
                project_id=row.project_id,
                subject=(row.subject_kind, row.subject_key),
                data=dict(row.data),
                created_at=row.created_at,
            )
            for row in rows
        ]


@pytest.fixture
def outbox(app: Flask) -> Outbox:
    """What was emitted: `outbox.kinds`, `outbox.of("library.lent")`."""
    return Outbox()
