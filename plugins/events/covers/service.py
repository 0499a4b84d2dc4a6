"""Keeping an activity's own cover. Copies and dates of a series may share one: the file goes with
the last of them."""

import secrets
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from plugins.events.errors import EventError
from plugins.events.models import Event, Occurrence
from plugins.events.service import guard, log_step
from plugins.events.states import EDITABLE, PUBLIC
from portal.sdk import (
    FileRef,
    MemberRef,
    Picture,
    ProjectRef,
    db,
    delete_files,
    may,
    store_picture,
    visible_projects,
)

COVER = "events.cover"


def set_cover(
    *,
    actor: Any,
    project: ProjectRef,
    occurrence: Occurrence,
    picture: Picture | None,
    alt: Mapping[str, str],
) -> None:
    """Show a picture of one's own, or with None the one there is under other words; every date
    with the same texts shows it. Raises EventError ILLEGAL_STEP."""
    _change(occurrence)
    event = occurrence.event
    if picture is not None:
        old, key = event.picture_key, secrets.token_urlsafe(16)
        kept = store_picture(kind=COVER, key=key, picture=picture, project=project)
        event.picture_key, event.picture_url = key, kept.url
        _drop(old)
    event.picture_alt = dict(alt)
    log_step(actor=actor, occurrence=occurrence, step="cover")


def remove_cover(*, actor: Any, occurrence: Occurrence) -> None:
    """Go back to the picture that was chosen of those the portal has. Raises EventError."""
    _change(occurrence)
    event = occurrence.event
    old, event.picture_key, event.picture_url = event.picture_key, None, ""
    event.picture_alt = {}
    _drop(old)
    log_step(actor=actor, occurrence=occurrence, step="cover")


def may_see(project: ProjectRef, file: FileRef, member: MemberRef | None) -> bool:
    """Tell whether a reader sees an activity of this project that has the cover."""
    mine = sa.select(Event.id).where(Event.picture_key == file.key, Event.project_id == project.id)
    if may("events.manage"):
        return db.session.scalar(mine.limit(1)) is not None
    if member is None or project.id not in {each.id for each in visible_projects()}:
        return False
    shown = mine.join(Occurrence, Occurrence.event_id == Event.id)
    return db.session.scalar(shown.where(Occurrence.state.in_(PUBLIC)).limit(1)) is not None


def _change(occurrence: Occurrence) -> None:
    if occurrence.state not in EDITABLE:
        raise EventError("ILLEGAL_STEP", state=occurrence.state)
    guard(occurrence, (occurrence.state,), {"sequence": Occurrence.sequence + 1})


def _drop(key: str | None) -> None:
    db.session.flush()
    shared = sa.select(Event.id).where(Event.picture_key == key).limit(1)
    if key is not None and db.session.scalar(shared) is None:
        delete_files(kind=COVER, key=key)
