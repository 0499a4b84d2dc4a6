"""What keeps a rule book from being published: said before, and refused then."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import ValidationError

from portal.earning.conditions import comparisons, number
from portal.earning.fields import Field, FieldKind
from portal.earning.kinds import Comparison, FormulaKind
from portal.earning.possible import TooManyWaysError, band_faults, clash_of
from portal.earning.schema import load_rule
from portal.earning.sources import known_sources

_SIZES = (Comparison.AT_LEAST, Comparison.AT_MOST, Comparison.MORE_THAN, Comparison.LESS_THAN)


@dataclass(frozen=True)
class Problem:
    """What is wrong with a rule; the sentence is in portal.earning.sentences."""

    rule: str
    code: str
    details: Mapping[str, Any] = field(default_factory=dict)


def problems_of(definitions: Iterable[Mapping[str, Any]]) -> list[Problem]:
    """Return everything that is wrong with the rules of a book, rule by rule."""
    found: list[Problem] = []
    budgets: dict[str, tuple[str, str]] = {}
    for definition in definitions:
        found.extend(rule_problems(definition))
        budget = definition.get("budget")
        if not isinstance(budget, Mapping):
            continue
        key = str(definition.get("key", ""))
        first, total = budgets.setdefault(budget["code"], (key, budget["points"]))
        if total != budget["points"]:
            found.append(Problem(key, "budgets_differ", {"other": first, "code": budget["code"]}))
    return found


def rule_problems(definition: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with one rule by itself."""
    key = str(definition.get("key", ""))
    try:
        rule = load_rule(definition)
    except ValidationError as error:
        return [Problem(key, "form", {"messages": error.messages})]
    source = known_sources().get(rule["source"])
    if source is None:
        return [Problem(key, "unknown_source", {"source": rule["source"]})]
    fields = source.readable()
    found = [
        Problem(key, code, details)
        for condition in comparisons(rule.get("when"))
        for code, details in _comparison_faults(condition, fields)
    ]
    found += [Problem(key, code, details) for code, details in _formula_faults(rule, fields)]
    until = (rule.get("pending") or {}).get("until")
    if until is not None and until not in known_sources():
        found.append(Problem(key, "unknown_source", {"source": until}))
    return found or [Problem(key, code, details) for code, details in _clashes(rule, fields)]


def _comparison_faults(
    condition: Mapping[str, Any], fields: Mapping[str, Field]
) -> Iterable[tuple[str, dict[str, Any]]]:
    read = fields.get(condition["field"])
    if read is None:
        yield "unknown_field", {"field": condition["field"]}
        return
    listed = condition["op"] == Comparison.IN
    values = condition["value"] if listed else [condition["value"]]
    if read.kind == FieldKind.NUMBER:
        bad = [value for value in values if number(value) is None]
        if bad:
            yield "not_a_number", {"field": read.key, "value": bad[0]}
    elif condition["op"] in _SIZES:
        yield "no_size", {"field": read.key}
    elif read.choices is not None:
        bad = [value for value in values if str(value) not in read.choices]
        if bad:
            allowed = list(read.choices)
            yield "unknown_word", {"field": read.key, "value": bad[0], "allowed": allowed}


def _formula_faults(
    rule: Mapping[str, Any], fields: Mapping[str, Field]
) -> Iterable[tuple[str, dict[str, Any]]]:
    formula = rule["amount"]
    if formula["kind"] in (FormulaKind.PER_AMOUNT, FormulaKind.BY_CATEGORY, FormulaKind.BANDS):
        of = formula.get("of", "amount")
        if of not in fields or fields[of].kind != FieldKind.NUMBER:
            yield "no_figure", {"field": of}
    if formula["kind"] == FormulaKind.BY_CATEGORY and "category" not in fields:
        yield "unknown_field", {"field": "category"}
    for kind, one, other in band_faults(formula.get("bands") or []):
        yield f"bands_{kind}", {"one": dict(one), "other": dict(other or {})}


def _clashes(
    rule: Mapping[str, Any], fields: Mapping[str, Field]
) -> Iterable[tuple[str, dict[str, Any]]]:
    try:
        clash = clash_of(rule.get("when"), fields)
    except TooManyWaysError:
        yield "too_many_ways", {}
        return
    if clash is not None:
        both = [each for each in (clash.first, clash.second) if each is not None]
        yield "never_holds", {"clash": [vars(each) for each in both]}
