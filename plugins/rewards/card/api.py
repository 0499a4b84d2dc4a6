"""The member card for programs: what stands on it, and its code of this minute."""

from typing import Any

from flask import current_app, url_for

from plugins.rewards.card.codes import digits_of, ends_at
from portal.sdk import (
    ApiBlueprint,
    ApiOutput,
    api_fields,
    card_of,
    current_member,
    localized,
    member_only,
    now,
    our_address,
)

_CHANGES = {"description": "When the next code is to be asked for; the old one is good a minute."}

api = ApiBlueprint(
    "rewards_card_api", __name__, url_prefix="/api/v1/p/<project>/rewards/card", title="Member card"
)


class CardShown(ApiOutput):
    """The member's card with the six digits of this minute, and the text of its QR."""

    name = api_fields.Text()
    number = api_fields.Text(18)
    tier = api_fields.Text(30, allow_none=True)
    tier_name = api_fields.Text()
    kept_until = api_fields.Day(allow_none=True)
    digits = api_fields.Text(6)
    qr = api_fields.Text(300)
    changes_at = api_fields.Moment(metadata=_CHANGES)


@api.call("GET", "", CardShown)
@member_only
def my_card() -> dict[str, Any]:
    """Show the member's card with its code of this minute."""
    member, at = current_member(), now()
    mine = card_of(member)
    digits = digits_of(str(current_app.secret_key), mine.number, at)
    return {
        "name": member.name,
        "number": mine.number,
        "tier": mine.tier,
        "tier_name": localized(mine.name) if mine.name else "",
        "kept_until": mine.until,
        "digits": digits,
        "qr": our_address(url_for("rewards_staff.card_desk", code=f"{mine.number}.{digits}")),
        "changes_at": ends_at(at),
    }
