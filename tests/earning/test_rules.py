"""Formulas, conditions, limits and forms: exact, complete, and the same both ways."""

from datetime import date, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from portal.earning.checks import problems_of, rule_problems
from portal.earning.conditions import failures
from portal.earning.fields import COMMON
from portal.earning.formulas import points_of
from portal.earning.limits import begins_anew, period_of
from portal.earning.possible import clash_of
from portal.earning.schema import json_schema, load_rule
from tests.earning.helpers import rule

DAY = date(2026, 11, 3)
UNTIMED = settings(deadline=None)
MODES = {"floor": ROUND_FLOOR, "half_up": ROUND_HALF_UP, "ceil": ROUND_CEILING}
FIELDS = {field.key: field for field in COMMON}
fen = st.integers(0, 10**12)
mode = st.sampled_from(sorted(MODES))


@UNTIMED
@given(fen, st.integers(1, 10**8), st.integers(1, 10**6), mode)
def test_points_per_amount_are_rounded_exactly(amount, divisor, points, how) -> None:
    formula = {
        "kind": "per_amount",
        "divisor": str(Decimal(divisor) / 100),
        "points": str(Decimal(points) / 1000),
        "rounding": how,
    }
    steps = (Decimal(amount) / Decimal(divisor)).quantize(Decimal(1), MODES[how])
    assert points_of(formula, {"amount": Decimal(amount) / 100}, DAY) == int(steps) * points


@UNTIMED
@given(fen, mode, st.sampled_from(["1.5", "0.333", "2", "3"]))
def test_no_factor_loses_or_makes_more_than_a_milli_point(amount, how, factor) -> None:
    formula = {"kind": "per_amount", "divisor": "7", "points": "0.013", "rounding": how}
    values = {"amount": Decimal(amount) / 100, "member.tier": "gold"}
    plain = points_of(formula, values, DAY)
    found = points_of({**formula, "times_by_tier": {"gold": factor}}, values, DAY)
    assert abs(found - plain * Decimal(factor)) < 1


@pytest.mark.parametrize(("how", "points"), [("floor", 123), ("half_up", 124), ("ceil", 124)])
def test_the_mode_of_rounding_is_the_rules(how: str, points: int) -> None:
    formula = {"kind": "per_amount", "divisor": "10000", "points": "1", "rounding": how}
    assert points_of(formula, {"amount": Decimal("1236789")}, DAY) == points * 1000


@UNTIMED
@given(st.integers(0, 10**6))
def test_every_figure_is_in_one_band(amount: int) -> None:
    bands = [
        {"from": "0", "below": "50", "points": "1"},
        {"from": "50", "below": "500", "points": "2"},
        {"from": "500", "points": "3"},
    ]
    found = points_of({"kind": "bands", "bands": bands}, {"amount": Decimal(amount) / 100}, DAY)
    assert found == (1000 if amount < 5000 else 2000 if amount < 50000 else 3000)


def test_a_category_without_a_rate_takes_the_others_or_nothing() -> None:
    rates = {"food": {"divisor": "2", "points": "1"}, "other": {"divisor": "1", "points": "1"}}
    formula: dict[str, Any] = {"kind": "by_category", "rates": rates}
    assert points_of(formula, {"amount": 10, "category": "food"}, DAY) == 5_000
    assert points_of(formula, {"amount": 10, "category": "shoes"}, DAY) == 10_000
    del rates["other"]
    assert points_of(formula, {"amount": 10, "category": "shoes"}, DAY) == 0


@UNTIMED
@given(
    st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(["day", "week", "month", "year"])
)
def test_a_period_ends_where_the_next_begins(day: date, period: str) -> None:
    anew = begins_anew(period, day)
    assert anew is not None
    assert period_of(period, anew - timedelta(days=1)) == period_of(period, day)
    assert period_of(period, anew) != period_of(period, day)


numbers = st.integers(-3, 6)
leaf = st.builds(
    lambda field, op, value: {"field": field, "op": op, "value": value},
    st.sampled_from(["member.homes", "month"]),
    st.sampled_from(["is", "at_least", "at_most", "more_than", "less_than"]),
    numbers,
)
conditions = st.recursive(
    leaf,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)


