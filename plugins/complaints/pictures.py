"""The photos of a complaint: whoever sees the complaint sees them, nobody else."""

from collections.abc import Sequence
from typing import Any

from plugins.complaints.models import Case
from portal.sdk import MemberRef, ProjectRef, store_picture

KIND = "complaints.photo"


def keep_photos(
    case: Case, project: ProjectRef, member: MemberRef, pictures: Sequence[Any]
) -> list[str]:
    """Keep photos, written anew without what the camera put into them; return their addresses."""
    return [
        store_picture(
            kind=KIND, key=case.public_id, picture=picture, project=project, member=member
        ).url
        for picture in pictures
    ]
