"""What programs send and get of rewards."""

from typing import Any

from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, Order
from plugins.rewards.pages import ItemPage, refusal_of
from plugins.rewards.states import Kind, State, Way
from plugins.rewards.views import CODES
from portal.sdk import (
    ApiInput,
    ApiOutput,
    ApiProblem,
    api_fields,
    api_page_schema,
    db,
    localized,
)

_MOST = 10**12
_MILLI = {"description": "Milli-points a piece, for this member."}
_SEEN = {"description": "`price` of the item as it was shown; another one is a 409 with `price`."}
_FREE = {"description": "null: without a limit"}
CONFLICTS = {
    403: "Whom it is for: `code` says which rule.",
    409: "Stock, limits, windows, price or points are in the way: `code` says which.",
    410: "RESERVATION_OVER: the time to confirm is over, everything was given back.",
}


class ItemListed(ApiOutput):
    """Something that points are given for."""

    id = api_fields.Text(22)
    kind = api_fields.Choice(Kind)
    way = api_fields.Choice(Way)
    title = api_fields.Text()
    hint = api_fields.Text()
    price = api_fields.Whole(0, _MOST, metadata=_MILLI)
    free = api_fields.Whole(0, 10**9, allow_none=True, metadata=_FREE)
    favourite = api_fields.Flag()
    picture = api_fields.Text(200, allow_none=True)


class ReasonShown(ApiOutput):
    """One line of whether the member can have it."""

    fulfilled = api_fields.Flag()
    code = api_fields.Text(30)
    title = api_fields.Text()
    hint = api_fields.Text()


class ItemShown(ItemListed):
    """An item with its conditions for this member."""

    about = api_fields.Text()
    at_once = api_fields.Whole(1, 99)
    reasons = api_fields.list_of(ReasonShown)
    reserved_order = api_fields.Text(22, allow_none=True)


class OrderShown(ApiOutput):
    """An order. Points are milli-points."""

    id = api_fields.Text(22)
    title = api_fields.Text()
    state = api_fields.Choice(State)
    way = api_fields.Choice(Way)
    quantity = api_fields.Whole(1, 99)
    points = api_fields.Whole(0, _MOST)
    code = api_fields.Text(12)
    note = api_fields.Text(200)
    ordered_at = api_fields.Moment()
    expires_at = api_fields.Moment(allow_none=True)


ItemPageShown = api_page_schema(ItemListed)
OrderPage = api_page_schema(OrderShown)


class Wanted(ApiInput):
    """What the catalogue is narrowed to."""

    q = api_fields.Text(60)
    kind = api_fields.Choice(Kind)
    within = api_fields.Choice(("now", "marked"))


class Wish(ApiInput):
    """How many pieces, at which price."""

    quantity = api_fields.Whole(1, 99)
    price = api_fields.Whole(0, _MOST, required=True, metadata=_SEEN)


class Confirmation(ApiInput):
    """What the member adds: where to bring it, where it is brought; for a fee credit the home's id
    and the month ("2026-12"), one of the next three."""

    note = api_fields.Text(200)
    home = api_fields.Text(22)
    month = api_fields.Text(7)


def item_listed(item: Item, price: int, *, marked: bool) -> dict[str, Any]:
    """Return an item as the list has it."""
    return {
        "id": item.public_id,
        "kind": item.kind,
        "way": item.way,
        "title": localized(item.title),
        "hint": localized(item.hint) if item.hint else "",
        "price": price,
        "free": item.free,
        "favourite": bool(marked),
        "picture": item.picture_url or None,
    }


def item_shown(page: ItemPage) -> dict[str, Any]:
    """Return an item as its page has it."""
    item = page.item
    return {
        **item_listed(item, page.price, marked=page.marked),
        "about": localized(item.about) if item.about else "",
        "at_once": item.at_once,
        "reasons": [
            {"fulfilled": each.fulfilled, "code": each.code, "title": each.title, "hint": each.hint}
            for each in page.reasons
        ],
        "reserved_order": page.reserved.public_id if page.reserved else None,
    }


def order_shown(order: Order) -> dict[str, Any]:
    """Return an order."""
    return {
        "id": order.public_id,
        "title": localized(order.title),
        "state": order.state,
        "way": order.way,
        "quantity": order.quantity,
        "points": order.total,
        "code": order.code,
        "note": order.note,
        "ordered_at": order.created_at,
        "expires_at": order.expires_at,
    }


def problem(error: RewardError) -> ApiProblem:
    """Return the answer to a refused act, which is rolled back; `code` is the refusal's own."""
    db.session.rollback()
    told: dict[str, object] = {"code": error.code}
    if error.state:
        told["state"] = error.state
    if error.price is not None:
        told["price"] = error.price
    status, said = CODES.get(error.code, 409), str(refusal_of(error))
    return ApiProblem(status, error.code.lower(), detail=said, extra=told)
