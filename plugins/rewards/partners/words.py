"""The words of partners' categories."""

from collections.abc import Mapping

from plugins.rewards.partners.states import Category
from portal.sdk import lazy

CATEGORIES: Mapping[str, tuple[object, str]] = {
    Category.DINING: (lazy("Food and drink"), "coffee"),
    Category.SHOPPING: (lazy("Shopping"), "shopping-bag"),
    Category.LEISURE: (lazy("Leisure and culture"), "ticket"),
    Category.HEALTH: (lazy("Health and sport"), "heart-handshake"),
    Category.LEARNING: (lazy("Learning"), "books"),
    Category.HOME: (lazy("Home and repairs"), "tools"),
    Category.TRAVEL: (lazy("Travel"), "car"),
}
"""Category -> its word and its icon."""
