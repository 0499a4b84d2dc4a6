"""How many of each benefit the demo club gives, and what was used of them."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from plugins.rewards.benefits import service
from plugins.rewards.states import Period
from portal.sdk import MemberRef, ProjectRef, now, tiers, tiers_of

_RULES = {
    "birthday": (1, Period.YEAR),
    "guest_parking": (4, Period.MONTH),
    "cleaning": (1, Period.YEAR),
}
_MOST_USES = 8


def fill_benefits(
    project: ProjectRef, owner: MemberRef, people: list[MemberRef], actor: Any
) -> None:
    """Count three benefits of each tier that has them; the owner and a few others used some."""
    given = {tier.key: [each.key for each in tier.benefits] for tier in tiers()}
    for tier, benefits in given.items():
        for key in _RULES.keys() & set(benefits):
            most, period = _RULES[key]
            service.set_rule(
                actor=actor, project=project, tier=tier, benefit=key, most=most, period=period,
                seen=0,
            )  # fmt: skip
    rated = tiers_of([owner, *people[:200]])
    wanted = [(owner, "guest_parking"), (owner, "guest_parking"), (owner, "birthday")]
    wanted += [(each, "guest_parking") for each in people[:_MOST_USES]]
    for number, (who, key) in enumerate(_possible(wanted, rated, given)):
        service.take(
            actor=actor, project=project, member=who, benefit=key, tier_seen="",
            key=f"demo-{number}", at=now() - timedelta(minutes=7 * number),
        )  # fmt: skip


def _possible(
    wanted: Iterable[tuple[MemberRef, str]],
    rated: dict[int, str | None],
    given: dict[str, list[str]],
) -> list[tuple[MemberRef, str]]:
    return [(who, key) for who, key in wanted if key in given.get(rated[who.id] or "", [])]
