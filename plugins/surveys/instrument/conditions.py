"""Conditions on answers: trees of tests that decide what is shown and where a block leads."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias

NOT_APPLICABLE = "na"
"""How documents, forms and programs write "does not apply to me"."""

Plain: TypeAlias = str | int | float
Value: TypeAlias = str | int | Decimal | date | tuple[str, ...] | Mapping[str, int | None] | None
"""What was answered: an option's key, a number, options' keys, scale values by row, words.

None says "does not apply to me", of a question or of a row.
"""


@dataclass(frozen=True)
class Answer:
    """An answer that was given; `text` goes with the option "other"."""

    value: Value
    text: str = ""


class Op(StrEnum):
    """How an answer is compared."""

    EQ = "eq"
    NE = "ne"
    LT = "lt"
    LE = "le"
    GT = "gt"
    GE = "ge"
    IN = "in"
    HAS = "has"
    ANSWERED = "answered"
    SKIPPED = "skipped"


ORDERED = frozenset({Op.LT, Op.LE, Op.GT, Op.GE})
WITHOUT_VALUE = frozenset({Op.ANSWERED, Op.SKIPPED})


@dataclass(frozen=True)
class Test:
    """A comparison of the answer to one question, or to one row of a matrix."""

    question: str
    op: Op
    value: Plain | tuple[Plain, ...] | None = None
    row: str = ""


@dataclass(frozen=True)
class All:
    """Every part holds; an empty one does."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class AnyOf:
    """One part holds at least; an empty one does not."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True)
class Not:
    """The part does not hold."""

    part: "Condition"


Condition: TypeAlias = Test | All | AnyOf | Not


def tests_of(condition: Condition | None) -> Iterator[Test]:
    """Yield every comparison of a condition."""
    match condition:
        case Test():
            yield condition
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from tests_of(part)
        case Not(part):
            yield from tests_of(part)


def holds(condition: Condition | None, answers: Mapping[str, Answer]) -> bool:
    """Tell whether a condition holds over the answers to shown questions; none always does.

    What was not answered is equal to nothing, less than nothing and also not unequal to anything:
    who means "not A, or silent" writes Not.
    """
    match condition:
        case All(parts):
            return all(holds(part, answers) for part in parts)
        case AnyOf(parts):
            return any(holds(part, answers) for part in parts)
        case Not(part):
            return not holds(part, answers)
        case Test():
            return _passes(condition, answers)
    return True


def _passes(test: Test, answers: Mapping[str, Answer]) -> bool:
    said = _said(test, answers)
    if test.op in WITHOUT_VALUE:
        return (said is None) == (test.op == Op.SKIPPED)
    if said is None:
        return False
    if isinstance(said, tuple):
        return test.op == Op.HAS and test.value in said
    if test.op == Op.IN:
        wanted = test.value if isinstance(test.value, tuple) else (test.value,)
        return any(_compares(Op.EQ, said, each) for each in wanted)
    return _compares(test.op, said, test.value)


def _said(test: Test, answers: Mapping[str, Answer]) -> object | None:
    """Return what a test looks at; None when there is no answer."""
    answer = answers.get(test.question)
    if answer is None:
        return None
    value: object = answer.value
    if isinstance(value, Mapping) and test.row:
        if test.row not in value:
            return None
        value = value[test.row]
    return NOT_APPLICABLE if value is None else value


def _compares(op: Op, said: object, wanted: object) -> bool:
    left, right = _plain(said), _plain(wanted)
    if op in (Op.EQ, Op.NE):
        return (left == right) == (op == Op.EQ)
    # Words have no order, but days written as ISO do.
    if isinstance(left, str) and not isinstance(said, date):
        return False
    if not isinstance(right, type(left)) or left is None:
        return False
    above = _sign(left, right)
    passes = {Op.LT: above < 0, Op.LE: above <= 0, Op.GT: above > 0, Op.GE: above >= 0}
    return passes.get(op, False)


def _sign(left: Any, right: Any) -> int:
    return (left > right) - (left < right)


def _plain(value: object) -> Decimal | str | None:
    """Return a value as comparisons see it: numbers as decimals, days as ISO."""
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        return Decimal(str(value))
    return None
