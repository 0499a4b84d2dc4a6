"""What the audit trail holds about a member."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from portal.audit.models import AuditEntry
from portal.audit.sealing import blank_reasons
from portal.extensions import db
from portal.i18n import lazy
from portal.personal_data import Coverage, ErasureNote, ExportPart

if TYPE_CHECKING:
    from portal.members.models import Member

_SEALS_WHY = "digests of entries; no person in them"
TABLES = {
    "audit_entry": Coverage(
        erased=False, why="append-only; ids and codes stay, the free text is blanked"
    ),
    "audit_sealed": Coverage(exported=False, erased=False, why=_SEALS_WHY),
}
_AT_ONCE = 500


def export_member_data(member: "Member") -> list[ExportPart]:
    """Return what the member did, and what was done to the member's entry and by whom."""
    columns = {
        "at": lazy("Time"),
        "act": lazy("Act"),
        "about": lazy("About"),
        "by": lazy("By"),
        "reason": lazy("Reason"),
        "facts": lazy("Details"),
    }
    mine = AuditEntry.actor_id == member.account_id
    about = sa.and_(AuditEntry.subject_kind == "member", AuditEntry.subject_key == member.public_id)
    rows = db.session.scalars(
        sa.select(AuditEntry)
        .where(sa.or_(mine, about))
        .order_by(AuditEntry.created_at, AuditEntry.id)
    )
    return [
        ExportPart(
            "acts",
            lazy("What was done, by you and about you"),
            columns,
            [
                {
                    "at": row.created_at,
                    "act": row.action,
                    "about": row.subject_kind,
                    "by": _by(row, member),
                    "reason": row.reason,
                    "facts": row.facts,
                }
                for row in rows
            ],
            words={"act": "audit_action", "about": "audit_subject", "by": "audit_actor"},
        )
    ]


def erasure_notes(member: "Member") -> list[ErasureNote]:
    """Return what stays of the trail."""
    return [
        ErasureNote(
            lazy("That something was done, by whom and when"),
            kept=lazy("Without your name and without words that staff typed; it keeps us honest."),
        )
    ]


def blank_reasons_about(
    *, subjects: Iterable[tuple[str, str]], actor_id: int | None = None
) -> None:
    """Blank the free text of the entries about these things (kind, public id), or by an account."""
    wanted = [
        sa.and_(AuditEntry.subject_kind == kind, AuditEntry.subject_key == key)
        for kind, key in subjects
    ]
    if actor_id is not None:
        wanted.append(AuditEntry.actor_id == actor_id)
    for start in range(0, len(wanted), _AT_ONCE):
        ids: Sequence[int] = db.session.scalars(
            sa.select(AuditEntry.id).where(
                sa.or_(*wanted[start : start + _AT_ONCE]), AuditEntry.reason.is_not(None)
            )
        ).all()
        for first in range(0, len(ids), _AT_ONCE):
            blank_reasons(entry_ids=ids[first : first + _AT_ONCE])


def _by(row: AuditEntry, member: "Member") -> str:
    if row.actor_id == member.account_id:
        return "you"
    return "system" if row.actor_id is None else "staff"
