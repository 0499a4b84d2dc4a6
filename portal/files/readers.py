"""Who may read a file: the feature that owns it answers, through the slot `file_readers`."""

from collections.abc import Callable
from dataclasses import dataclass

from portal.files.models import StoredFile
from portal.slots import fill


@dataclass(frozen=True)
class FileReader:
    """A feature's answer for the files whose `owner_kind` it is, or begins with it and a dot."""

    owner_kind: str
    may_read_file: Callable[[StoredFile], bool]


def may_read_file(file: StoredFile) -> bool:
    """Ask the owning feature whether this request may read `file`; nobody's file is nobody's."""
    kinds = (file.owner_kind, file.owner_kind.partition(".")[0])
    readers = [reader for reader in fill("file_readers") if reader.owner_kind in kinds]
    return bool(readers) and all(reader.may_read_file(file) for reader in readers)
