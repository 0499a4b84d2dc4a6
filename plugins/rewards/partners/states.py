"""What kinds of partners there are."""

from enum import StrEnum


class Category(StrEnum):
    """What a partner is."""

    DINING = "dining"
    SHOPPING = "shopping"
    LEISURE = "leisure"
    HEALTH = "health"
    LEARNING = "learning"
    HOME = "home"
    TRAVEL = "travel"
