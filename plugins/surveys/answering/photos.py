"""Photos among answers: with the draft nobody but who took them sees them, and with the ballot
whoever reads single answers of a sealed wave. An anonymous wave takes none: a file has a time."""

from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from plugins.surveys.answering.finding import Found
from plugins.surveys.instrument.answers import Side, SideKind
from plugins.surveys.instrument.problems import Problem
from plugins.surveys.models import Ballot, SideAnswer, Wave
from plugins.surveys.states import SEALED
from portal.sdk import (
    FileRef,
    MemberRef,
    Picture,
    ProjectRef,
    UploadError,
    db,
    delete_files,
    files_of,
    may,
    read_pictures,
    store_picture,
)

PHOTO = "surveys.photo"
"""The kind of the files; their key is the public id of the line of the frame."""


def sent(keys: Collection[str], uploads: Any) -> tuple[dict[str, Picture], dict[str, Problem]]:
    """Decode what a form sent to photo questions; return the pictures and what is wrong, by key."""
    pictures: dict[str, Picture] = {}
    wrong: dict[str, Problem] = {}
    for key in keys:
        try:
            read = read_pictures(uploads.getlist(key), most=1)
        except UploadError as error:
            wrong[key] = Problem(key, "bad_photo", {"why": error.sentence})
            continue
        pictures |= dict(zip([key], read, strict=False))
    return pictures, wrong


def keep(
    *,
    found: Found,
    project: ProjectRef,
    member: MemberRef,
    keys: Collection[str],
    pictures: Mapping[str, Picture],
    dropped: Collection[str],
) -> dict[str, str | None]:
    """Keep new photos in place of former ones; return what each question holds then.

    Of an anonymous wave nothing is kept.
    """
    if found.anonymous:
        return {}
    before = dict(found.draft.answers) if found.draft else {}
    held = {key: before.get(key) for key in keys}
    line = found.asked.public_id
    gone = {held[key] for key in keys if key in dropped or key in pictures} - {None}
    if gone:
        _delete(line, [each for each in _of(line, member) if each.public_id in gone])
    for key in keys:
        if key in pictures:
            picture = pictures[key]
            file = store_picture(
                kind=PHOTO, key=line, picture=picture, project=project, member=member
            )
            held[key] = file.public_id
        elif key in dropped:
            held[key] = None
    return held


def settle(line: str, member: MemberRef, sides: Collection[Side]) -> dict[str, int]:
    """Return the files that an answer names, public id -> id; a photo of nobody else's counts.

    All others of the line go, a household's other members' too: their drafts go as well.
    """
    named = {each.value for each in sides if each.kind == SideKind.PHOTO}
    every = files_of(kind=PHOTO, keys=[line])[line]
    mine = {
        each.public_id: each.id
        for each in every
        if each.public_id in named and each.account_id == member.account_id
    }
    rest = [each for each in every if each.public_id not in mine]
    if named <= set(mine) and rest:
        _delete(line, rest)
    return mine


def may_read(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    """Tell whether a reader sees a photo: who took it, and who reads a sealed wave's answers."""
    if member is not None and file.account_id == member.account_id:
        return True
    if not may("surveys.raw"):
        return False
    sealed = (
        sa.select(SideAnswer.item)
        .join(Ballot, Ballot.id == SideAnswer.ballot_id)
        .join(Wave, Wave.id == Ballot.wave_id)
        .where(
            SideAnswer.file_id == file.id,
            Wave.project_id == project.id,
            Wave.state.in_(SEALED),
        )
    )
    return db.session.execute(sealed.limit(1)).first() is not None


def _of(line: str, member: MemberRef) -> list[FileRef]:
    every = files_of(kind=PHOTO, keys=[line])[line]
    return [each for each in every if each.account_id == member.account_id]


def _delete(line: str, files: Collection[FileRef]) -> None:
    delete_files(kind=PHOTO, key=line, files=files)
