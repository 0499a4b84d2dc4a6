"""Where uploaded bytes lie: under random names, written aside and then put in their place."""

import hashlib
import logging
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session, SessionTransaction

from portal.config import Settings
from portal.extensions import db
from portal.files.s3 import Bucket, S3Object, StoreAwayError, bucket_of

_log = logging.getLogger("portal.files")
CHUNK = 1024 * 1024
_NEW_FILES = "portal.new_files"
_LEAVING_FILES = "portal.leaving_files"


class TooLargeError(Exception):
    """A stream holds more bytes than allowed."""


class NothingError(Exception):
    """A stream holds no byte."""


@dataclass(frozen=True)
class Kept:
    """Bytes on disk that no row names yet."""

    storage_name: str
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Found:
    """A file in the store; the name of one that is half written ends in .part."""

    place: Path | S3Object
    size_bytes: int
    written_at: datetime


def path_of(storage_name: str) -> Path | S3Object:
    """Return where the bytes of a stored file lie."""
    within = f"{storage_name[:2]}/{storage_name}"
    store = bucket()
    return files_dir() / within if store is None else store.object(within)


def bucket() -> Bucket | None:
    """Return the bucket of this installation's uploads, None when they lie in a folder."""
    settings: Settings = current_app.extensions["portal.settings"]
    return bucket_of(settings.uploads_url) if settings.uploads_url else None


def files_dir() -> Path:
    """Return the folder of this installation's uploads."""
    settings: Settings = current_app.extensions["portal.settings"]
    return settings.files_dir


def sendable(place: Path | S3Object) -> Path | IO[bytes]:
    """Return what Flask sends. Raises FileNotFoundError, StoreAwayError."""
    if isinstance(place, S3Object):
        return place.open()
    if not place.is_file():
        raise FileNotFoundError(place.name)
    return place


def keep(stream: IO[bytes], *, limit: int) -> Kept:
    """Copy a stream to its place in one pass. Raises TooLargeError (`limit`: bytes), NothingError,
    and OSError when the store is full or away.

    The file goes again when the transaction that is to name it rolls back.
    """
    name = secrets.token_hex(16)
    digest, size = hashlib.sha256(), 0
    with _written(path_of(name)) as file:
        while chunk := stream.read(CHUNK):
            size += len(chunk)
            if size > limit:
                raise TooLargeError
            digest.update(chunk)
            file.write(chunk)
        if not size:
            raise NothingError
    db.session().info.setdefault(_NEW_FILES, []).append(path_of(name))
    return Kept(storage_name=name, sha256=digest.hexdigest(), size_bytes=size)


def put_back(storage_name: str, stream: IO[bytes]) -> None:
    """Put the bytes of a backup in their place. Raises OSError when the store is full or away."""
    with _written(path_of(storage_name)) as file:
        shutil.copyfileobj(stream, file)


@contextmanager
def _written(place: Path | S3Object) -> Iterator[IO[bytes]]:
    """Yield a file beside the store; its bytes appear there at once, when the block ends."""
    if isinstance(place, S3Object):
        with tempfile.TemporaryFile() as file:
            yield file
            file.seek(0)
            place.write_from(file)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=place.parent, suffix=".part", delete=False) as file:
        aside = Path(file.name)
        try:
            yield file
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    aside.rename(place)


def remove_after_commit(storage_name: str) -> None:
    """Delete a file's bytes once the session's transaction commits; a rollback keeps them, that
    of a savepoint too.

    Should the process end between the two, the next sweep finds bytes without a row.
    """
    session = db.session()
    within = session.get_nested_transaction() or session.get_transaction()
    session.info.setdefault(_LEAVING_FILES, []).append((path_of(storage_name), within))


def stored() -> Iterator[Found]:
    """Yield every file in the store. Raises StoreAwayError."""
    store = bucket()
    if store is not None:
        for place, size, at in store.objects():
            yield Found(place, size, at)
        return
    for path in files_dir().glob("??/*"):
        try:
            facts = path.stat()
        except FileNotFoundError:
            continue  # Taken away since the folder was read.
        yield Found(path, facts.st_size, datetime.fromtimestamp(facts.st_mtime, UTC))


def _remove(place: Path | S3Object) -> None:
    """Delete bytes that no row names any more; what the store does not let go, the sweep finds."""
    try:
        place.unlink(missing_ok=True)
    except StoreAwayError as error:
        _log.warning("bytes stay until the next sweep: %s", error)


@sa.event.listens_for(Session, "after_commit")
def _forget_new_files(session: Session) -> None:
    session.info.pop(_NEW_FILES, None)
    for path, _within in session.info.pop(_LEAVING_FILES, ()):
        _remove(path)


@sa.event.listens_for(Session, "after_soft_rollback")
def _keep_leaving_files(session: Session, undone: SessionTransaction) -> None:
    leaving = session.info.get(_LEAVING_FILES, [])
    leaving[:] = [(path, within) for path, within in leaving if not _is_within(within, undone)]


def _is_within(transaction: SessionTransaction | None, outer: SessionTransaction) -> bool:
    while transaction is not None and transaction is not outer:
        transaction = transaction.parent
    return transaction is outer


@sa.event.listens_for(Session, "after_transaction_end")
def _remove_new_files(session: Session, transaction: SessionTransaction) -> None:
    # A session that is closed without a rollback of its own ends its transaction all the same.
    if transaction.parent is None:
        session.info.pop(_LEAVING_FILES, None)
        for path in session.info.pop(_NEW_FILES, ()):
            _remove(path)
