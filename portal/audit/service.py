"""Writing the audit trail, in the caller's transaction."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from portal.audit.models import AuditEntry
from portal.extensions import db

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
        actor_id=actor.id if actor else None, action=action, subject_kind=subject[0],
        subject_key=subject[1], project_id=project_id, facts=dict(facts or {}), reason=reason,
    )
    db.session.add(entry)
    return entry
