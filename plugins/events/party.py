"""Who of a household may come along, and why somebody may not: the same for pages and writes."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from plugins.events.errors import EventError
from plugins.events.models import Occurrence
from portal.sdk import Housemate, ProjectRef

CHILD_UNDER, GROWN_UP = 14, 18
MOST = 20
"""Persons of one party."""


@dataclass(frozen=True)
class Candidate:
    """Someone of the household: `age` on the day where it is known, `refusal`: the code of why they
    cannot come, or None; `guest`: of the party, from outside of it."""

    mate: Housemate
    age: int | None
    refusal: str | None
    guest: bool = False

    @property
    def is_child(self) -> bool:
        """Tell whether somebody has to come along to look after them."""
        return self.age is not None and self.age < CHILD_UNDER

    @property
    def is_guardian(self) -> bool:
        """Tell whether they may look after children: members, and who is not known as a minor."""
        return self.age is None or self.age >= GROWN_UP


def age_on(birth_month: str, day: date) -> int:
    """Return the full years of someone born in `birth_month` ("2018-04"); no day is kept, so the
    whole month of a birthday counts as before it."""
    year, month = (int(part) for part in birth_month.split("-"))
    return ((day.year - year) * 12 + day.month - month - 1) // 12


def candidates(
    occurrence: Occurrence,
    project: ProjectRef,
    mates: Sequence[Housemate],
    seated: Collection[str],
) -> list[Candidate]:
    """Return the household with who may come; `seated`: the keys of those who have a seat."""
    day = occurrence.starts_at.astimezone(ZoneInfo(project.time_zone)).date()
    found = []
    for mate in mates:
        age = age_on(mate.birth_month, day) if mate.birth_month else None
        least = occurrence.least_age or 0
        young = age is not None and age < least
        refusal = "ALREADY_GOING" if mate.key in seated else "TOO_YOUNG" if young else None
        found.append(Candidate(mate, age, refusal))
    return found


def choose(among: Sequence[Candidate], keys: Collection[str]) -> list[Candidate]:
    """Return the party with these keys. Raises EventError: NOBODY, TOO_MANY, UNKNOWN_PERSON,
    ALREADY_GOING, TOO_YOUNG, CHILD_ALONE."""
    wanted = set(keys)
    if not wanted:
        raise EventError("NOBODY")
    if len(wanted) > MOST:
        raise EventError("TOO_MANY")
    party = [each for each in among if each.mate.key in wanted]
    if len(party) != len(wanted):
        raise EventError("UNKNOWN_PERSON")
    for each in party:
        if each.refusal is not None:
            raise EventError(each.refusal)
    if any(each.is_child for each in party) and not any(each.is_guardian for each in party):
        raise EventError("CHILD_ALONE")
    return party
