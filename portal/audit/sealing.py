"""Sealing the audit trail: batches of entries in a chain of digests."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.audit.digests import FIRST, new_salt, row_digest, seal_digest, text_digest
from portal.audit.models import AuditEntry, AuditSeal, AuditSealed
from portal.extensions import db

BATCH = 1000
"""Entries of one seal at most."""
LOOK_BACK = timedelta(days=2)
"""How old an entry may be that a quick sealing finds: no transaction commits later than that."""


class SealTakenError(Exception):
    """Another sealer took the number at the same moment; its seal holds the entries."""


def seal_entries(*, everything: bool = False, batch: int = BATCH) -> AuditSeal | None:
    """Seal up to `batch` entries that no seal holds, the oldest first; None when all are sealed.

    `everything` looks for unsealed entries of any age and reads the whole trail; without it, for
    those of the last two days. The caller commits. Raises SealTakenError.
    """
    newest = newest_seal()
    entries = _unsealed(everything=everything, batch=batch)
    if not entries:
        return None
    seal = AuditSeal(
        number=newest.number + 1 if newest else 1,
        entries=len(entries),
        previous=newest.digest if newest else FIRST,
        sealed_at=clock.now(),
    )
    rows = [_sealed(entry, seal.number, position) for position, entry in enumerate(entries)]
    seal.digest = seal_digest(
        seal.number,
        seal.previous,
        moment_form(seal.sealed_at),
        [row["row_digest"] for row in rows],
    )
    try:
        with db.session.begin_nested():
            db.session.add(seal)
            db.session.flush()
            db.session.execute(sa.insert(AuditSealed), rows)
    except IntegrityError as error:
        raise SealTakenError from error
    return seal


def newest_seal() -> AuditSeal | None:
    """Return the last seal of the chain."""
    return db.session.scalar(sa.select(AuditSeal).order_by(AuditSeal.number.desc()).limit(1))


def moment_form(at: datetime) -> str:
    """Return a moment as a seal's digest has it."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def blank_reasons(*, entry_ids: Sequence[int]) -> None:
    """Blank the free text of entries: the reason, and what its digest could be guessed with."""
    # The entries first: a sealer that works on them has written its salt when they are free.
    db.session.execute(
        sa.update(AuditEntry)
        .where(AuditEntry.id.in_(entry_ids), AuditEntry.reason.is_not(None))
        .values(reason=None)
        .execution_options(synchronize_session=False)
    )
    db.session.execute(
        sa.update(AuditSealed)
        .where(AuditSealed.entry_id.in_(entry_ids), AuditSealed.text_salt.is_not(None))
        .values(text_salt=None)
        .execution_options(synchronize_session=False)
    )


def _unsealed(*, everything: bool, batch: int) -> Sequence[AuditEntry]:
    statement = sa.select(AuditEntry).where(
        ~sa.exists().where(AuditSealed.entry_id == AuditEntry.id)
    )
    if not everything:
        statement = statement.where(AuditEntry.created_at > clock.now() - LOOK_BACK)
    return db.session.scalars(
        statement.order_by(AuditEntry.created_at, AuditEntry.id)
        .limit(batch)
        # A reason that is blanked meanwhile waits until its digest is written.
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()


def _sealed(entry: AuditEntry, number: int, position: int) -> dict[str, Any]:
    salt = new_salt() if entry.reason is not None else None
    reason = text_digest(salt, entry.reason) if salt and entry.reason is not None else None
    return {
        "entry_id": entry.id,
        "seal_number": number,
        "position": position,
        "row_digest": row_digest(entry, reason),
        "text_digest": reason,
        "text_salt": salt,
    }
