"""What conditions may read: the fields of a fact and of the member as seen on that day."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Any

from portal.facts.models import Fact
from portal.i18n import Text, lazy
from portal.projects.models import Role


class FieldKind(StrEnum):
    """How a field compares: numbers by size, words by being the same, sets by holding one."""

    NUMBER = "number"
    WORD = "word"
    SET = "set"


@dataclass(frozen=True)
class Field:
    """A field that conditions may read. `least` and `most` bound a number, `whole` says that it
    has no fraction; `choices` are all words that it can be (None: any)."""

    key: str
    title: Text
    kind: FieldKind
    unit: Text = ""
    least: int | None = None
    most: int | None = None
    whole: bool = True
    choices: tuple[str, ...] | None = None


def _number(key: str, title: Text, **values: Any) -> Field:
    return Field(key, title, FieldKind.NUMBER, **values)


ROLES = tuple(str(role) for role in Role)
AMOUNT = _number("amount", lazy("Amount"), unit=lazy("yuan"), whole=False)
PERCENT = _number("percent", lazy("Percent of the price paid"), unit="%", least=1, most=100)
CATEGORY = Field("category", lazy("Category"), FieldKind.WORD)
COMMON: tuple[Field, ...] = (
    _number("nth", lazy("Which time for the member (1: the first)"), least=1),
    _number("household_nth", lazy("Which time for the household (1: the first)"), least=1),
    _number("month", lazy("Month of the event (1 to 12)"), least=1, most=12),
    _number("weekday", lazy("Day of the week (1: Monday)"), least=1, most=7),
    Field("project", lazy("Project of the event"), FieldKind.WORD),
    _number("member.homes", lazy("Homes of the household"), least=0),
    _number("member.tenure_months", lazy("Months of membership"), least=0),
    Field("member.roles", lazy("Role in a home"), FieldKind.SET, choices=ROLES),
    Field("member.projects", lazy("Projects with a home"), FieldKind.SET),
    Field("member.tier", lazy("Tier"), FieldKind.WORD),
)


def values_of(fact: Fact, seen: Mapping[str, Any]) -> dict[str, Any]:
    """Return what conditions read of a fact and of what was seen: numbers exact, amounts in yuan.

    A field that is not known is left out.
    """
    found: dict[str, Any] = {
        "month": fact.business_date.month,
        "weekday": fact.business_date.isoweekday(),
        **{key: value for key, value in fact.facts.items() if value is not None},
        **{key: value for key, value in seen.items() if value is not None},
    }
    if fact.amount is not None:
        found["amount"] = Decimal(fact.amount) / 100
    if fact.category:
        found["category"] = fact.category
    return found
