"""What pages show an owner of an item, and what the home shows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from plugins.rewards import queries
from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, Order
from plugins.rewards.rules import Reason, first_refusal, price_for, reasons
from plugins.rewards.states import Shown, State
from plugins.rewards.words import REFUSALS, STATES
from portal.sdk import (
    MemberRef,
    ProjectRef,
    files_of,
    household_of,
    localized,
    points_balance,
)

PICTURES = "rewards.item"


@dataclass(frozen=True)
class ItemPage:
    """An item as one member sees it. `price`, `available`: milli-points."""

    item: Item
    price: int
    available: int
    marked: bool
    reserved: Order | None
    reasons: list[Reason]
    pictures: list[str]

    @property
    def refusal(self) -> Reason | None:
        """The first condition that is not fulfilled."""
        return first_refusal(self.reasons)

    @property
    def most(self) -> int:
        """Pieces that may be chosen."""
        return (
            self.item.at_once
            if self.item.free is None
            else min(self.item.at_once, max(1, self.item.free))
        )


def item_page(
    project: ProjectRef, member: MemberRef, public_id: str, at: datetime
) -> ItemPage | None:
    """Return an item as a member sees it now; None for what owners do not see."""
    today = at.astimezone(ZoneInfo(project.time_zone)).date()
    found = queries.find_for(project.id, public_id, member, today)
    if found is None or found[0].state == Shown.DRAFT:
        return None
    item, marked, reserved, counts = found
    home = household_of(member, project)
    available = points_balance(member).available
    pictures = []
    if item.picture_url:
        pictures = [
            each.url for each in files_of(kind=PICTURES, keys=[item.public_id])[item.public_id]
        ]
    return ItemPage(
        item,
        price_for(item, home.tier),
        available,
        marked,
        reserved if reserved and reserved.expires_at and reserved.expires_at > at else None,
        reasons(item, home, counts, available, at),
        pictures,
    )


def refusal_of(error: RewardError) -> object:
    """Return the sentence of a refusal."""
    return error.said or REFUSALS[error.code]


def home_card(project: ProjectRef, orders: list[Order]) -> dict[str, Any]:
    """Return what the home shows of rewards."""
    url = f"/p/{project.slug}/rewards/"
    return {
        "url": url,
        "rows": [
            {
                "title": localized(each.title),
                "url": f"{url}orders/{each.public_id}",
                "state": STATES[each.state],
                "ready": each.state == State.READY,
            }
            for each in orders
        ],
    }
