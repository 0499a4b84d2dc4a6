"""What happens in each preset, and what it comes to: a line for each event and each look."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

BEGIN = date(2027, 1, 1)


@dataclass(frozen=True)
class Told:
    """A fact about the member on a day; money in fen. `at_home`: about a home, too."""

    day: date
    source: str
    amount: int | None = None
    category: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)
    at_home: bool = False


@dataclass(frozen=True)
class Look:
    """What holds on a day: points by currency, as text, and the tier after that night."""

    day: date
    points: Mapping[str, str] = field(default_factory=dict)
    tier: str | None = ""


def on(day: int, month: int = 1) -> date:
    """Return a day of 2027."""
    return date(2027, month, day)


def fees(*yuan: int, day: date = BEGIN, late: int = 0) -> list[Told]:
    """Return fees paid on a day, in yuan."""
    return [Told(day, "fee.paid", each * 100, "management", {"days_late": late}) for each in yuan]


def spends(day: date, *bills: tuple[int, int], category: str = "other") -> list[Told]:
    """Return bills of a day: yuan and people."""
    return [
        Told(day, "spend.recorded", yuan * 100, category, {"people": people})
        for yuan, people in bills
    ]


def awards(category: str, times: int = 1, day: date = BEGIN) -> list[Told]:
    """Return so many awards by hand."""
    return [Told(day, "manual.award", category=category) for _ in range(times)]


def sign_ins(days: int) -> list[Told]:
    """Return a sign-in on each of the first days, and a second one on the first."""
    return [Told(BEGIN, "member.signed_in")] + [
        Told(BEGIN + timedelta(n), "member.signed_in") for n in range(days)
    ]


def score(points: str, tier: str | None, day: date = BEGIN) -> Look:
    """Return what is looked for: qualifying points and the tier."""
    return Look(day, {"qualifying": points}, tier)


SCRIPTS: dict[str, list[Told | Look]] = {
    "star-rating": [
        score("0", None),
        *fees(1), score("1", "quasi"),
        *fees(48), score("49", "quasi"),
        *fees(1), score("50", "star3"),
        *fees(449), score("499", "star3"),
        *fees(1), score("500", "star4"),
        *fees(1_500), score("2000", "star5"),
        *fees(7_999), score("9999", "star5"),
        *fees(1), score("10000", "star6"),
        *fees(69_999), score("79999", "star6"),
        *fees(1), score("80000", "star7"),
    ],
    "telecom-tenure": [
        Told(on(1), "tenure.month", facts={"month_number": 24}),
        *fees(999, day=on(5)),
        score("100", "base", on(31)),
        score("100", "rebate_3", on(1, 2)),
        Told(on(2, 2), "tenure.month", facts={"month_number": 25}),
        *fees(1_990, day=on(5, 2)),
        score("300", "rebate_3", on(28, 2)),
        score("300", "rebate_5", on(1, 3)),
        *fees(500, day=on(5, 3), late=1),
        score("0", "rebate_5", on(31, 3)),
        score("0", "base", on(1, 4)),
    ],
    "restaurant-grades": [
        Look(on(1), tier=None),
        # 27 people for 2,420 yuan are 90 a head, 24 for 1,320 are 55.
        *spends(on(2), (1_320, 24)), Look(on(2), tier="c"),
        *spends(on(3), (2_420, 27), (500, 5), (260, 3)), Look(on(3), tier="b"),
        *spends(on(20), (400, 6), (100, 1)), Look(on(20), tier="b"),
        Look(on(1, 2), tier=None),
        *spends(on(2, 2), (2_420, 27), (900, 10), (900, 10), (400, 5), (260, 3)),
        Look(on(2, 2), tier="b"),
        *spends(on(3, 2), (120, 1)), Look(on(3, 2), tier="a"),
        *spends(on(2, 3), (49, 1)), Look(on(2, 3), tier=None),
        *spends(on(3, 3), (50, 1)), Look(on(3, 3), tier="c"),
    ],
    "happy-points": [
        Told(BEGIN, "member.joined"),
        *sign_ins(3),
        Look(on(3), {"redeemable": "6.5"}),
        *awards("referred_join", 21, on(4)),
        *awards("activity", 1, on(4)), *awards("survey", 1, on(4)), *awards("idea", 1, on(4)),
        Look(on(4), {"redeemable": "121.5"}),
        Told(on(5), "contract.signed", 3_000_000_00),
        Look(on(5), {"redeemable": "221.5"}),
        Told(on(6), "contract.signed", 1_236_789_00),
        Look(on(6), {"redeemable": "345.5"}),
        *awards("referred_home", 1, on(7)),
        Look(on(7), {"redeemable": "445.5"}),
        # A year later what was earned on the first day is over: 5 for joining, 0.5 for signing in.
        Look(date(2028, 1, 1), {"redeemable": "440"}),
        Look(date(2028, 1, 7), {"redeemable": "0"}),
    ],
    "site-points": [
        Told(BEGIN, "member.joined"),
        *sign_ins(1),
        Look(BEGIN, {"redeemable": "30", "qualifying": "30"}, "newcomer"),
        *awards("article", 16), *awards("error", 7), *awards("idea", 0),
        Look(BEGIN, {"qualifying": "1980"}, "newcomer"),
        *awards("error"),
        Look(BEGIN, {"qualifying": "2030"}, "regular"),
        *awards("idea", 13), *awards("error"),
        Look(BEGIN, {"qualifying": "5980"}, "regular"),
        *awards("error"),
        Look(BEGIN, {"qualifying": "6030"}, "senior"),
        *awards("idea", 13), *awards("error"),
        Look(BEGIN, {"qualifying": "9980", "redeemable": "9980"}, "senior"),
        *awards("error"),
        Look(BEGIN, {"qualifying": "10030"}, "honour"),
    ],
    "mall-spend": [
        Look(BEGIN, tier="gold"),
        *spends(on(2), (7, 1), category="food"),
        *spends(on(2), (2_992, 1)),
        Look(on(2), {"redeemable": "2995"}, "gold"),
        *spends(on(2), (1, 1)),
        Look(on(2), {"redeemable": "2996"}, "platinum"),
        Look(on(31, 12), tier="platinum"),
    ],
    "wanke-style": [
        Told(BEGIN, "member.joined"),
        Look(BEGIN, {"redeemable": "500", "qualifying": "0"}, "blue"),
        Told(on(2), "unit.verified", facts={"role": "owner", "area": "143"}, at_home=True),
        Told(on(2), "contract.signed", 17_999_999_00),
        Look(on(2), {"redeemable": "20499", "qualifying": "19999"}, "blue"),
        *fees(1, day=on(3)),
        Look(on(3), {"redeemable": "20500", "qualifying": "20000"}, "gold"),
        *fees(800, day=on(4), late=3),
        Told(on(5), "member.birthday"),
        Look(on(5), {"redeemable": "20782", "qualifying": "20000"}, "gold"),
        # Kept to the end of the next year, and a step down when 16,000 were not earned by then.
        Look(date(2028, 12, 31), tier="gold"),
        Look(date(2029, 1, 1), tier="silver"),
    ],
}  # fmt: skip
