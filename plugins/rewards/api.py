"""What members do with rewards, for programs: the pages' rules and refusals."""

from typing import Any

from werkzeug.exceptions import NotFound

from plugins.rewards import favourites, ordering, queries
from plugins.rewards.api_schemas import (
    CONFLICTS,
    Confirmation,
    ItemPageShown,
    ItemShown,
    OrderPage,
    OrderShown,
    Wanted,
    Wish,
    item_listed,
    item_shown,
    order_shown,
    problem,
)
from plugins.rewards.errors import RewardError
from plugins.rewards.fees.booking import FeeWish
from plugins.rewards.models import Item
from plugins.rewards.order_views import fetch_days, own_order
from plugins.rewards.pages import ItemPage, item_page
from plugins.rewards.queries import ListFilter
from plugins.rewards.states import Shown
from portal.sdk import (
    ApiBlueprint,
    api_page,
    current_member,
    current_project,
    db,
    household_of,
    member_only,
    now,
    points_balance,
)

api = ApiBlueprint(
    "rewards_api", __name__, url_prefix="/api/v1/p/<project>/rewards", title="Rewards"
)


@api.call("GET", "/", ItemPageShown, query=Wanted, paged=True)
@member_only
def items(query: dict[str, str]) -> Any:
    """List what points are given for, with the price for this member."""
    project, member = current_project(), current_member()
    tier = household_of(member, project).tier
    available = points_balance(member).available
    wanted = ListFilter.read(query)
    page = queries.catalogue(project.id, member, tier, available, wanted)
    return api_page(page, lambda row: item_listed(row[0], row[1], marked=row[2]))


@api.call("GET", "/orders", OrderPage, paged=True)
@member_only
def my_orders() -> Any:
    """List the member's orders, the newest first."""
    return api_page(queries.mine(current_project().id, current_member().id), order_shown)


@api.call("GET", "/orders/<public_id>", OrderShown)
@member_only
def my_order(public_id: str) -> dict[str, Any]:
    """Show an order with its code for the desk."""
    return order_shown(own_order(public_id))


@api.call("POST", "/orders/<public_id>/confirm", OrderShown, body=Confirmation, errors=CONFLICTS)
@member_only
def confirm_order(public_id: str, body: dict[str, str]) -> dict[str, Any]:
    """Confirm what is set aside; a second time it is as it was."""
    try:
        made = ordering.place(
            order=own_order(public_id),
            member=current_member(),
            project=current_project(),
            note=body.get("note", "").strip(),
            days=fetch_days(),
            fee=FeeWish(body.get("home", ""), body.get("month", "")),
            at=now(),
        )
    except RewardError as error:
        raise problem(error) from error
    db.session.commit()
    return order_shown(made)


@api.call("POST", "/orders/<public_id>/cancel", OrderShown, errors=CONFLICTS)
@member_only
def cancel_order(public_id: str) -> dict[str, Any]:
    """Cancel an order; stock, limits and points go back. A second time it is as it was."""
    try:
        made = ordering.cancel(order=own_order(public_id), member=current_member(), at=now())
    except RewardError as error:
        raise problem(error) from error
    db.session.commit()
    return order_shown(made)


@api.call("GET", "/<public_id>", ItemShown)
@member_only
def item(public_id: str) -> dict[str, Any]:
    """Show an item: what it costs this member, and why it is not for them yet."""
    return item_shown(_page(public_id))


@api.call("POST", "/<public_id>/redeem", OrderShown, status=201, body=Wish, errors=CONFLICTS)
@member_only
def redeem_item(public_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Set an item aside for a quarter of an hour, until the order is confirmed."""
    try:
        made = ordering.reserve(
            item_id=_find(public_id).id,
            member=current_member(),
            project=current_project(),
            quantity=body.get("quantity", 1),
            price_seen=body["price"],
            at=now(),
        )
    except RewardError as error:
        raise problem(error) from error
    db.session.commit()
    return order_shown(made)


@api.call("POST", "/<public_id>/mark", ItemShown)
@member_only
def mark_item(public_id: str) -> dict[str, Any]:
    """Keep an item among the favourites, or take it out."""
    favourites.toggle(item=_find(public_id), member=current_member(), project=current_project())
    db.session.commit()
    return item_shown(_page(public_id))


def _find(public_id: str) -> Item:
    found = queries.find_item(current_project().id, public_id)
    if found is None or found.state == Shown.DRAFT:
        raise NotFound
    return found


def _page(public_id: str) -> ItemPage:
    page = item_page(current_project(), current_member(), public_id, now())
    if page is None:
        raise NotFound
    return page
