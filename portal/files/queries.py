"""Reading what is known of uploads."""

from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from portal.extensions import db
from portal.files import storage
from portal.files.models import StoredFile
from portal.files.s3 import S3Object

LIST_LIMIT = 50


def find_file(public_id: str) -> StoredFile | None:
    """Return a file that has not been erased."""
    return db.session.scalar(
        sa.select(StoredFile).where(
            StoredFile.public_id == public_id, StoredFile.erased_at.is_(None)
        )
    )


def files_of(owner_kind: str, owner_key: str) -> Sequence[StoredFile]:
    """Return the files of one row of a feature, oldest first."""
    return db.session.scalars(
        sa.select(StoredFile)
        .where(
            StoredFile.owner_kind == owner_kind,
            StoredFile.owner_key == owner_key,
            StoredFile.erased_at.is_(None),
        )
        .order_by(StoredFile.id)
        .limit(LIST_LIMIT)
    ).all()


def path_of(file: StoredFile) -> Path | S3Object:
    """Return where a file's bytes lie."""
    return storage.path_of(file.storage_name)


def bytes_of(file: StoredFile) -> bytes | None:
    """Return a file's bytes, None when they are gone. Raises OSError when the store is away."""
    try:
        return path_of(file).read_bytes() if file.erased_at is None else None
    except FileNotFoundError:
        return None
