"""Finding bytes without a row, and rows without bytes."""

from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from portal import clock
from portal.extensions import db
from portal.files import storage
from portal.files.models import StoredFile

_BATCH = 500


@dataclass
class Sweep:
    """What a sweep found. `lost`: public ids of files whose bytes are not there."""

    removed: int = 0
    freed_bytes: int = 0
    lost: list[str] = field(default_factory=list)


def sweep(*, older_than: timedelta, dry_run: bool = False) -> Sweep:
    """Remove files older than `older_than` that no live row names."""
    result = Sweep()
    before = clock.now() - older_than
    seen: set[str] = set()
    batch: list[storage.Found] = []
    for found in storage.stored():
        seen.add(found.place.name)
        if found.written_at < before:
            batch.append(found)
        if len(batch) == _BATCH:
            _remove(batch, result, dry_run=dry_run)
            batch = []
    _remove(batch, result, dry_run=dry_run)
    live = sa.select(StoredFile.storage_name, StoredFile.public_id).where(
        StoredFile.erased_at.is_(None), StoredFile.created_at < before
    )
    result.lost = [public_id for name, public_id in db.session.execute(live) if name not in seen]
    return result


def _remove(batch: list[storage.Found], result: Sweep, *, dry_run: bool) -> None:
    names = [found.place.name for found in batch]
    named = set(
        db.session.scalars(
            sa.select(StoredFile.storage_name).where(
                StoredFile.storage_name.in_(names), StoredFile.erased_at.is_(None)
            )
        )
    )
    for found in batch:
        if found.place.name not in named:
            result.removed += 1
            result.freed_bytes += found.size_bytes
            if not dry_run:
                found.place.unlink(missing_ok=True)
