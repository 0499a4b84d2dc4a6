"""Covering parts of a photo: kept anew with them painted over; the old one is gone for good."""

from collections.abc import Collection
from typing import Any

from plugins.complaints import moderation
from plugins.complaints.casework import database_now, lock
from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Case, Post
from plugins.complaints.pictures import PHOTO, REPLY_PHOTO
from plugins.complaints.states import ActKind
from portal.sdk import (
    FileRef,
    ProjectRef,
    cover_picture,
    db,
    delete_files,
    files_of,
    find_members,
    store_picture,
)

Box = tuple[float, float, float, float]


def find_photo(case: Case, post: Post | None, place: int) -> FileRef | None:
    """Return the photo at a place, from 0, of a complaint or of a reply."""
    kind, key, shown = _where(case, post)
    if not 0 <= place < len(shown):
        return None
    found = files_of(kind=kind, keys=[key])[key]
    return next((file for file in found if file.url == shown[place]), None)


def cover(
    *,
    actor: Any,
    case: Case,
    post: Post | None,
    project: ProjectRef,
    photo: FileRef,
    boxes: Collection[Box],
    reason: str,
    note: str,
) -> Act:
    """Cover parts of a photo, given as shares of it; all owners read that, the author may appeal.

    Raises CaseError: OWN_CASE, and PHOTO when somebody has changed it meanwhile.
    """
    picture = cover_picture(file=photo, boxes=boxes)
    case = lock(case.id)
    if post is not None:
        post = db.session.get_one(Post, post.id, populate_existing=True)
    moderation.check_impartial(actor, case, post)
    kind, key, shown = _where(case, post)
    if picture is None or photo.url not in shown:
        raise CaseError("PHOTO", state=case.state, version=case.version)
    author = moderation.author_of(case, post)
    member = find_members([author]).get(author) if author else None
    kept = store_picture(kind=kind, key=key, picture=picture, project=project, member=member)
    photos = [kept.url if url == photo.url else url for url in shown]
    if post is not None:
        post.photos = photos
    else:
        case.photos = photos
    delete_files(kind=kind, key=key, files=[photo])
    at = database_now()
    act = moderation.apply(
        case, project, post, ActKind.REDACT, reason=reason, at=at, actor=actor, note=note
    )
    moderation.audit(actor, case, "redact", reason=reason)
    return act


def _where(case: Case, post: Post | None) -> tuple[str, str, list[str]]:
    if post is not None:
        return REPLY_PHOTO, post.public_id, list(post.photos)
    return PHOTO, case.public_id, list(case.photos)
