"""Photos of complaints and of replies: whoever sees the words sees them, nobody else."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from plugins.complaints import identity, queries
from plugins.complaints.identity import Reader
from plugins.complaints.models import Case, Post
from portal.sdk import FileRef, MemberRef, ProjectRef, db, store_picture

PHOTO, REPLY_PHOTO = "complaints.photo", "complaints.reply"


def keep_photos(
    kind: str, key: str, project: ProjectRef, member: MemberRef, pictures: Sequence[Any]
) -> list[str]:
    """Keep photos, written anew without what the camera put into them; return their addresses."""
    return [
        store_picture(kind=kind, key=key, picture=picture, project=project, member=member).url
        for picture in pictures
    ]


def may_see(project: ProjectRef, file: FileRef, reader: Reader) -> bool:
    """Tell whether a reader sees the words that a photo belongs to."""
    if file.kind == PHOTO:
        case = queries.find(project.id, reader, file.key)
        return case is not None and identity.sees_words(case, reader)
    row = db.session.execute(
        sa.select(Case, Post)
        .join(Post, Post.case_id == Case.id)
        .where(Post.public_id == file.key, Case.project_id == project.id, queries.seen_by(reader))
    ).one_or_none()
    if row is None:
        return False
    return identity.sees_words(row[0], reader) and identity.sees_post(row[1], reader)
