"""Moments as pages show them and forms take them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import format_datetime, get_locale

from portal.sdk import ProjectRef

_PATTERNS = {"en": "EEE d MMM yyyy, HH:mm"}
_CHINESE = "yyyy年M月d日 HH:mm"


def moment(at: datetime | None) -> str:
    """Return a moment as people say it; "—" for none."""
    if at is None:
        return "—"
    return str(format_datetime(at, _PATTERNS.get(str(get_locale() or ""), _CHINESE)))


def to_local(at: datetime | None, project: ProjectRef) -> datetime | None:
    """Return a moment as the project's clocks show it, without a zone, for a form."""
    return at.astimezone(ZoneInfo(project.time_zone)).replace(tzinfo=None) if at else None


def from_local(at: datetime | None, project: ProjectRef) -> datetime | None:
    """Return the moment that a form's value means in the project."""
    zone = ZoneInfo(project.time_zone)
    return at.replace(tzinfo=zone, second=0, microsecond=0) if at else None
