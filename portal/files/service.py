"""Taking uploads in: pictures are made anew, rosters are kept as they are."""

import io
import sys
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from werkzeug.datastructures import FileStorage

from portal import clock
from portal.extensions import db
from portal.files import storage
from portal.files.errors import UploadError
from portal.files.models import FileKind, StoredFile
from portal.files.pictures import Picture, name_of, prepare_picture

if TYPE_CHECKING:
    from portal.accounts.models import Account

PICTURE_MEGABYTES = 12
ROSTER_MEGABYTES = 12
_MEGABYTE = 1024 * 1024


def store_picture(
    *,
    actor: "Account | None",
    upload: FileStorage | Picture,
    owner_kind: str,
    owner_key: str,
    project_id: int | None,
) -> StoredFile:
    """Keep a picture for a feature's row; give a prepared one, so that no lock waits for decoding.

    Raises UploadError.
    """
    picture = (
        upload
        if isinstance(upload, Picture)
        else prepare_picture(upload, megabytes=PICTURE_MEGABYTES)
    )
    kept = storage.keep(io.BytesIO(picture.data), limit=len(picture.data))
    file = StoredFile(
        kind=FileKind.PICTURE,
        owner_kind=owner_kind,
        owner_key=owner_key,
        project_id=project_id,
        uploaded_by_id=actor.id if actor else None,
        storage_name=kept.storage_name,
        original_name=picture.original_name,
        content_type=picture.content_type,
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
        width=picture.width,
        height=picture.height,
    )
    db.session.add(file)
    db.session.flush()
    return file


def store_file(
    *,
    actor: "Account | None",
    upload: FileStorage,
    owner_kind: str,
    owner_key: str,
    project_id: int | None,
    kind: FileKind = FileKind.ROSTER,
    megabytes: int = ROSTER_MEGABYTES,
) -> StoredFile:
    """Keep a file as it is; it is only ever sent as a download. Raises UploadError."""
    name = name_of(upload)
    try:
        kept = storage.keep(upload.stream, limit=megabytes * _MEGABYTE)
    except storage.TooLargeError as error:
        raise UploadError("too_large", file_name=name, megabytes=megabytes) from error
    except storage.NothingError as error:
        raise UploadError("empty" if name else "missing", file_name=name) from error
    file = StoredFile(
        kind=kind,
        owner_kind=owner_kind,
        owner_key=owner_key,
        project_id=project_id,
        uploaded_by_id=actor.id if actor else None,
        storage_name=kept.storage_name,
        original_name=name,
        content_type="application/octet-stream",
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
    )
    db.session.add(file)
    db.session.flush()
    return file


def store_stream(
    *,
    stream: IO[bytes],
    owner_kind: str,
    owner_key: str,
    kind: FileKind,
    name: str,
    content_type: str,
) -> StoredFile:
    """Keep a file that the portal made itself, of any size."""
    kept = storage.keep(stream, limit=sys.maxsize)
    file = StoredFile(
        kind=kind,
        owner_kind=owner_kind,
        owner_key=owner_key,
        storage_name=kept.storage_name,
        original_name=name,
        content_type=content_type,
        sha256=kept.sha256,
        size_bytes=kept.size_bytes,
    )
    db.session.add(file)
    db.session.flush()
    return file


def destroy_files(*, files: Sequence[StoredFile]) -> int:
    """Delete files for good, their bytes once the transaction commits; return how many."""
    for file in files:
        storage.remove_after_commit(file.storage_name)
        db.session.delete(file)
    db.session.flush()
    return len(files)


def destroy_bytes(*, files: Sequence[StoredFile]) -> int:
    """Delete what is in files whose rows others refer to; return how many they were."""
    for file in files:
        storage.remove_after_commit(file.storage_name)
        file.erased_at = file.erased_at or clock.now()
        file.original_name = ""
    db.session.flush()
    return len(files)


def erase_file(*, file: StoredFile) -> None:
    """Mark a file erased: it is served no more, and the next sweep removes its bytes."""
    file.erased_at = file.erased_at or clock.now()