@UNTIMED
@given(conditions)
def test_a_condition_clashes_just_when_no_values_fulfil_it(condition: Any) -> None:
    holds = any(
        not failures(condition, {"member.homes": homes, "month": month})
        for homes in range(10)
        for month in range(1, 13)
    )
    assert (clash_of(condition, FIELDS) is None) == holds


@UNTIMED
@given(conditions, st.integers(0, 9), st.integers(1, 12))
def test_what_is_said_to_be_needed_would_have_helped(
    condition: Any, homes: int, month: int
) -> None:
    values = {"member.homes": homes, "month": month}
    for each in failures(condition, values):
        assert each.saw == values[each.field]
    assert not failures({"any": [condition, {"not": condition}]}, values)


def test_words_clash_too(app: Any) -> None:
    both = {
        "all": [
            {"field": "project", "op": "is", "value": "binjiang"},
            {"field": "project", "op": "in", "value": ["hupan", "yunqi"]},
        ]
    }
    (problem,) = rule_problems(rule(when=both))
    assert problem.code == "never_holds"
    assert [each["value"] for each in problem.details["clash"]] == ["binjiang", ["hupan", "yunqi"]]
    roles = {
        "all": [
            {"field": "member.roles", "op": "is", "value": "owner"},
            {"field": "member.roles", "op": "is", "value": "tenant"},
        ]
    }
    assert rule_problems(rule(when=roles)) == []
    roles["all"].append({"not": {"field": "member.roles", "op": "in", "value": ["tenant"]}})
    assert [each.code for each in rule_problems(rule(when=roles))] == ["never_holds"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"source": "no.such"}, "unknown_source"),
        ({"when": {"field": "percent", "op": "is", "value": 3}}, "unknown_field"),
        ({"when": {"field": "nth", "op": "is", "value": "first"}}, "not_a_number"),
        ({"when": {"field": "nth", "op": "less_than", "value": 1}}, "never_holds"),
        ({"when": {"field": "member.tier", "op": "at_least", "value": "gold"}}, "no_size"),
        ({"when": {"field": "member.roles", "op": "is", "value": "king"}}, "unknown_word"),
        ({"amount": {"kind": "per_amount", "divisor": "1", "points": "1"}}, "no_figure"),
        ({"pending": {"until": "no.such"}}, "unknown_source"),
    ],
)
def test_what_cannot_be_published_says_why(app: Any, values: dict[str, Any], code: str) -> None:
    assert [each.code for each in rule_problems(rule(**values))] == [code]


def test_one_budget_has_one_size(app: Any) -> None:
    first = rule("a", budget={"code": "x", "points": "1"})
    second = rule("b", budget={"code": "x", "points": "2"})
    assert [each.code for each in problems_of([first, second])] == ["budgets_differ"]


BAD: list[dict[str, Any]] = [
    {"amount": {"kind": "fixed", "points": 0.5}},
    {"amount": {"kind": "fixed", "points": "-1"}},
    {"amount": {"kind": "fixed", "points": "0.0001"}},
    {"amount": {"kind": "fixed", "points": "1", "divisor": "2"}},
    {"amount": {"kind": "per_amount", "divisor": "0", "points": "1"}},
    {"amount": {"kind": "all"}},
    {"to": ["gold"]},
    {"to": []},
    {"to": ["bonus", "bonus"]},
    {"key": "Not A Key"},
    {"when": {"field": "nth", "op": "in", "value": 3}},
    {"when": {"field": "nth", "op": "is", "value": 1.5}},
    {"when": {"all": []}},
    {"when": {"all": [], "any": []}},
    {"limits": [{"per": "member", "period": "day"}]},
    {"limits": [{"per": "member", "period": "day", "times": 0}]},
    {"pending": {}},
    {"pending": {"days": 3, "until": "fee.paid"}},
    {"effect": "forfeit", "pending": {"days": 3}},
    {"surprise": 1},
]


@pytest.mark.parametrize("values", BAD)
def test_the_form_of_a_rule_refuses(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        load_rule({**rule(), **values})


def test_the_json_schema_says_the_same() -> None:
    check = jsonschema.Draft202012Validator(json_schema())
    good = rule(
        when={"not": {"field": "nth", "op": "in", "value": [1, "2"]}},
        limits=[{"per": "club", "period": "week", "times": 3}],
    )
    assert check.is_valid(good)
    assert load_rule(good) == good
    assert not check.is_valid({**good, "to": ["gold"]})
    assert not check.is_valid({**good, "surprise": 1})
