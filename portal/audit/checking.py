"""Verifying the seals of the audit trail against the entries that are there now."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa

from portal.audit.digests import FIRST, row_digest, seal_digest, text_digest
from portal.audit.models import AuditCheck, AuditEntry, AuditSeal, AuditSealed
from portal.audit.queries import digests_checked
from portal.audit.sealing import moment_form
from portal.extensions import db

_SEALS_AT_ONCE = 20


@dataclass(frozen=True)
class Damage:
    """The first thing that does not fit, in a word, with its seal and its entry.

    seal_missing, seal_changed, seal_chain (it does not follow the one before), entry_missing,
    entry_changed, text_changed, entry_added (to a sealed batch), entry_order (moved, or taken out
    of the batch with its place), expected_missing (no seal has the digest that was kept elsewhere).
    """

    code: str
    seal: int | None = None
    entry: int | None = None


@dataclass(frozen=True)
class Verification:
    """What a verification found: `entries` in `seals` that fit, `damage` where it stopped."""

    seals: int = 0
    entries: int = 0
    blanked: int = 0
    """Sealed entries whose free text an erasure has taken out since."""
    digest: str = ""
    """The newest seal's digest; empty without one."""
    sealed_at: datetime | None = None
    unsealed: int = 0
    oldest_unsealed: datetime | None = None
    damage: Damage | None = None


def verify(*, expect: Collection[str] = ()) -> Verification:
    """Verify every seal from the first on, and count what no seal holds.

    `expect`: digests of seals, kept outside of the database: the chain must contain them, which
    shows one that was cut off or made anew. That of the last check that found no fault is among
    them of itself.
    """
    found = Verification()
    previous, missing = FIRST, {*expect, *digests_checked()}
    for seal, rows in _seals():
        damage, blanked = _check_seal(seal, found.seals + 1, previous, rows)
        if damage is not None:
            return _with_unsealed(replace(found, damage=damage))
        previous = seal.digest
        missing.discard(seal.digest)
        found = replace(
            found,
            seals=seal.number,
            entries=found.entries + seal.entries,
            blanked=found.blanked + blanked,
            digest=seal.digest,
            sealed_at=seal.sealed_at,
        )
    if missing:
        found = replace(found, damage=Damage("expected_missing"))
    return _with_unsealed(found)


def note_check(*, found: Verification) -> AuditCheck:
    """Keep a verification's result for the page of the trail."""
    damage = found.damage
    row = AuditCheck(
        seals=found.seals,
        entries=found.entries,
        digest=found.digest,
        fault=damage.code if damage else "",
        fault_seal=damage.seal if damage else None,
        fault_entry=damage.entry if damage else None,
    )
    db.session.add(row)
    return row


_Row = tuple[AuditSealed, AuditEntry | None]


def _seals() -> Iterator[tuple[AuditSeal, Sequence[_Row]]]:
    """Yield each seal with its places in order and the entries that are there for them."""
    last = 0
    while True:
        seals = db.session.scalars(
            sa.select(AuditSeal)
            .where(AuditSeal.number > last)
            .order_by(AuditSeal.number)
            .limit(_SEALS_AT_ONCE)
            .execution_options(populate_existing=True)
        ).all()
        for seal in seals:
            rows = db.session.execute(
                sa.select(AuditSealed, AuditEntry)
                .outerjoin(AuditEntry, AuditEntry.id == AuditSealed.entry_id)
                .where(AuditSealed.seal_number == seal.number)
                .order_by(AuditSealed.position, AuditSealed.entry_id)
                .execution_options(populate_existing=True)
            ).all()
            yield seal, [(sealed, entry) for sealed, entry in rows]
            for row in rows:
                for each in filter(None, row):
                    db.session.expunge(each)
        if not seals:
            return
        last = seals[-1].number


def _check_seal(
    seal: AuditSeal, number: int, previous: str, rows: Sequence[_Row]
) -> tuple[Damage | None, int]:
    """Return what is wrong with a seal, or None and how many of its texts were blanked."""
    if seal.number != number:
        return Damage("seal_missing", number), 0
    if seal.previous != previous:
        return Damage("seal_chain", seal.number), 0
    digests, blanked = [], 0
    for sealed, entry in rows:
        code = _fault_of(sealed, entry)
        if code:
            return Damage(code, seal.number, sealed.entry_id), 0
        blanked += entry is not None and entry.reason is None and sealed.text_digest is not None
        digests.append(sealed.row_digest)
    digest = seal_digest(seal.number, previous, moment_form(seal.sealed_at), digests)
    in_order = all(sealed.position == place for place, (sealed, _entry) in enumerate(rows))
    if digest == seal.digest and in_order:
        return None, blanked
    return _fault_of_seal(seal, rows), 0


def _fault_of(sealed: AuditSealed, entry: AuditEntry | None) -> str:
    if entry is None:
        return "entry_missing"
    if entry.reason is not None:
        if sealed.text_salt is None or sealed.text_digest is None:
            return "text_changed"
        if text_digest(sealed.text_salt, entry.reason) != sealed.text_digest:
            return "text_changed"
    same = row_digest(entry, sealed.text_digest) == sealed.row_digest
    return "" if same else "entry_changed"


def _fault_of_seal(seal: AuditSeal, rows: Sequence[_Row]) -> Damage:
    """Tell why a seal whose entries fit one by one does not fit as a whole."""
    if len(rows) > seal.entries:
        extra = next(
            (s for place, (s, _entry) in enumerate(rows) if s.position != place), rows[-1][0]
        )
        return Damage("entry_added", seal.number, extra.entry_id)
    if len(rows) < seal.entries:
        return Damage("entry_missing", seal.number)
    moved = [s for place, (s, _entry) in enumerate(rows) if s.position != place]
    if moved:
        return Damage("entry_order", seal.number, moved[0].entry_id)
    return Damage("seal_changed", seal.number)


def _with_unsealed(found: Verification) -> Verification:
    unsealed = ~sa.exists().where(AuditSealed.entry_id == AuditEntry.id)
    count, oldest = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(AuditEntry.created_at)).where(unsealed)
    ).one()
    return replace(found, unsealed=count, oldest_unsealed=oldest)
