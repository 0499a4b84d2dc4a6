"""What is looked at after a restore: nothing lacks, and the books still prove themselves."""

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa

from portal.audit import checking
from portal.database import revisions
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.storage import path_of
from portal.operations.backup import dumping
from portal.operations.backup.manifest import Manifest
from portal.operations.findings import Finding, State
from portal.points.verify import verify

_NAMED = 5


def prove(manifest: Manifest) -> Iterator[Finding]:
    """Yield a finding for each thing that is compared with the manifest, or proves itself."""
    yield _rows(manifest)
    if revisions.pending():
        yield Finding(
            State.WARN,
            "tables",
            "of an older version than this one",
            "Run: portal db upgrade, then portal points verify and portal audit verify",
        )
        return
    yield _uploads()
    faults = verify()
    yield (
        Finding(State.FAIL, "ledger", f"{len(faults)} rules broken", "Run: portal points verify")
        if faults
        else Finding(State.OK, "ledger", "every rule holds")
    )
    trail = checking.verify()
    yield (
        Finding(State.FAIL, "audit trail", "something was changed", "Run: portal audit verify")
        if trail.damage is not None
        else Finding(State.OK, "audit trail", "everything fits")
    )


def _rows(manifest: Manifest) -> Finding:
    here = dumping.counts()
    other = sorted(name for name, rows in manifest.rows.items() if here.get(name) != rows)
    if other:
        return Finding(
            State.FAIL,
            "rows",
            f"not as in the backup: {', '.join(other[:_NAMED])}",
            "Empty the database and restore once more.",
        )
    return Finding(State.OK, "rows", f"{sum(here.values()):,} in {len(here)} tables, as they were")


def _uploads() -> Finding:
    """Compare the digest of every upload that a row names."""
    live = sa.select(StoredFile.storage_name, StoredFile.sha256).where(
        StoredFile.erased_at.is_(None)
    )
    found, lost = 0, []
    for name, digest in db.session.execute(live).yield_per(1000):
        try:
            with path_of(name).open("rb") as file:
                fits = hashlib.file_digest(file, "sha256").hexdigest() == digest
        except FileNotFoundError:
            fits = False
        found += fits
        lost += [] if fits else [name]
    if lost:
        return Finding(
            State.FAIL,
            "uploads",
            f"{len(lost):,} are missing or damaged: {', '.join(lost[:_NAMED])}",
            "Take them from another backup.",
        )
    return Finding(State.OK, "uploads", f"{found:,}, each with its digest")
