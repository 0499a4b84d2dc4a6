"""Finding bytes without a row, and rows without bytes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

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
    batch = []
    for name, path in storage.stored_names():
        seen.add(name)
        if datetime.fromtimestamp(path.stat().st_mtime, UTC) < before:
            batch.append((name, path))
        if len(batch) == _BATCH:
            _remove(batch, result, dry_run=dry_run)
            batch = []
    _remove(batch, result, dry_run=dry_run)
    live = sa.select(StoredFile.storage_name, StoredFile.public_id).where(
        StoredFile.erased_at.is_(None), StoredFile.created_at < before
    )
    result.lost = [public_id for name, public_id in db.session.execute(live) if name not in seen]
    return result


def _remove(batch: list, result: Sweep, *, dry_run: bool) -> None:
    names = [name for name, _path in batch]
    named = set(
        db.session.scalars(
            sa.select(StoredFile.storage_name).where(
                StoredFile.storage_name.in_(names), StoredFile.erased_at.is_(None)
            )
        )
    )
    for name, path in batch:
        if name not in named:
            result.removed += 1
            result.freed_bytes += path.stat().st_size
            if not dry_run:
                path.unlink(missing_ok=True)
