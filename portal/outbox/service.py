"""Telling what happened: a row in the transaction of what happened."""

from collections.abc import Mapping
from typing import Any

from portal.extensions import db
from portal.jobs import waking
from portal.outbox.models import DomainEventRow
from portal.outbox.registry import declared


def emit(
    *,
    kind: str,
    project_id: int | None,
    subject: tuple[str, str],
    data: Mapping[str, Any] | None = None,
) -> None:
    """Record an event in the caller's transaction; every subscriber hears of it after the commit.

    `subject`: kind and public id; `data`: ids and codes, no personal data. Raises ValueError for a
    kind that nobody has declared (core: portal.outbox.kinds; plugins: register_events).
    """
    if not declared(kind):
        raise ValueError(f"the event {kind!r} is not declared")
    subject_kind, subject_key = subject
    db.session.add(
        DomainEventRow(
            kind=kind,
            project_id=project_id,
            subject_kind=subject_kind,
            subject_key=subject_key,
            data=dict(data or {}),
        )
    )
    waking.after_commit(db.session())
