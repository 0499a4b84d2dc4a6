"""Whom an item is for, what it costs whom, when it can be had: pure functions, a reason for every
"not yet", the same for members and staff."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from plugins.rewards.errors import RewardError
from plugins.rewards.models import Item, OpenWindow
from plugins.rewards.showing import moment
from plugins.rewards.states import Period, Shown
from portal.sdk import HouseholdRef, gettext, localized, ngettext

OWNERS = ("owner", "co_owner")
_POINT = 1000


@dataclass(frozen=True)
class Reason:
    """One line of "can I have it": whether it is fulfilled, and the words. `code`: of a refusal."""

    fulfilled: bool
    title: str
    hint: str = ""
    code: str = ""


@dataclass(frozen=True)
class Rules:
    """What an item asks of who wants it. `home`: "" (anybody), "home" (a verified one) or "owner";
    `tiers`: names by key, each by language."""

    home: str = ""
    tiers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def of(cls, item: Item) -> "Rules":
        """Return the rules of an item."""
        return cls(**(item.rules or {}))

    def as_json(self) -> dict[str, Any]:
        """Return what is asked, as the item's row keeps it."""
        return {key: value for key, value in vars(self).items() if value}


@dataclass(frozen=True)
class Counts:
    """How many pieces a member and the household have had in the periods of now."""

    member: int = 0
    household: int = 0


def price_for(item: Item, tier: str | None) -> int:
    """Return what a piece costs members of a tier: milli-points."""
    return next((each.price for each in item.prices if each.tier == tier), item.price)


def period_of(period: str, on: date) -> str:
    """Return the key of the period a day lies in: "2026H2"; "" is the whole time."""
    return {
        Period.EVER: "",
        Period.YEAR: f"{on.year}",
        Period.HALF: f"{on.year}H{(on.month + 5) // 6}",
        Period.QUARTER: f"{on.year}Q{(on.month + 2) // 3}",
        Period.MONTH: f"{on.year}-{on.month:02}",
    }[Period(period)]


def is_open(windows: Sequence[OpenWindow], at: datetime) -> bool:
    """Tell whether an item can be had at a time, by its windows."""
    return not windows or any(each.opens_at <= at < each.closes_at for each in windows)


def next_opening(windows: Iterable[OpenWindow], at: datetime) -> datetime | None:
    """Return when the next window opens."""
    return min((each.opens_at for each in windows if each.opens_at > at), default=None)


def reasons(
    item: Item, household: HouseholdRef, counts: Counts, available: int, at: datetime
) -> list[Reason]:
    """Return a line for each condition, for a member who has `available` milli-points."""
    return [
        *_standing(item, at),
        *_persons(item, household),
        *_limits(item, counts),
        _points(price_for(item, household.tier), available),
    ]


def first_refusal(found: Iterable[Reason]) -> Reason | None:
    """Return the first condition that is not fulfilled."""
    return next((each for each in found if not each.fulfilled), None)


def require(found: Iterable[Reason]) -> None:
    """Raise RewardError with the words of the first condition that is not fulfilled."""
    refused = first_refusal(found)
    if refused is not None:
        raise RewardError(refused.code, said=refused.hint or refused.title)


def conditions(item: Item, household: HouseholdRef, at: datetime) -> list[Reason]:
    """Return what only the item, the clock and the person decide: no counts, no points."""
    return [*_standing(item, at), *_persons(item, household)]


def _standing(item: Item, at: datetime) -> list[Reason]:
    if item.state != Shown.SHOWN:
        return [_no(gettext("It is not offered any more"), "", "WITHDRAWN")]
    found = []
    if item.windows:
        opens = next_opening(item.windows, at)
        closes = next((each.closes_at for each in item.windows if is_open([each], at)), None)
        hint = gettext("The time for it is over.")
        if closes:
            hint = gettext("Now, until %(at)s", at=moment(closes))
        elif opens:
            hint = gettext("Again from %(at)s", at=moment(opens))
        title = gettext("At certain times only")
        found.append(Reason(closes is not None, title, hint, "WINDOW_CLOSED"))
    if item.free is not None and item.free <= 0:
        hint = gettext("Pieces that are given back appear here again.")
        found.append(_no(gettext("All pieces are taken"), hint, "SOLD_OUT"))
    return found


def _persons(item: Item, household: HouseholdRef) -> list[Reason]:
    rules, homes, found = Rules.of(item), household.homes, []
    if rules.home:
        title = {
            "home": gettext("For residents with a verified home here"),
            "owner": gettext("For owners and co-owners of a home here"),
        }[rules.home]
        owns = any(home.role in OWNERS for home in homes)
        hint = "" if homes else gettext("You have no verified home here yet")
        fulfilled = owns if rules.home == "owner" else bool(homes)
        found.append(Reason(fulfilled, title, hint, "NOT_AN_OWNER"))
    if rules.tiers:
        names = ", ".join(localized(name) for name in rules.tiers.values())
        fulfilled = household.tier in rules.tiers
        title = gettext("For members of the tiers: %(tiers)s", tiers=names)
        hint = "" if fulfilled else gettext("Your tier is another one now.")
        found.append(Reason(fulfilled, title, hint, "NOT_YOUR_TIER"))
    return found


def _limits(item: Item, counts: Counts) -> list[Reason]:
    from plugins.rewards.words import PERIODS

    found = []
    if item.member_most:
        title = ngettext(
            "%(num)d piece a person, %(period)s", "%(num)d pieces a person, %(period)s",
            item.member_most, period=PERIODS[item.member_period],
        )  # fmt: skip
        hint = ngettext("You have had %(num)d", "You have had %(num)d", counts.member)
        found.append(Reason(counts.member < item.member_most, title, hint, "MEMBER_LIMIT"))
    if item.household_most:
        title = ngettext(
            "%(num)d piece a household, %(period)s", "%(num)d pieces a household, %(period)s",
            item.household_most, period=PERIODS[item.household_period],
        )  # fmt: skip
        hint = ngettext(
            "Your household has had %(num)d", "Your household has had %(num)d", counts.household
        )
        fulfilled = counts.household < item.household_most
        found.append(Reason(fulfilled, title, hint, "HOUSEHOLD_LIMIT"))
    return found


def _points(price: int, available: int) -> Reason:
    title = gettext("Points for it")
    missing = -((available - price) // _POINT)
    if available >= price:
        return Reason(fulfilled=True, title=title, hint=gettext("You have enough"))
    said = ngettext("%(num)d point is missing", "%(num)d points are missing", missing)
    return _no(title, said, "NOT_ENOUGH_POINTS")


def _no(title: str, hint: str, code: str) -> Reason:
    return Reason(fulfilled=False, title=title, hint=hint, code=code)
