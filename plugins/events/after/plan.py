"""Which message is due, and which address of a survey is one of ours; without a database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from plugins.events.after.models import Care
from plugins.events.models import Occurrence

MOST_HOURS = 336
"""Two weeks: nobody is reminded earlier."""
LATEST = timedelta(days=7)
"""After the end nobody is thanked later."""
AFTER = "after"


@dataclass(frozen=True)
class Plan:
    """Hours before the beginning, the largest first, and after the end; None for no message."""

    before: tuple[int, ...]
    thanks: int | None

    @classmethod
    def of(cls, care: Care | None, settings: Mapping[str, Any]) -> "Plan":
        """Return an activity's plan: its own, or the project's."""
        if care is not None:
            return cls(tuple(sorted(care.before, reverse=True)), care.thanks)
        hours = {settings["remind_hours"], settings["remind_again_hours"]} - {0}
        return cls(tuple(sorted(hours, reverse=True)), settings["thank_hours"] or None)

    def due(self, occurrence: Occurrence, at: datetime) -> str | None:
        """Return the kind of message that is due now; of several reminders the last one, so that
        who registers late is told once."""
        if at < occurrence.starts_at:
            left = occurrence.starts_at - at
            passed = [n for n, hours in enumerate(self.before, 1) if left <= timedelta(hours=hours)]
            return f"before:{passed[-1]}" if passed else None
        if self.thanks is None or at < occurrence.ends_at:
            return None
        since = at - occurrence.ends_at
        return AFTER if timedelta(hours=self.thanks) <= since < LATEST else None


def own_path(text: str, home: str) -> str | None:
    """Return the path of an address of this site, None for any other; `home`: where the site is,
    without a slash at its end."""
    path = text.strip()
    if path.startswith(f"{home}/"):
        path = path[len(home) :]
    plain = path.isascii() and path.isprintable() and " " not in path and "\\" not in path
    if not plain or not path.startswith("/") or path.startswith("//") or len(path) > 300:
        return None
    return path
