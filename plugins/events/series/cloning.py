"""A copy of an activity, to be written on: texts, cover, terms, rules, quotas and windows."""

from datetime import datetime
from math import ceil
from typing import Any
from zoneinfo import ZoneInfo

from plugins.events.models import Occurrence
from plugins.events.series.copying import copy_date, copy_event, copy_parts, parts_of
from plugins.events.service import log_step
from portal.sdk import ProjectRef, db

_WEEK = 7


def clone(*, actor: Any, project: ProjectRef, pattern: Occurrence, at: datetime) -> Occurrence:
    """Copy an activity as a draft of its own, whole weeks later: at least one, and so many that its
    registration ends in the future."""
    zone = ZoneInfo(project.time_zone)
    since = max(0, (at - pattern.closes_at).days + 1)
    days = max(1, ceil(since / _WEEK)) * _WEEK
    event = copy_event(pattern.event)
    made = copy_date(pattern, event=event, days=days, zone=zone)
    db.session.add(made)
    db.session.flush()
    db.session.add_all(copy_parts(parts_of(pattern), made, days=days, zone=zone))
    log_step(actor=actor, occurrence=made, step="clone")
    db.session.flush()
    return made
