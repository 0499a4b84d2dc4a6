"""The owner's tier: the card, what is missing for the next, what keeps it, benefits, history."""

from dataclasses import dataclass
from datetime import date

from flask import render_template, request
from werkzeug.exceptions import NotFound

from portal.access import member_only
from portal.members.current import current_member
from portal.members.models import Member
from portal.tiers import queries
from portal.tiers.blueprint import blueprint
from portal.tiers.evaluate import today
from portal.tiers.explain import Standing, story
from portal.tiers.models import History, Override
from portal.tiers.versions import InForce, in_force

__all__ = ["blueprint"]


@dataclass(frozen=True)
class TierPage:
    """What the page of a member's tier shows; `open`: what was proposed or given by hand;
    `reached`: the first day of each tier."""

    schemes: list[InForce]
    at: Standing | None
    history: list[History]
    open: list[Override]
    reached: dict[str, date]


@blueprint.get("/me/tier")
@member_only
def mine() -> str:
    """Show the member's tier and why it is what it is."""
    member = current_member()
    page = tier_page(member, request.args.get("scheme"))
    slugs = _named(page.at) if page.at else set()
    return render_template(
        "tiers/mine.html", page=page, projects=queries.homes_in(member.id, slugs)
    )


def _named(at: Standing) -> set[str]:
    """Return the projects in which a benefit of the tier or of the next says something else."""
    return {
        slug
        for tier in (at.tier, at.next)
        if tier is not None
        for benefit in tier.benefits
        for slug in benefit.projects
    }


def tier_page(member: Member, scheme: str | None) -> TierPage:
    """Return the page of a member in a scheme, the first without. Raises 404 for an unknown one."""
    schemes = in_force(today())
    if scheme is not None and scheme not in {found.key for found in schemes}:
        raise NotFound
    found = next((each for each in schemes if scheme in (None, each.key)), None)
    if found is None:
        return TierPage([], None, [], [], {})
    told = story(found, member)
    reached: dict[str, date] = {}
    for row in reversed(told.history):
        if row.to_tier is not None and row.from_tier != row.to_tier:
            reached.setdefault(row.to_tier, row.day)
    return TierPage(schemes, told.at, told.history, told.open, reached)
