"""What is read of benefits."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa

from plugins.rewards.benefits.rules import Benefits, entitlement
from plugins.rewards.models.benefits import BenefitCount, BenefitRule, BenefitUse
from portal.sdk import (
    MemberRef,
    Page,
    ProjectRef,
    TierRef,
    business_date,
    db,
    find_cards,
    find_members,
    page_of,
    tier_of,
    tiers,
)

_MOST = 20_000
_AT_ONCE = 500
_SHOWN = 20


def benefits_of(member: MemberRef, project: ProjectRef, at: datetime) -> Benefits:
    """Return what a member's tier gives and how much of it was had: three statements."""
    key = tier_of(member)
    tier = next((each for each in tiers() if each.key == key), None)
    if tier is None:
        return Benefits()
    on = business_date(project.time_zone, at)
    mine = sa.and_(
        BenefitCount.member_id == member.id,
        BenefitCount.project_id == BenefitRule.project_id,
        BenefitCount.benefit == BenefitRule.benefit,
    )
    rows = db.session.execute(
        sa.select(BenefitRule, BenefitCount.period, BenefitCount.used)
        .outerjoin(BenefitCount, mine)
        .where(BenefitRule.project_id == project.id, BenefitRule.tier == tier.key)
    ).all()
    used = {(rule.benefit, period): many for rule, period, many in rows if many is not None}
    rules = {rule.benefit: rule for rule, _, _ in rows}
    return Benefits(
        tier,
        tuple(entitlement(each, project, rules.get(each.key), used, on) for each in tier.benefits),
    )


def rules_of(project: ProjectRef) -> dict[tuple[str, str], BenefitRule]:
    """Return a project's rules by tier and benefit."""
    mine = sa.select(BenefitRule).where(BenefitRule.project_id == project.id)
    return {(each.tier, each.benefit): each for each in db.session.scalars(mine)}


def titles(ladder: Iterable[TierRef]) -> dict[str, Any]:
    """Return what benefits are called by their keys, once each."""
    return {each.key: each.title for tier in ladder for each in tier.benefits}


@dataclass(frozen=True)
class UseFilter:
    """What a list of uses is narrowed to: a benefit's key, the number on a member's card."""

    KEYS: ClassVar = ("benefit", "card")
    benefit: str = ""
    card: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "UseFilter":
        """Read `?benefit=` and `?card=`."""
        benefit, card = (args.get(key, "").strip()[:40].replace("\0", "") for key in cls.KEYS)
        return cls(benefit, card.upper())

    def args(self) -> dict[str, str]:
        """Return the filter as an address' arguments."""
        return {key: value for key in self.KEYS if (value := getattr(self, key))}


EVERY = UseFilter()


def uses(project: ProjectRef, wanted: UseFilter = EVERY) -> sa.Select[Any]:
    """Return the statement of a project's uses, narrowed."""
    mine = sa.select(BenefitUse).where(BenefitUse.project_id == project.id)
    if wanted.benefit:
        mine = mine.where(BenefitUse.benefit == wanted.benefit)
    if wanted.card:
        holders = [each.id for each in find_cards([wanted.card]).values()]
        mine = mine.where(BenefitUse.member_id.in_(holders))
    return mine


def page_of_uses(project: ProjectRef, wanted: UseFilter) -> Page[Any]:
    """Return a page of the uses, the newest first."""
    return page_of(uses(project, wanted), BenefitUse.created_at, BenefitUse.id, descending=True)


def all_uses(project: ProjectRef, wanted: UseFilter) -> list[BenefitUse]:
    """Return the newest 20,000 uses."""
    found = uses(project, wanted).order_by(BenefitUse.created_at.desc(), BenefitUse.id.desc())
    return list(db.session.scalars(found.limit(_MOST)))


def uses_of(member: MemberRef, project: ProjectRef) -> list[BenefitUse]:
    """Return a member's last 20 uses, the newest first."""
    mine = uses(project).where(BenefitUse.member_id == member.id)
    return list(
        db.session.scalars(
            mine.order_by(BenefitUse.created_at.desc(), BenefitUse.id.desc()).limit(_SHOWN)
        )
    )


def find_use(project: ProjectRef, public_id: str) -> BenefitUse | None:
    """Return a use of a project."""
    return db.session.scalar(uses(project).where(BenefitUse.public_id == public_id))


def people(found: Iterable[BenefitUse]) -> dict[int, MemberRef]:
    """Return the members of uses, a statement for each 500."""
    ids = sorted({each.member_id for each in found})
    known: dict[int, MemberRef] = {}
    for start in range(0, len(ids), _AT_ONCE):
        known |= find_members(ids[start : start + _AT_ONCE])
    return known
