"""What a rule makes of a fact before limits: points, or why none. Pure; the replay asks it too."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from portal.earning.conditions import failures
from portal.earning.formulas import NoFigureError, points_of
from portal.earning.kinds import FormulaKind
from portal.points.ledger import MOST

RuleJson = Mapping[str, Any]
EVERYTHING = -1
"""Instead of an amount: all that the member has."""


@dataclass(frozen=True)
class Verdict:
    """`amount`: milli-points, when `reason` is empty; `details`: what the reason's sentence
    needs."""

    amount: int = 0
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


def judge(rule: RuleJson, values: Mapping[str, Any], on: date) -> Verdict:
    """Return what a rule makes of a fact with these values, that happened on a day."""
    failed = failures(rule.get("when"), values)
    if failed:
        return Verdict(reason="condition", details={"failures": [f.as_json() for f in failed]})
    if rule["amount"]["kind"] == FormulaKind.ALL:
        return Verdict(EVERYTHING)
    try:
        amount = points_of(rule["amount"], values, on)
    except NoFigureError as error:
        return Verdict(reason="no_figure", details={"field": error.field})
    if not amount:
        return Verdict(reason="nothing")
    if amount > MOST:
        return Verdict(reason="too_much")
    return Verdict(amount)
