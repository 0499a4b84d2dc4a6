"""Writing the audit trail, in the caller's transaction."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db, writable

if TYPE_CHECKING:
    from portal.accounts.models import Account


def record(
    *,
    actor: "Account | None",
    action: str,
    subject: tuple[str, str],
    project_id: int | None,
    facts: Mapping[str, Any] | None = None,
    reason: str | None = None,
) -> AuditEntry:
    """Add one audit row: `subject` is (kind, public id), `facts` hold ids and codes, no names."""
    entry = AuditEntry(
        actor_id=actor.id if actor else None,
        action=action,
        subject_kind=subject[0],
        subject_key=subject[1],
        project_id=project_id,
        facts=dict(facts or {}),
        reason=reason,
    )
    db.session.add(entry)
    return entry


def record_apart(
    *,
    actor: "Account",
    action: str,
    subject: tuple[str, str],
    project_id: int | None,
    facts: Mapping[str, Any],
) -> None:
    """Add one audit row in a transaction of its own, at once: for a look-up, which only reads."""
    row = {
        "action": action,
        "actor_id": actor.id,
        "subject_kind": subject[0],
        "subject_key": subject[1],
        "project_id": project_id,
        "facts": dict(facts),
        "created_at": clock.now(),
    }
    with writable(), db.engine.begin() as connection:
        connection.execute(sa.insert(AuditEntry).values(row))
