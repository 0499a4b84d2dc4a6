"""The owners' directory of partners."""

from flask import render_template, request
from werkzeug.exceptions import NotFound

from plugins.rewards.blueprint import blueprint
from plugins.rewards.partners import queries
from plugins.rewards.partners.queries import PartnerFilter
from plugins.rewards.partners.words import CATEGORIES
from portal.sdk import current_member, current_project, member_only, tier_of

__all__ = ["blueprint"]


@blueprint.get("/p/<project>/rewards/partners")
@member_only
def partners() -> str:
    """List the partners with what this member gets there."""
    wanted = PartnerFilter.read(request.args)
    return render_template(
        "rewards/partners.html",
        page=queries.directory(current_project().id, wanted),
        wanted=wanted,
        tier=tier_of(current_member()),
        categories=CATEGORIES,
    )


@blueprint.get("/p/<project>/rewards/partners/<public_id>")
@member_only
def show_partner(public_id: str) -> str:
    """Show a partner: where, when, what for whom, and how to show the card."""
    found = queries.find_partner(current_project().id, public_id, shown=True)
    if found is None:
        raise NotFound
    tier = tier_of(current_member())
    return render_template(
        "rewards/partner.html",
        partner=found,
        tier=tier,
        items=queries.offered_items(found, tier),
        categories=CATEGORIES,
    )
