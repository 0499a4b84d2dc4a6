"""What was changed at one date, passed on to another: only that, the rest stays its own."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from plugins.events.models import Occurrence
from plugins.events.series.copying import in_order
from plugins.events.service import Draft

TEXTS = ("title", "about", "place", "notes", "cover", "category")
_AROUND = ("ends_at", "opens_at", "closes_at", "cancel_until")
_TERMS = tuple(
    each.name for each in fields(Draft) if each.name not in (*TEXTS, *_AROUND, "starts_at")
)


def draft_of(occurrence: Occurrence, capacity: int | None) -> Draft:
    """Return a date as it stands."""
    values: dict[str, Any] = {name: getattr(occurrence.event, name) for name in TEXTS}
    names = ("starts_at", *_AROUND, *_TERMS)
    values |= {name: getattr(occurrence, name) for name in names if name != "capacity"}
    return Draft(**values, capacity=capacity)


def texts_changed(before: Draft, after: Draft) -> bool:
    """Tell whether the texts are others."""
    return any(getattr(before, name) != getattr(after, name) for name in TEXTS)


def passed_on(
    before: Draft, after: Draft, own: Draft, pattern: Occurrence, zone: ZoneInfo
) -> Draft:
    """Return what another date, `own`, becomes: moved as far by the clock as this one, and what
    was changed here. A moment counts as so long before or after the beginning."""
    begins = _local(own.starts_at, zone)
    begins += _local(after.starts_at, zone) - _local(before.starts_at, zone)
    times = {"starts_at": begins.replace(tzinfo=zone)}
    for name in _AROUND:
        was, becomes = _offset(before, name, zone), _offset(after, name, zone)
        offset = _offset(own, name, zone) if was == becomes else becomes
        times[name] = (begins + offset).replace(tzinfo=zone)
    changed = in_order(times, pattern) | _changed(before, after)
    return replace(own, **changed)


def _changed(before: Draft, after: Draft) -> dict[str, Any]:
    names = TEXTS if texts_changed(before, after) else ()
    terms = (name for name in _TERMS if getattr(before, name) != getattr(after, name))
    return {name: getattr(after, name) for name in (*names, *terms)}


def _offset(draft: Draft, name: str, zone: ZoneInfo) -> timedelta:
    return _local(getattr(draft, name), zone) - _local(draft.starts_at, zone)


def _local(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)
