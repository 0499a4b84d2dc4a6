"""Times and amounts as pages and messages show them."""

import re
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import format_datetime, format_time, get_locale

from plugins.events.models import Occurrence
from portal.sdk import ProjectRef

_PATTERNS = {"en": "EEE d MMM, HH:mm"}
_CHINESE = "M月d日 EEE HH:mm"


def moment(at: datetime) -> str:
    """Return a moment as people say it: 12月6日 周日 09:30."""
    pattern = _PATTERNS.get(str(get_locale() or ""), _CHINESE)
    return str(format_datetime(at, pattern))


def when(occurrence: Occurrence) -> str:
    """Return from when to when: 12月6日 周日 09:30 – 12:00, with the day of a later end."""
    start, end = occurrence.starts_at, occurrence.ends_at
    if (end - start).total_seconds() < 16 * 3600:
        return f"{moment(start)} – {format_time(end, 'HH:mm')}"
    return f"{moment(start)} – {moment(end)}"


def ticket_code(ticket: str) -> str:
    """Return a ticket's code in groups of four, to be read aloud."""
    return "-".join(ticket[at : at + 4] for at in range(0, len(ticket), 4))


def plain_ticket(text: str) -> str:
    """Return the ticket in what was typed, or in the address that a camera reads; "" for none."""
    plain = re.sub(r"[\s-]", "", text.rsplit("code=", 1)[-1]).upper()
    return plain if re.fullmatch(r"[2-9A-Z]{12}", plain) else ""


def to_local(at: datetime, project: ProjectRef) -> datetime:
    """Return a moment as the project's clocks show it, without a zone, for a form."""
    return at.astimezone(ZoneInfo(project.time_zone)).replace(tzinfo=None)


def from_local(at: datetime, project: ProjectRef) -> datetime:
    """Return the moment that a form's value means in the project."""
    return at.replace(tzinfo=ZoneInfo(project.time_zone), second=0, microsecond=0)


__all__ = ["from_local", "moment", "plain_ticket", "ticket_code", "to_local", "when"]
