"""One's own tier, for programs: what it is, the figures, what is missing, what keeps it."""

from typing import Any

from marshmallow import fields

from portal.access import member_only
from portal.api.blueprint import ApiBlueprint
from portal.api.fields import Day, Flag, Output, Text, Whole, list_of
from portal.i18n import localized
from portal.members.current import current_member
from portal.members.models import Member
from portal.tiers.evaluate import today
from portal.tiers.explain import Standing, standing
from portal.tiers.terms import Tier
from portal.tiers.versions import in_force

blueprint = ApiBlueprint("tiers_api", "portal.tiers", url_prefix="/api/v1", title="Tiers")

_UNIT = {"description": "Milli-points, fen, hundredths of a square metre, months, or a number."}


class TierShown(Output):
    """A tier by its key, its place from 1, and its name."""

    key = Text(30)
    rank = Whole(1, 20)
    name = Text(40)


class TierFigure(Output):
    """A figure that counts."""

    key = Text(40)
    value = Whole(0, 10**18, metadata=_UNIT)


class TierStanding(Output):
    """Where a member stands in one scheme; `ways`: what is missing for the next, the nearest
    first; `kept_by`: what keeps the tier, empty where nothing is asked."""

    scheme = Text(30)
    is_club = Flag()
    tier = fields.Nested(TierShown, allow_none=True)
    since = Day(allow_none=True)
    valid_until = Day(allow_none=True)
    grace_until = Day(allow_none=True)
    by_hand_until = Day(allow_none=True)
    figures = list_of(TierFigure)
    next = fields.Nested(TierShown, allow_none=True)
    ways = list_of(Text(2000))
    kept_by = Text(4000)
    is_kept = Flag()


class TiersShown(Output):
    """A member's place in every scheme, the club's first."""

    items = list_of(TierStanding)


@blueprint.call("GET", "/me/tier", TiersShown)
@member_only
def mine() -> dict[str, Any]:
    """Show the member's place in every scheme."""
    return standings(current_member())


def standings(member: Member) -> dict[str, Any]:
    """Return the answer for a member: a statement for each scheme."""
    return {"items": [_shown(standing(found, member)) for found in in_force(today())]}


def _shown(at: Standing) -> dict[str, Any]:
    return {
        "scheme": at.found.key,
        "is_club": at.found.is_club,
        "tier": _tier(at, at.tier),
        "since": at.since,
        "valid_until": at.valid_until,
        "grace_until": at.grace_until,
        "by_hand_until": at.override_until,
        "figures": [{"key": key, "value": value} for key, value in at.figures.items()],
        "next": _tier(at, at.next),
        "ways": at.ways,
        "kept_by": at.keep_text,
        "is_kept": at.keeps,
    }


def _tier(at: Standing, tier: Tier | None) -> dict[str, Any] | None:
    if tier is None:
        return None
    return {"key": tier.key, "rank": at.terms.ranks[tier.key], "name": localized(tier.name)}
