"""Whether a condition can ever hold: every way to fulfil it is tried on paper."""

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from portal.earning.conditions import Condition, compare, number
from portal.earning.fields import Field, FieldKind
from portal.earning.kinds import Comparison

MOST_WAYS = 2_000


@dataclass(frozen=True)
class Wanted:
    """A comparison that a way needs; `negated`: that it does not hold."""

    field: str
    op: str
    value: Any
    negated: bool


@dataclass(frozen=True)
class Clash:
    """Two comparisons that never hold at once; `second` None: one that never holds at all."""

    first: Wanted
    second: Wanted | None = None


class TooManyWaysError(Exception):
    """A condition with more alternatives than anybody can read."""


def clash_of(condition: Condition | None, fields: Mapping[str, Field]) -> Clash | None:
    """Return what keeps a condition from ever holding; None when it can. Raises
    TooManyWaysError."""
    if not condition:
        return None
    first: Clash | None = None
    for number_, way in enumerate(ways(condition)):
        if number_ >= MOST_WAYS:
            raise TooManyWaysError
        found = _clash_in(way, fields)
        if found is None:
            return None
        first = first or found
    return first


def ways(condition: Condition, *, negated: bool = False) -> Iterator[tuple[Wanted, ...]]:
    """Yield each way to fulfil a condition: comparisons that all hold. There may be very many."""
    if "not" in condition:
        yield from ways(condition["not"], negated=not negated)
    elif "field" in condition:
        yield (Wanted(condition["field"], condition["op"], condition["value"], negated),)
    else:
        parts = condition["all"] if "all" in condition else condition["any"]
        each = [list(itertools.islice(ways(p, negated=negated), MOST_WAYS + 1)) for p in parts]
        if ("all" in condition) != negated:
            for combined in itertools.product(*each):
                yield tuple(itertools.chain.from_iterable(combined))
        else:
            yield from itertools.chain.from_iterable(each)


def _clash_in(way: tuple[Wanted, ...], fields: Mapping[str, Field]) -> Clash | None:
    by_field: dict[str, list[Wanted]] = {}
    for each in way:
        by_field.setdefault(each.field, []).append(each)
    for key, wanted in by_field.items():
        field = fields.get(key)
        if field is None:
            continue
        for position, one in enumerate(wanted):
            if _possible(field, wanted[: position + 1]):
                continue
            if not _possible(field, [one]):
                return Clash(one)
            other = next(
                (each for each in wanted[:position] if not _possible(field, [each, one])),
                wanted[0],
            )
            return Clash(other, one)
    return None


def _possible(field: Field, wanted: list[Wanted]) -> bool:
    if field.kind == FieldKind.NUMBER:
        return any(_holds(candidate, wanted) for candidate in _numbers(field, wanted))
    if field.kind == FieldKind.SET:
        return _set_possible(field, wanted)
    if all(each.negated for each in wanted) and field.choices is None:
        return True
    candidates = field.choices or [str(v) for each in wanted for v in _values(each)]
    return any(_holds(candidate, wanted) for candidate in candidates)


def _set_possible(field: Field, wanted: list[Wanted]) -> bool:
    """A set may hold several words: each that is asked for must be allowed by the negated ones."""
    refused = {str(v) for each in wanted if each.negated for v in _values(each)}
    for each in wanted:
        if each.negated:
            continue
        allowed = {str(v) for v in _values(each)} - refused
        if field.choices is not None:
            allowed &= set(field.choices)
        if not allowed:
            return False
    return True


def _numbers(field: Field, wanted: list[Wanted]) -> Iterator[Decimal]:
    """Yield numbers of which one fulfils all that is wanted, if any number does.

    The figures that are named, what lies just beside them, and between each two of them.
    """
    named = {found for each in wanted for v in _values(each) if (found := number(v)) is not None}
    step = Decimal(1) if field.whole else Decimal("0.01")
    ends = {Decimal(end) for end in (field.least, field.most) if end is not None}
    candidates = {Decimal(0)} | named | ends
    for each in named | ends:
        whole = each.to_integral_value()
        candidates |= {each + step * n for n in range(-len(wanted) - 1, len(wanted) + 2)}
        candidates |= {whole, whole + 1, whole - 1}
    for each in sorted(candidates):
        if field.least is not None and each < field.least:
            continue
        if field.most is not None and each > field.most:
            continue
        if field.whole and each != each.to_integral_value():
            continue
        yield each


def _holds(candidate: Any, wanted: list[Wanted]) -> bool:
    return all(compare(candidate, each.op, each.value) != each.negated for each in wanted)


def _values(wanted: Wanted) -> list[Any]:
    return list(wanted.value) if wanted.op == Comparison.IN else [wanted.value]


def band_faults(bands: list[Mapping[str, Any]]) -> list[tuple[str, Mapping[str, Any], Any]]:
    """Return each pair of neighbouring bands that overlap, leave a gap, or stand empty."""
    found: list[tuple[str, Mapping[str, Any], Any]] = []
    for band in bands:
        if band.get("below") is not None and Decimal(band["below"]) <= Decimal(band["from"]):
            found.append(("empty", band, None))
    ordered = sorted(bands, key=lambda band: Decimal(band["from"]))
    for one, other in itertools.pairwise(ordered):
        end, begin = one.get("below"), Decimal(other["from"])
        if end is None or Decimal(end) > begin:
            found.append(("overlap", one, other))
        elif Decimal(end) < begin:
            found.append(("gap", one, other))
    return found
