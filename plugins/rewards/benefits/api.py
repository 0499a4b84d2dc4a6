"""A member's benefits for programs."""

from typing import Any

from plugins.rewards.benefits.queries import benefits_of
from plugins.rewards.benefits.rules import Entitlement
from portal.sdk import (
    ApiBlueprint,
    ApiOutput,
    api_fields,
    current_member,
    current_project,
    localized,
    member_only,
    now,
)

_MOST = {"description": "null: not counted, then `used` is 0"}
_UNTIL = {"description": "The last day of the period; null: the whole time, or not counted."}

api = ApiBlueprint(
    "rewards_benefits_api",
    __name__,
    url_prefix="/api/v1/p/<project>/rewards/benefits",
    title="Benefits of tiers",
)


class BenefitShown(ApiOutput):
    """A benefit, and what was had of it."""

    key = api_fields.Text(40)
    title = api_fields.Text()
    text = api_fields.Text()
    used = api_fields.Whole(0, 999)
    most = api_fields.Whole(1, 999, allow_none=True, metadata=_MOST)
    until = api_fields.Text(10, allow_none=True, metadata=_UNTIL)


class BenefitsShown(ApiOutput):
    """What the member's tier gives here."""

    tier = api_fields.Text(30, allow_none=True)
    benefits = api_fields.list_of(BenefitShown)


@api.call("GET", "", BenefitsShown)
@member_only
def my_benefits() -> dict[str, Any]:
    """Show the benefits of the member's tier with what was had of each."""
    found = benefits_of(current_member(), current_project(), now())
    return {
        "tier": found.tier.key if found.tier else None,
        "benefits": [_shown(each) for each in found.rows],
    }


def _shown(row: Entitlement) -> dict[str, Any]:
    return {
        "key": row.benefit.key,
        "title": localized(row.benefit.title),
        "text": localized(row.text) if row.text else "",
        "used": row.used,
        "most": row.most,
        "until": row.until.isoformat() if row.until else None,
    }
