"""The directory of partners for programs, with what this member gets there."""

from typing import Any

from werkzeug.exceptions import NotFound

from plugins.rewards.partners import queries
from plugins.rewards.partners.models import Partner
from plugins.rewards.partners.queries import PartnerFilter
from plugins.rewards.partners.states import Category
from portal.sdk import (
    ApiBlueprint,
    ApiInput,
    ApiOutput,
    api_fields,
    api_page,
    api_page_schema,
    current_member,
    current_project,
    localized,
    member_only,
    tier_of,
)

_MILLI = {"description": "Milli-points a piece, for this member."}

api = ApiBlueprint(
    "rewards_partners_api", __name__, url_prefix="/api/v1/p/<project>/rewards/partners",
    title="Partners",
)  # fmt: skip


class PartnerListed(ApiOutput):
    """A shop, and what this member gets there; an empty offer: nothing is agreed for the tier."""

    id = api_fields.Text(22)
    category = api_fields.Choice(Category)
    name = api_fields.Text()
    offer = api_fields.Text()
    address = api_fields.Text()


class ForPoints(ApiOutput):
    """An item of the catalogue that is the partner's."""

    id = api_fields.Text(22)
    title = api_fields.Text()
    price = api_fields.Whole(0, 10**12, metadata=_MILLI)


class PartnerShown(PartnerListed):
    """A shop: how to get there, when, how to show the card, what it gives for points."""

    about = api_fields.Text()
    way = api_fields.Text()
    hours = api_fields.Text()
    showing = api_fields.Text()
    phone = api_fields.Text(30)
    items = api_fields.list_of(ForPoints)


class Sought(ApiInput):
    """What the directory is narrowed to."""

    q = api_fields.Text(60)
    category = api_fields.Choice(Category)


@api.call("GET", "", api_page_schema(PartnerListed), query=Sought, paged=True)
@member_only
def all_partners(query: dict[str, str]) -> Any:
    """List the partners with what this member gets there."""
    tier = tier_of(current_member())
    page = queries.directory(current_project().id, PartnerFilter.read(query))
    return api_page(page, lambda each: _listed(each, tier))


@api.call("GET", "/<public_id>", PartnerShown)
@member_only
def one_partner(public_id: str) -> dict[str, Any]:
    """Show a partner: where, when, what for this member, and how to show the card."""
    found = queries.find_partner(current_project().id, public_id, shown=True)
    if found is None:
        raise NotFound
    tier = tier_of(current_member())
    texts = ("about", "way", "hours", "showing")
    return {
        **_listed(found, tier),
        **{name: _said(getattr(found, name)) for name in texts},
        "phone": found.phone,
        "items": [
            {"id": item.public_id, "title": localized(item.title), "price": price}
            for item, price in queries.offered_items(found, tier)
        ],
    }


def _listed(partner: Partner, tier: str | None) -> dict[str, Any]:
    return {
        "id": partner.public_id,
        "category": partner.category,
        "name": localized(partner.name),
        "offer": _said(partner.offer_for(tier)),
        "address": _said(partner.address),
    }


def _said(texts: Any) -> str:
    return localized(texts) if texts else ""
