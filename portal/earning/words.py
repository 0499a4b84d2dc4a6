"""The words of rules: kinds, limits, comparisons, and what fields are called."""

from collections.abc import Mapping
from typing import Any

from portal.earning.fields import COMMON, Field
from portal.earning.kinds import (
    Comparison,
    Effect,
    FormulaKind,
    Per,
    Period,
    RoundingMode,
    Same,
)
from portal.earning.sources import PointSource, known_sources
from portal.i18n import Text, gettext, lazy, localized
from portal.words import ROLE_TITLES, TITLES

PERIODS: dict[str, Text] = {
    Period.EVER: lazy("ever"),
    Period.YEAR: lazy("a year"),
    Period.MONTH: lazy("a month"),
    Period.WEEK: lazy("a week"),
    Period.DAY: lazy("a day"),
}
PERS: dict[str, Text] = {
    Per.MEMBER: lazy("each member"),
    Per.HOUSEHOLD: lazy("each household"),
    Per.UNIT: lazy("each home"),
    Per.CLUB: lazy("the whole club"),
}
FORMULAS: dict[str, Text] = {
    FormulaKind.FIXED: lazy("A fixed number of points"),
    FormulaKind.PER_AMOUNT: lazy("Points for each so many yuan"),
    FormulaKind.BY_CATEGORY: lazy("A rate for each category"),
    FormulaKind.BANDS: lazy("By bands of the amount"),
    FormulaKind.LADDER: lazy("By which time it is"),
    FormulaKind.ALL: lazy("All points that are there"),
}
ROUNDINGS: dict[str, Text] = {
    RoundingMode.FLOOR: lazy("Down: only whole steps count"),
    RoundingMode.HALF_UP: lazy("To the nearest, halves up"),
    RoundingMode.CEIL: lazy("Up: a step that is begun counts"),
}
EFFECTS: dict[str, Text] = {
    Effect.EARN: lazy("Gives points"),
    Effect.FORFEIT: lazy("Takes points for a breach"),
}
COMPARISONS: dict[str, Text] = {
    Comparison.IS: lazy("equals"),
    Comparison.IN: lazy("is one of"),
    Comparison.AT_LEAST: lazy("at least"),
    Comparison.AT_MOST: lazy("at most"),
    Comparison.MORE_THAN: lazy("more than"),
    Comparison.LESS_THAN: lazy("less than"),
}
NEGATED: dict[str, Text] = {
    Comparison.IS: lazy("is not"),
    Comparison.IN: lazy("is none of"),
    Comparison.AT_LEAST: lazy("less than"),
    Comparison.AT_MOST: lazy("more than"),
    Comparison.MORE_THAN: lazy("at most"),
    Comparison.LESS_THAN: lazy("at least"),
}
SAMES: dict[str, Text] = {
    Same.SUBJECT: lazy("of the same contract or order"),
    Same.UNIT: lazy("of the same home"),
    Same.MEMBER: lazy("of the same member"),
}
CURRENCIES: dict[str, Text] = {
    "redeemable": lazy("Points"),
    "qualifying": lazy("Qualifying points"),
    "bonus": lazy("Bonus points"),
}


def source_title(key: str) -> str:
    """Return what a source is called; its key when nobody declares it any more."""
    source = known_sources().get(key)
    return str(source.title) if source else key


def field_of(source: str, key: str) -> Field | None:
    """Return a field that rules on a source may read."""
    found: PointSource | None = known_sources().get(source)
    fields = found.readable() if found else {field.key: field for field in COMMON}
    return fields.get(key)


def comparison_text(source: str, each: Mapping[str, Any]) -> str:
    """Return a comparison as a phrase: "Homes of the household: at least 2"."""
    field = field_of(source, each["field"])
    words = NEGATED if each.get("negated") else COMPARISONS
    return str(
        gettext(
            "%(field)s: %(op)s %(value)s",
            field=field.title if field else each["field"],
            op=words[each["op"]],
            value=value_text(field, each["value"]),
        )
    )


def value_text(field: Field | None, value: Any) -> str:
    """Return a value, or a list of values, as the reader says it."""
    if isinstance(value, list):
        return str(gettext(", ")).join(value_text(field, each) for each in value)
    key = field.key if field else ""
    if key in ("role", "member.roles"):
        return str(ROLE_TITLES.get(str(value), value))
    if key == "category":
        return str(TITLES["fee_category"].get(str(value), value))
    unit = str(field.unit) if field and field.unit else ""
    return f"{value} {unit}".rstrip()


def category_title(key: str) -> str:
    """Return what a category is called; its key when the club made it up."""
    return str(TITLES["fee_category"].get(key, key)) if key else str(gettext("No category"))


def rule_title(definition: Mapping[str, Any]) -> str:
    """Return what a rule is called, in the reader's language."""
    return localized(definition["title"]) or str(definition["key"])
