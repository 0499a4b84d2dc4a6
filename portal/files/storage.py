"""Where uploaded bytes lie: under random names, written aside and then renamed."""

import hashlib
import os
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.orm import Session, SessionTransaction

from portal.config import Settings
from portal.extensions import db

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


def path_of(storage_name: str) -> Path:
    """Return where the bytes of a stored file lie."""
    return files_dir() / storage_name[:2] / storage_name


def files_dir() -> Path:
    """Return the folder of this installation's uploads."""
    settings: Settings = current_app.extensions["portal.settings"]
    return settings.files_dir


def keep(stream: IO[bytes], *, limit: int) -> Kept:
    """Copy a stream to its place in one pass. Raises TooLargeError (`limit`: bytes), NothingError.

    The file goes again when the transaction that is to name it rolls back.
    """
    name = secrets.token_hex(16)
    target = path_of(name)
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".part", delete=False) as file:
        aside = Path(file.name)
        try:
            while chunk := stream.read(CHUNK):
                size += len(chunk)
                if size > limit:
                    raise TooLargeError
                digest.update(chunk)
                file.write(chunk)
            if not size:
                raise NothingError
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            aside.unlink(missing_ok=True)
            raise
    aside.rename(target)
    db.session().info.setdefault(_NEW_FILES, []).append(target)
    return Kept(storage_name=name, sha256=digest.hexdigest(), size_bytes=size)


def remove_after_commit(storage_name: str) -> None:
    """Delete a file's bytes once the session's transaction commits; a rollback keeps them, that
    of a savepoint too.

    Should the process end between the two, the next sweep finds bytes without a row.
    """
    session = db.session()
    within = session.get_nested_transaction() or session.get_transaction()
    session.info.setdefault(_LEAVING_FILES, []).append((path_of(storage_name), within))


def stored_names() -> Iterator[tuple[str, Path]]:
    """Yield every file in the store with its name; those half written end in .part."""
    for path in files_dir().glob("??/*"):
        yield path.name, path


@sa.event.listens_for(Session, "after_commit")
def _forget_new_files(session: Session) -> None:
    session.info.pop(_NEW_FILES, None)
    for path, _within in session.info.pop(_LEAVING_FILES, ()):
        path.unlink(missing_ok=True)


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
            path.unlink(missing_ok=True)
