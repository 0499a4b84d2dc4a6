"""What lines of the ledger are called: by what happened, by their kind, and what is always said."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from flask_babel import format_currency

from portal.i18n import Text, gettext, lazy
from portal.points.kinds import Kind

Facts = Mapping[str, Any]


@dataclass(frozen=True)
class Source:
    """What happened: its title, how it looks, and a sentence made from a transaction's facts."""

    title: Text
    icon: str
    tone: str
    sentence: Callable[[Facts], str] | None = None


def _paid(facts: Facts) -> str:
    amount = format_currency(Decimal(facts["fen"]) / 100, "CNY")
    return str(
        gettext(
            "%(amount)s paid, 1 point for each %(each)s.",
            amount=amount,
            each=format_currency(Decimal(facts["each_fen"]) / 100, "CNY"),
        )
    )


def _erased(_facts: Facts) -> str:
    return str(gettext("The account was closed: what was left is gone, what was owed is let go."))


ERASED = "member.erased"
SOURCES: dict[str, Source] = {
    "manual": Source(lazy("Entered by club staff"), "pencil", "violet"),
    "member.joined": Source(lazy("Welcome to the club"), "gift", "gold"),
    "unit.verified": Source(lazy("Home verified"), "home-2", "green"),
    "fee.paid": Source(lazy("Management fee paid"), "receipt", "brand", _paid),
    "survey.answered": Source(lazy("Survey answered"), "checklist", "violet"),
    "event.attended": Source(lazy("Event attended"), "calendar-event", "blue"),
    "birthday": Source(lazy("Birthday present"), "cake", "rose"),
    "referral.signed": Source(lazy("A friend has bought"), "users", "gold"),
    "reward.redeemed": Source(lazy("Reward redeemed"), "gift", "gold"),
    "event.fee": Source(lazy("Event fee"), "ticket", "blue"),
    "transfer": Source(lazy("Within the household"), "users", "blue"),
    "points.expired": Source(lazy("Expired points"), "history", ""),
    "points.matured": Source(lazy("Pending points are available"), "hourglass", "green"),
    "points.settled": Source(lazy("Paid what was owed"), "circle-check", "green"),
    "points.extended": Source(lazy("Points last longer: you were active"), "refresh", "green"),
    "points.decays": Source(lazy("Points go in parts"), "hourglass", "blue"),
    "points.reinstated": Source(lazy("Came back late and live again"), "refresh", "green"),
    "points.bonus_first": Source(lazy("Bonus points are used first"), "coins", "gold"),
    ERASED: Source(lazy("Membership ended"), "alert-circle", "rose", _erased),
    "points.timed_out": Source(lazy("Hold given back: its time was over"), "refresh", "blue"),
}
KINDS: dict[str, Source] = {
    Kind.EARN: Source(lazy("Points earned"), "award", "green"),
    Kind.AWARD: Source(lazy("Given by the club"), "award", "gold"),
    Kind.SPEND: Source(lazy("Points used"), "shopping-bag", "gold"),
    Kind.DEDUCT: Source(lazy("Corrected by the club"), "pencil", "violet"),
    Kind.FORFEIT: Source(lazy("Points forfeited"), "alert-circle", "rose"),
    Kind.HOLD: Source(lazy("Set aside"), "lock", "blue"),
    Kind.CAPTURE: Source(lazy("Set aside, now used"), "shopping-bag", "gold"),
    Kind.VOID: Source(lazy("Set aside, given back"), "refresh", "blue"),
    Kind.TIME_OUT: Source(lazy("Set aside, given back"), "refresh", "blue"),
    Kind.MATURE: Source(lazy("Pending points are available"), "hourglass", "green"),
    Kind.EXPIRE: Source(lazy("Expired points"), "history", ""),
    Kind.REVERSE: Source(lazy("Taken back"), "refresh", "rose"),
    Kind.GIVE: Source(lazy("Given within the household"), "users", "blue"),
    Kind.RECEIVE: Source(lazy("Received within the household"), "users", "green"),
    Kind.SETTLE: Source(lazy("Paid what was owed"), "circle-check", "green"),
    Kind.EXTEND: Source(lazy("Points have other last days"), "refresh", "blue"),
    Kind.REINSTATE: Source(lazy("Points live again"), "refresh", "green"),
    Kind.CONVERT: Source(lazy("Bonus points turned into points"), "coins", "gold"),
    Kind.CONVERTED: Source(lazy("Bonus points turned into points"), "coins", "gold"),
}
ALWAYS: dict[str, Text] = {
    Kind.FORFEIT: lazy("The club's terms take these points away."),
    Kind.CAPTURE: lazy("What was set aside for this is used now."),
    Kind.VOID: lazy("They are available again and keep the last day that they had."),
    Kind.TIME_OUT: lazy("They are available again and keep the last day that they had."),
    Kind.SETTLE: lazy("So many of your points paid what was owed; so much less is owed now."),
    Kind.EXTEND: lazy("The number of your points stays; their last day is another."),
    Kind.REINSTATE: lazy("They came back after their last day and get another."),
    Kind.CONVERT: lazy("They became points to spend, which are used at once."),
    Kind.CONVERTED: lazy("They were bonus points and are used before the others."),
    Kind.GIVE: lazy("They keep the last day that they had with you."),
    Kind.RECEIVE: lazy("They keep the last day that they had with the giver."),
    Kind.DEDUCT: lazy("Corrected by hand, by staff of the club."),
    Kind.AWARD: lazy("Given by hand, by staff of the club."),
}
"""What is said of each line of a kind, whatever it was for."""
