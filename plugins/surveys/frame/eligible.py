"""Who belongs to a wave: the verified homes of the project, narrowed by its rule."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from plugins.surveys.frame.stages import stage_on
from plugins.surveys.states import Stage, Unit
from portal.sdk import HomeRef, MemberRef, ProjectRef, homes_of_each, residents, tiers_of

Rule = Mapping[str, Sequence[Any]]
LISTED = "members"
"""The name in a rule of the ids of those whom a list names."""


@dataclass(frozen=True)
class Line:
    """One line of the frame, as it is frozen."""

    unit_key: str
    household_id: int
    member_id: int | None
    building: str
    tier: str
    stage: Stage

    @property
    def hashed(self) -> list[str]:
        """What the frame's hash is made of."""
        return [self.unit_key, self.building, self.tier, self.stage]


def draw(project: ProjectRef, *, unit: str, rule: Rule, today: date) -> list[Line]:
    """Return the frame as of a day, by key: three statements for every 500 residents.

    A household counts by the home that was handed over first, and by its first member's tier.
    `rule`: `buildings`, `tiers`, `stages`, `members`; what is empty or missing does not narrow. Who
    is listed stands for the household.
    """
    lines: dict[str, Line] = {}
    listed, named = frozenset(rule.get(LISTED, ())), set()
    for member, homes, tier in _people(project):
        home = min(homes, key=_oldest)
        person = unit == Unit.PERSON
        key = f"m:{member.id}" if person else f"h:{member.household_id}"
        if not listed or member.id in listed:
            named.add(key)
        line = Line(
            key,
            member.household_id,
            member.id if person else None,
            home.building,
            tier,
            stage_on(home.handover_on, today),
        )
        if key not in lines:
            lines[key] = line
    found = [line for line in lines.values() if line.unit_key in named and _fits(line, rule)]
    return sorted(found, key=lambda line: line.unit_key)


def _people(project: ProjectRef) -> Iterator[tuple[MemberRef, list[HomeRef], str]]:
    after = 0
    while some := residents(project, after=after):
        homes, tiers = homes_of_each(some, project), tiers_of(some)
        for member in some:
            if homes[member.id]:
                yield member, homes[member.id], tiers[member.id] or ""
        after = some[-1].id


def _oldest(home: HomeRef) -> tuple[date, str, str, str]:
    return (home.handover_on or date.max, home.building, home.entrance, home.number)


def _fits(line: Line, rule: Rule) -> bool:
    wanted = (("buildings", line.building), ("tiers", line.tier), ("stages", line.stage))
    return all(not rule.get(name) or value in rule[name] for name, value in wanted)
