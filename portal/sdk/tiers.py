"""Tiers for plugins: what a member has, and what there is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date

from portal.plugin_host.refs import MemberRef, ProjectRef
from portal.sdk.people import few
from portal.tiers import queries
from portal.tiers.evaluate import today
from portal.tiers.terms import Benefit
from portal.tiers.versions import in_force


@dataclass(frozen=True)
class BenefitRef:
    """A benefit of a tier; texts by language. `kind`: such as "gift"; `projects`: what it says in
    projects where it is another, by their slug."""

    key: str
    kind: str
    title: Mapping[str, str]
    text: Mapping[str, str]
    icon: str
    projects: Mapping[str, Mapping[str, str]]

    def text_in(self, project: ProjectRef) -> Mapping[str, str]:
        """Return what the benefit says in a project."""
        return self.projects.get(project.slug, self.text)


@dataclass(frozen=True)
class TierRef:
    """A tier: its key, its place from 1 (the lowest), its name by language, what it gives."""

    key: str
    rank: int
    name: Mapping[str, str]
    benefits: tuple[BenefitRef, ...] = ()


def tiers(scheme: str | None = None) -> list[TierRef]:
    """Return the tiers in force, the lowest first: the club's, or those of another scheme."""
    found = in_force(today(), scheme=scheme, club=scheme is None)
    if not found:
        return []
    return [
        TierRef(tier.key, rank, dict(tier.name), tuple(_benefit(each) for each in tier.benefits))
        for rank, tier in enumerate(found[0].terms.tiers, 1)
    ]


def tier_of(member: MemberRef, *, scheme: str | None = None, on: date | None = None) -> str | None:
    """Return the key of a member's tier, None for an unrated one; `on`: as of an earlier day."""
    return tiers_of([member], scheme=scheme, on=on)[member.id]


def tiers_of(
    members: Collection[MemberRef], *, scheme: str | None = None, on: date | None = None
) -> dict[int, str | None]:
    """Return the key of each member's tier by the member's id, in one statement; at most 500 at
    once, else ValueError. `scheme`, `on`: as for `tier_of`."""
    asked = [member.id for member in few(members)]
    return queries.tier_keys(asked, scheme=scheme, on=on)


def _benefit(told: Benefit) -> BenefitRef:
    return BenefitRef(told.key, told.kind, told.title, told.text, told.icon, told.projects)
