"""Setting how many of a benefit there are, taking a use, and undoing it. Never commits."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.rewards.benefits.queries import titles
from plugins.rewards.errors import RewardError
from plugins.rewards.models.benefits import BenefitCount, BenefitRule, BenefitUse
from plugins.rewards.rules import period_of
from plugins.rewards.states import Period
from portal.sdk import MemberRef, ProjectRef, business_date, db, record, tier_of, tiers


def set_rule(
    *, actor: Any, project: ProjectRef, tier: str, benefit: str, most: int | None, period: str,
    seen: int,
) -> None:  # fmt: skip
    """Say how many of a benefit members of a tier have. `seen`: the version the page showed, 0
    without one.

    Raises RewardError: BENEFIT_UNKNOWN, BAD_MOST, CHANGED.
    """
    ladder = [each for each in tiers() if each.key == tier]
    if benefit not in titles(ladder) or period not in set(Period):
        raise RewardError("BENEFIT_UNKNOWN")
    if most is None or not 0 <= most <= 999:
        raise RewardError("BAD_MOST")
    key = {"project_id": project.id, "tier": tier, "benefit": benefit}
    values = {"most": most, "period": period}
    if seen:
        mine = sa.update(BenefitRule).filter_by(**key, version=seen)
        done = db.session.execute(mine.values(**values, version=BenefitRule.version + 1))
        if not _rows(done):
            raise RewardError("CHANGED")
    elif not _added(BenefitRule(**key, **values)):
        raise RewardError("CHANGED")
    record(
        actor=actor,
        action="rewards.benefit_set",
        subject=("project", project.slug),
        project_id=project.id,
        facts={"tier": tier, "benefit": benefit, **values},
    )


def take(
    *, actor: Any, project: ProjectRef, member: MemberRef, benefit: str, tier_seen: str, key: str,
    at: datetime,
) -> BenefitUse:  # fmt: skip
    """Take one of a benefit; the same `key` again gives the use it gave. `tier_seen`: the tier
    that the page showed.

    Raises RewardError: BENEFIT_TIER_LOST, BENEFIT_NOT_GIVEN, BENEFIT_USED_UP.
    """
    before = sa.select(BenefitUse).filter_by(project_id=project.id, key=key)
    known = db.session.scalar(before)
    if known is not None:
        return _same(known, member, benefit)
    rule, title = _rule(project, member, benefit, tier_seen)
    count = _count(project, member, rule, at)
    use = BenefitUse(
        project_id=project.id, member_id=member.id, count_id=count, tier=rule.tier,
        benefit=benefit, title=title, key=key, by=actor.id, created_at=at,
    )  # fmt: skip
    if not _added(use):
        return _same(db.session.scalars(before).one(), member, benefit)
    fits = sa.update(BenefitCount).where(BenefitCount.id == count, BenefitCount.used < rule.most)
    if not _rows(db.session.execute(fits.values(used=BenefitCount.used + 1, most=rule.most))):
        raise RewardError("BENEFIT_USED_UP")
    _record(actor, use, "used", {"benefit": benefit, "tier": rule.tier})
    return use


def undo(*, actor: Any, use: BenefitUse, reason: str, at: datetime) -> None:
    """Give a use back that was a mistake. Raises RewardError: NO_REASON, BENEFIT_UNDONE."""
    if not reason.strip():
        raise RewardError("NO_REASON")
    mine = sa.update(BenefitUse).where(BenefitUse.id == use.id, BenefitUse.undone_at.is_(None))
    values = {"undone_at": at, "undone_by": actor.id, "reason": reason.strip()[:200]}
    if not _rows(db.session.execute(mine.values(**values))):
        raise RewardError("BENEFIT_UNDONE")
    counted = sa.update(BenefitCount).where(BenefitCount.id == use.count_id)
    db.session.execute(counted.values(used=BenefitCount.used - 1))
    _record(actor, use, "undone", {"benefit": use.benefit, "reason": values["reason"]})


def _rule(
    project: ProjectRef, member: MemberRef, benefit: str, tier_seen: str
) -> tuple[BenefitRule, dict[str, str]]:
    """Return the rule of the member's tier of now, and what the benefit is called."""
    tier = tier_of(member)
    named = titles(each for each in tiers() if each.key == tier)
    mine = sa.select(BenefitRule).filter_by(project_id=project.id, tier=tier, benefit=benefit)
    rule = db.session.scalar(mine.where(BenefitRule.most > 0))
    if rule is None or benefit not in named:
        lost = bool(tier_seen) and tier_seen != tier
        raise RewardError("BENEFIT_TIER_LOST" if lost else "BENEFIT_NOT_GIVEN")
    return rule, dict(named[benefit])


def _count(project: ProjectRef, member: MemberRef, rule: BenefitRule, at: datetime) -> int:
    """Return the row that counts for a member in the period of now, added where there is none."""
    period = period_of(rule.period, business_date(project.time_zone, at))
    key = {
        "member_id": member.id, "project_id": project.id, "benefit": rule.benefit,
        "period": period,
    }  # fmt: skip
    mine = sa.select(BenefitCount.id).filter_by(**key)
    found = db.session.scalar(mine)
    if found is None:
        # Another desk may add it at the same moment: then there is one.
        _added(BenefitCount(**key, used=0, most=rule.most))
        found = db.session.scalars(mine).one()
    return found


def _same(use: BenefitUse, member: MemberRef, benefit: str) -> BenefitUse:
    if (use.member_id, use.benefit) != (member.id, benefit):
        raise RewardError("CHANGED")
    return use


def _added(row: object) -> bool:
    """Insert a row; tell whether it is the first of its kind."""
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except sa.exc.IntegrityError:
        return False
    return True


def _record(actor: Any, use: BenefitUse, act: str, facts: dict[str, Any]) -> None:
    record(
        actor=actor,
        action=f"rewards.benefit_{act}",
        subject=("rewards_benefit_use", use.public_id),
        project_id=use.project_id,
        facts=facts,
    )


def _rows(result: object) -> int:
    return int(getattr(result, "rowcount", 0))
