"""The one file of a backup: a tar with the manifest, the dump and the uploads."""

import hashlib
import io
import re
import shutil
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from portal.files.s3 import S3Object
from portal.files.storage import put_back, stored
from portal.operations.backup import dumping
from portal.operations.backup.manifest import BackupError, Manifest

MANIFEST, DUMP = "manifest.json", "database"
_UPLOAD = re.compile(r"files/([0-9a-f]{2})/\1[0-9a-f]{30}")
_OWNER_ONLY = 0o600


def write(target: Path, *, describe: Callable[[dumping.Counts, str], Manifest]) -> Manifest:
    """Write a backup to `target`, which nobody else may read; return what it says of itself:
    `describe` makes that of the tables' rows and the dump's digest.

    The database comes first and the uploads after it: bytes without a row do no harm, and what is
    taken away meanwhile no row of the restored database should name. Raises BackupError when
    `target` is there already.
    """
    if target.exists():
        raise BackupError(f"{target} is there already. Choose another name.")
    aside = target.with_name(target.name + ".part")
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        dump = Path(folder) / DUMP
        rows = dumping.dump(dump)
        manifest = describe(rows, digest_of(dump))
        aside.unlink(missing_ok=True)
        aside.touch(mode=_OWNER_ONLY)
        try:
            with tarfile.open(aside, "w") as tar:
                head = tarfile.TarInfo(MANIFEST)
                text = manifest.to_json()
                head.size, head.mode = len(text), _OWNER_ONLY
                tar.addfile(head, io.BytesIO(text))
                tar.add(dump, DUMP)
                for found in stored():
                    _add(tar, found.place)
            aside.replace(target)
        finally:
            aside.unlink(missing_ok=True)
    return manifest


@contextmanager
def opened(source: Path) -> Iterator[tuple[tarfile.TarFile, Manifest]]:
    """Yield a backup and what it says of itself. Raises BackupError when it is none."""
    try:
        with tarfile.open(source, "r:") as tar:
            first = tar.next()
            text = tar.extractfile(first) if first is not None and first.name == MANIFEST else None
            if text is None:
                raise BackupError(f"{source} is no backup of the portal.")
            yield tar, Manifest.of_json(text.read())
    except (tarfile.TarError, EOFError) as error:
        raise BackupError(f"{source} is no backup of the portal, or it is cut short.") from error
    except OSError as error:
        raise BackupError(f"{source} cannot be read: {error.strerror}.") from error


def unpack(tar: tarfile.TarFile, manifest: Manifest, *, folder: Path) -> Path:
    """Put the uploads in their place and the dump into `folder`; return the dump.

    Raises BackupError when the dump is not what the manifest says, or a name is none of ours.
    """
    dump = folder / DUMP
    for member in tar:
        if member.name == MANIFEST:
            continue
        if not member.isreg() or not (member.name == DUMP or _UPLOAD.fullmatch(member.name)):
            raise BackupError(f"There is something else in this backup: {member.name!r}.")
        source = tar.extractfile(member)
        assert source is not None
        if member.name != DUMP:
            put_back(member.name.rpartition("/")[2], source)
            continue
        with source, dump.open("wb") as file:
            shutil.copyfileobj(source, file)
    if not dump.is_file() or digest_of(dump) != manifest.sha256:
        raise BackupError("The database in this backup is damaged. Take another backup.")
    return dump


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _add(tar: tarfile.TarFile, place: Path | S3Object) -> None:
    member = tarfile.TarInfo(f"files/{place.name[:2]}/{place.name}")
    if not _UPLOAD.fullmatch(member.name):
        return  # Half written.
    try:
        with place.open("rb") as file:
            member.size, member.mode = file.seek(0, io.SEEK_END), _OWNER_ONLY
            file.seek(0)
            tar.addfile(member, file)
    except FileNotFoundError:
        return  # Taken away since the store was read.
