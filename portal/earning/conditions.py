"""Whether a rule's condition holds; and if not, which part of it and what was there instead."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from portal.earning.kinds import Comparison

Condition = Mapping[str, Any]
Values = Mapping[str, Any]


@dataclass(frozen=True)
class Failure:
    """A comparison that did not come out as the rule asks. `negated`: it holds and must not."""

    field: str
    op: str
    value: Any
    saw: Any = None
    negated: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as a decision keeps it."""
        saw = sorted(self.saw) if isinstance(self.saw, (set, frozenset)) else self.saw
        return {
            "field": self.field,
            "op": self.op,
            "value": self.value,
            "saw": str(saw) if isinstance(saw, Decimal) else saw,
            "negated": self.negated,
        }


def failures(condition: Condition | None, values: Values) -> list[Failure]:
    """Return what keeps a condition from holding; empty when it holds.

    Of an "any" each alternative is told of, of an "all" the first that fails.
    """
    return [] if not condition else _failures(condition, values, negated=False)


def _failures(condition: Condition, values: Values, *, negated: bool) -> list[Failure]:
    if "not" in condition:
        return _failures(condition["not"], values, negated=not negated)
    if "all" in condition or "any" in condition:
        parts = condition["all"] if "all" in condition else condition["any"]
        found = [_failures(part, values, negated=negated) for part in parts]
        if ("all" in condition) != negated:
            return next((each for each in found if each), [])
        return [] if any(not each for each in found) else [one for each in found for one in each]
    field, op, wanted = condition["field"], condition["op"], condition["value"]
    saw = values.get(field)
    if saw is not None and compare(saw, op, wanted) != negated:
        return []
    if saw is None and negated:
        return []
    return [Failure(field, op, wanted, saw, negated)]


def compare(saw: Any, op: str, wanted: Any) -> bool:
    """Tell whether a value stands so to what is wanted; a set does when one of its members does."""
    if isinstance(saw, (list, tuple, set, frozenset)):
        return any(compare(each, op, wanted) for each in saw)
    if op == Comparison.IN:
        return any(_same(saw, each) for each in wanted)
    if op == Comparison.IS:
        return _same(saw, wanted)
    left, right = number(saw), number(wanted)
    if left is None or right is None:
        return False
    if op == Comparison.AT_LEAST:
        return left >= right
    if op == Comparison.AT_MOST:
        return left <= right
    return left > right if op == Comparison.MORE_THAN else left < right


def _same(saw: Any, wanted: Any) -> bool:
    left, right = number(saw), number(wanted)
    return left == right if left is not None and right is not None else str(saw) == str(wanted)


def number(value: Any) -> Decimal | None:
    """Return a number exactly; None for what is none. Floats and truth values are none."""
    if isinstance(value, bool) or not isinstance(value, (int, str, Decimal)):
        return None
    try:
        found = Decimal(value)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def comparisons(condition: Condition | None) -> Iterator[Condition]:
    """Yield every comparison of a condition."""
    if not condition:
        return
    for key in ("all", "any"):
        for part in condition.get(key, ()):
            yield from comparisons(part)
    if "not" in condition:
        yield from comparisons(condition["not"])
    if "field" in condition:
        yield condition
