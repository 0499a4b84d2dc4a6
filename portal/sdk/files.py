"""Pictures of a plugin's things: taken in, kept, shown and deleted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from werkzeug.datastructures import FileStorage
from wtforms import MultipleFileField, ValidationError

from portal.extensions import db
from portal.files import service
from portal.files.errors import UploadError
from portal.files.limits import file_megabytes
from portal.files.models import StoredFile
from portal.files.pictures import Box, Picture, cover, prepare_picture
from portal.files.queries import bytes_of
from portal.plugin_host.indexing import plugin_of
from portal.plugin_host.refs import FileRef, MemberRef, ProjectRef, file_ref

MOST_KEYS = 500


class PicturesField(MultipleFileField):
    """Pictures in a form, `most` at once: `data` holds them decoded once the form is valid.

    The view says how many it takes with `takes_files`, the form has
    `enctype="multipart/form-data"`.
    """

    def __init__(self, label: Any = None, validators: Any = None, *, most: int = 1, **more: Any):
        """Make a field for up to `most` pictures."""
        super().__init__(label, validators, **more)
        self.most = most

    @property
    def megabytes(self) -> int:
        """How large each file may be."""
        return file_megabytes()

    def pre_validate(self, form: Any) -> None:
        """Decode what was sent; what is no picture is the field's error."""
        try:
            self.data = read_pictures(self.data or (), most=self.most)
        except UploadError as error:
            self.data = []
            raise ValidationError(error.sentence) from error


def read_pictures(uploads: Collection[Any], *, most: int) -> list[Picture]:
    """Decode what a request sent as files, and end the transaction before: nothing waits for it.

    Empty fields are left out. Raises UploadError for more than `most`, and for what is no picture.
    """
    # A forged form may send text where files belong.
    given = [each for each in uploads if isinstance(each, FileStorage) and each.filename]
    if len(given) > most:
        raise UploadError("too_many", most=most)
    if given:
        db.session.rollback()
    return [prepare_picture(upload, megabytes=file_megabytes()) for upload in given]


def store_picture(
    *,
    kind: str,
    key: str,
    picture: Picture,
    project: ProjectRef,
    member: MemberRef | None = None,
) -> FileRef:
    """Keep a picture for a thing of the plugin's, in the caller's transaction.

    `kind`: the plugin's name, a dot and a word; `key`: the thing's public id; at most 40 characters
    each. `member`: whose picture it is: it is in the copy of their data and goes with them; None
    for the club's own. Raises ValueError for what has no such form.
    """
    _check(kind, key)
    file = service.store_picture(
        actor=None,
        upload=picture,
        owner_kind=kind,
        owner_key=key,
        project_id=project.id,
    )
    if member is not None:
        file.uploaded_by_id = member.account_id
        db.session.flush()
    return file_ref(file)


def cover_picture(*, file: FileRef, boxes: Collection[Box]) -> Picture | None:
    """Return a stored picture anew with parts painted over, None when its bytes are gone.

    `boxes`: left, top, width and height as shares of the picture, 0 to 1. Slow: call it before you
    lock anything. Then keep it with `store_picture`, and delete the old one with `delete_files`.
    """
    plugin_of(file.kind)
    stored = db.session.get(StoredFile, file.id)
    data = bytes_of(stored) if stored is not None and stored.width is not None else None
    if stored is None or stored.width is None or data is None:
        return None
    kept = Picture(data, stored.width, stored.height or 0, stored.original_name)
    return cover(kept, boxes)


def files_of(*, kind: str, keys: Collection[str]) -> Mapping[str, Sequence[FileRef]]:
    """Return the files of things of one kind by key, oldest first: one statement, 500 keys at most.

    A key without files has an empty list.
    """
    plugin_of(kind)
    if len(keys) > MOST_KEYS:
        raise ValueError(f"{len(keys)} keys: {MOST_KEYS} at most")
    found: dict[str, list[FileRef]] = {key: [] for key in keys}
    if not found:
        return found
    rows = db.session.scalars(
        sa.select(StoredFile)
        .where(
            StoredFile.owner_kind == kind,
            StoredFile.owner_key.in_(found),
            StoredFile.erased_at.is_(None),
        )
        .order_by(StoredFile.created_at, StoredFile.id)
    )
    for file in rows:
        found[file.owner_key].append(file_ref(file))
    return found


def delete_files(*, kind: str, key: str, files: Collection[FileRef] | None = None) -> int:
    """Delete a thing's files, all or those given, for good; return how many.

    The bytes go when the caller commits. First let go of rows of yours that refer to them.
    """
    plugin_of(kind)
    where = [StoredFile.owner_kind == kind, StoredFile.owner_key == key]
    if files is not None:
        where.append(StoredFile.id.in_([file.id for file in files]))
    return service.destroy_files(
        files=db.session.scalars(sa.select(StoredFile).where(*where)).all()
    )


def _check(kind: str, key: str) -> None:
    """Raise ValueError unless this names a thing of a plugin's."""
    plugin_of(kind)
    if not kind.partition(".")[2]:
        raise ValueError(f"the kind {kind!r} has no word after the plugin's name")
    for name, value in (("kind", kind), ("key", key)):
        most = getattr(StoredFile, f"owner_{name}").type.length
        if not 0 < len(value) <= most:
            raise ValueError(f"`{name}` is a text of 1 to {most} characters")
