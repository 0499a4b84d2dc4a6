"""What an owner chooses for a fee credit: a home of theirs and a month."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from plugins.rewards.errors import RewardError
from plugins.rewards.models import FeeCredit, FeeTerms, Order
from portal.sdk import HomeRef, MemberRef, ProjectRef, business_date, db, homes_of, plugin_settings

MONTHS = 3
"""This month and the next ones can be chosen."""


@dataclass(frozen=True)
class FeeWish:
    """The home (its public id) and the month ("2026-12") that were chosen."""

    home: str = ""
    month: str = ""


def months_from(today: date) -> list[str]:
    """Return the months that can be chosen on a day."""
    first = today.year * 12 + today.month - 1
    return [f"{each // 12}-{each % 12 + 1:02}" for each in range(first, first + MONTHS)]


def terms_of(item_id: int) -> FeeTerms | None:
    """Return what a piece of an item is worth; None: the staff book it by hand."""
    return db.session.get(FeeTerms, item_id)


def book(
    order: Order,
    terms: FeeTerms,
    wish: FeeWish,
    member: MemberRef,
    project: ProjectRef,
    at: datetime,
) -> tuple[str, datetime]:
    """Write down what an order is for; return that in words, and until when the company answers.

    Raises RewardError: NO_HOME, BAD_MONTH.
    """
    home = _chosen(homes_of(member, project), wish.home)
    if wish.month not in months_from(business_date(project.time_zone, at)):
        raise RewardError("BAD_MONTH", state=order.state)
    if home is None:
        raise RewardError("NO_HOME", state=order.state)
    days = int(plugin_settings("rewards", project)["fee_days"])
    db.session.add(
        FeeCredit(
            order_id=order.id, project_id=project.id, month=wish.month,
            worth=terms.worth * order.quantity, building=home.building[:60],
            entrance=home.entrance, number=home.number,
        )
    )  # fmt: skip
    return f"{home.title} · {wish.month}", at + timedelta(days=days)


def _chosen(homes: Sequence[HomeRef], public_id: str) -> HomeRef | None:
    return next((home for home in homes if home.public_id == public_id), None)
