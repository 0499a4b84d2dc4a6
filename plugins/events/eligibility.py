"""Who may join, as data, with a reason for every "no": the same words for members and staff.

The rules judge who registers, by how things stand on the day of the activity where time counts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from portal.sdk import HouseholdRef, ProjectRef, gettext, localized, ngettext

OWNERS = ("owner", "co_owner")


@dataclass(frozen=True)
class Reason:
    """One line of "may I join": whether it is fulfilled, and the words. `code`: of a refusal."""

    fulfilled: bool
    title: str
    hint: str = ""
    code: str = ""


@dataclass(frozen=True)
class Rules:
    """What an activity asks of who registers. `home`: "" (anybody), "home" (a verified one) or
    "owner"; `buildings`: names by id; `tiers`: names by key, each by language; `tenure`: full
    months with a home here; `pause`: months since the member last came to this activity."""

    home: str = ""
    buildings: Mapping[str, str] = field(default_factory=dict)
    tiers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    tenure: int | None = None
    pause: int | None = None

    @classmethod
    def of(cls, occurrence: Occurrence) -> "Rules":
        """Return the rules of an activity."""
        return cls(**(occurrence.rules or {}))

    def as_json(self) -> dict[str, Any]:
        """Return what is asked, as the activity's row keeps it."""
        found = vars(self).items()
        return {key: value for key, value in found if value}


def months_between(since: date, until: date) -> int:
    """Return the full months from one day to another."""
    return (until.year - since.year) * 12 + until.month - since.month - (until.day < since.day)


def reasons(
    occurrence: Occurrence,
    project: ProjectRef,
    household: HouseholdRef,
    came_on: datetime | None,
) -> list[Reason]:
    """Return a line for each rule of an activity. `came_on`: when the member was last there."""
    rules, zone = Rules.of(occurrence), ZoneInfo(project.time_zone)
    day = occurrence.starts_at.astimezone(zone).date()
    homes = household.homes
    found = []
    if rules.home:
        owns = any(home.role in OWNERS for home in homes)
        title = {
            "home": gettext("For residents with a verified home here"),
            "owner": gettext("For owners and co-owners of a home here"),
        }[rules.home]
        fulfilled = owns if rules.home == "owner" else bool(homes)
        found.append(Reason(fulfilled, title, _no_home(homes), "NOT_AN_OWNER"))
    if rules.buildings:
        names = ", ".join(rules.buildings.values())
        fulfilled = any(str(home.building_id) in rules.buildings for home in homes)
        title = gettext("For residents of: %(buildings)s", buildings=names)
        found.append(Reason(fulfilled, title, _no_home(homes), "NOT_YOUR_BUILDING"))
    if rules.tiers:
        names = ", ".join(localized(name) for name in rules.tiers.values())
        fulfilled = household.tier in rules.tiers
        title = gettext("For members of the tiers: %(tiers)s", tiers=names)
        found.append(Reason(fulfilled, title, "", "NOT_YOUR_TIER"))
    if rules.tenure:
        has = max((months_between(home.since, day) for home in homes), default=0)
        title = ngettext(
            "For who has had a home here for %(num)d month",
            "For who has had a home here for %(num)d months",
            rules.tenure,
        )
        hint = ngettext(
            "Yours on that day: %(num)d month", "Yours on that day: %(num)d months", max(0, has)
        )
        found.append(Reason(has >= rules.tenure, title, hint, "TOO_NEW"))
    if rules.pause:
        title = ngettext(
            "For who did not come to it in the last %(num)d month",
            "For who did not come to it in the last %(num)d months",
            rules.pause,
        )
        last = came_on.astimezone(zone).date() if came_on else None
        fulfilled = last is None or months_between(last, day) >= rules.pause
        hint = gettext("The last time: %(day)s", day=last.isoformat()) if last else ""
        found.append(Reason(fulfilled, title, hint, "CAME_RECENTLY"))
    return found


def require(found: Sequence[Reason]) -> None:
    """Raise EventError with the words of the first rule that is not fulfilled."""
    for reason in found:
        if not reason.fulfilled:
            raise EventError(reason.code, said=reason.title)


def _no_home(homes: Sequence[object]) -> str:
    return "" if homes else gettext("You have no verified home here yet")
