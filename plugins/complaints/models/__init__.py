"""All the tables of the plugin."""

from plugins.complaints.models.cases import (
    Case,
    Clock,
    Edit,
    Gram,
    LogEntry,
    MeToo,
    Post,
    Series,
)
from plugins.complaints.models.follow import Follow
from plugins.complaints.models.group import Burst, Promise, ReadMark
from plugins.complaints.models.moderation import Act, Report, Review
from plugins.complaints.models.setting import Canned, Category, DayRule
from plugins.complaints.routing.models import StandIn

__all__ = [
    "Act",
    "Burst",
    "Canned",
    "Case",
    "Category",
    "Clock",
    "DayRule",
    "Edit",
    "Follow",
    "Gram",
    "LogEntry",
    "MeToo",
    "Post",
    "Promise",
    "ReadMark",
    "Report",
    "Review",
    "Series",
    "StandIn",
]
