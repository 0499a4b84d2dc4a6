"""All the tables of the plugin."""

from plugins.rewards.models.items import WHOLE, Favourite, Item, OpenWindow, TierPrice
from plugins.rewards.models.orders import Movement, Order, PurgePermit, Step, Used

__all__ = [
    "WHOLE",
    "Favourite",
    "Item",
    "Movement",
    "OpenWindow",
    "Order",
    "PurgePermit",
    "Step",
    "TierPrice",
    "Used",
]
