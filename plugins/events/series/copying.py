"""Copies of a date: the terms as they are, every moment so many days later by the clock."""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from plugins.events.after.models import Care
from plugins.events.ballot.drawing import digest_of
from plugins.events.ballot.models import Ballot
from plugins.events.models import Event, Occurrence, Quota, Window
from portal.sdk import db

PARTS: tuple[Any, ...] = (Quota, Window, Care, Ballot)
"""Tables whose rows belong to a date's terms, and are copied with it: named by `occurrence_id`."""
_ROW = frozenset({"id", "public_id", "created_at"})
_OF_EVENT = _ROW | {"project_id"}
# Where a date stands, and what became of it, is its own.
_OF_DATE = _ROW | {
    "project_id",
    "event_id",
    "state",
    "submitted_by",
    "sequence",
    "reason",
    "series_id",
    "series_day",
    "differs",
}
# Of a draw: its secret, what was drawn, and the public number, which is that of one day.
_OF_DRAW = {"secret", "secret_hash", "frozen_at", "digest", "drawn_at", "source"}
_OF_PART = _ROW | _OF_DRAW | {"occurrence_id", "confirmed", "held", "forced"}


def later(at: datetime, days: int, zone: ZoneInfo) -> datetime:
    """Return the moment so many days later at the same time by the zone's clocks."""
    local = at.astimezone(zone).replace(tzinfo=None) + timedelta(days=days)
    # An hour that the clocks leave out counts as the one after it.
    return local.replace(tzinfo=zone).astimezone(at.tzinfo)


def copy_event(event: Event) -> Event:
    """Return a copy of an activity's texts that is not written yet."""
    return Event(project_id=event.project_id, **_values(event, _OF_EVENT))


def copy_date(
    pattern: Occurrence, *, event: Event, days: int, zone: ZoneInfo, **values: Any
) -> Occurrence:
    """Return a copy of a date so many days later, a draft that is not written yet."""
    copied = _moved(_values(pattern, _OF_DATE), days, zone)
    return Occurrence(
        event=event, project_id=pattern.project_id, **{**in_order(copied, pattern), **values}
    )


def parts_of(pattern: Occurrence) -> list[Any]:
    """Return the rows of a date that are copied with it."""
    found: list[Any] = []
    for model in PARTS:
        mine = sa.select(model).where(model.occurrence_id == pattern.id)
        found += db.session.scalars(mine)
    return found


def copy_parts(
    parts: Iterable[Any], made: Occurrence, *, days: int, zone: ZoneInfo
) -> Iterable[Any]:
    """Return copies of the parts of a date for another one, which is written; nobody sits yet."""
    for part in parts:
        values = _moved(_values(part, _OF_PART), days, zone)
        if isinstance(part, Ballot):
            secret = secrets.token_hex(32)
            values |= {"secret": secret, "secret_hash": digest_of(secret)}
        yield type(part)(occurrence_id=made.id, **values)


def in_order(values: dict[str, Any], pattern: Occurrence) -> dict[str, Any]:
    """Return a date's moments in an order that the tables take: where the clocks change between
    two of them, they may have changed places."""
    starts, opens = values["starts_at"], values["opens_at"]
    if values["ends_at"] <= starts:
        values["ends_at"] = starts + (pattern.ends_at - pattern.starts_at)
    values["closes_at"] = min(values["closes_at"], starts)
    values["cancel_until"] = min(values["cancel_until"], starts)
    if opens >= values["closes_at"]:
        values["opens_at"] = values["closes_at"] - (pattern.closes_at - pattern.opens_at)
    first = values.get("first_opens_at")
    if first is not None and first >= values["opens_at"]:
        values["first_opens_at"] = None
    return values


def _values(row: Any, left_out: frozenset[str]) -> dict[str, Any]:
    names = [column.key for column in sa.inspect(type(row)).column_attrs]
    return {name: getattr(row, name) for name in names if name not in left_out}


def _moved(values: dict[str, Any], days: int, zone: ZoneInfo) -> dict[str, Any]:
    return {
        name: later(value, days, zone) if isinstance(value, datetime) else value
        for name, value in values.items()
    }
