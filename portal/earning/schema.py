"""The one form of a rule, as data: what the pages write, files hold and programs read.

`json_schema()` is the same as a JSON Schema. Points and yuan are written as text, "0.5", so that no
program reads them as floats.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from portal.earning.kinds import Comparison, Effect, FormulaKind, Per, Period, RoundingMode, Same
from portal.i18n import LANGUAGES
from portal.points.kinds import CurrencyKind

RULE_KEY = r"[a-z][a-z0-9_-]{0,23}"
MOST_PARTS = 20
_NEEDS: dict[str, tuple[str, ...]] = {
    FormulaKind.FIXED: ("points",),
    FormulaKind.PER_AMOUNT: ("divisor", "points"),
    FormulaKind.BY_CATEGORY: ("rates",),
    FormulaKind.BANDS: ("bands",),
    FormulaKind.LADDER: ("steps",),
    FormulaKind.ALL: (),
}
_FIGURES = ("points", "divisor", "rates", "bands", "steps")


def _words(values: Any) -> validate.OneOf:
    return validate.OneOf([str(value) for value in values])


class Figure(fields.String):
    """A number as text, with at most so many decimals; never a float."""

    def __init__(self, decimals: int, *, least: str = "0", **kwargs: Any) -> None:
        pattern = rf"(0|[1-9][0-9]{{0,9}})(\.[0-9]{{1,{decimals}}})?"
        said = f'Write a number as text, such as "10" or "0.5", with at most {decimals} decimals.'
        checks = [validate.Regexp(rf"^{pattern}$", error=said)]
        super().__init__(validate=checks, **kwargs)
        self.least = Decimal(least)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> str:
        text = str(super()._deserialize(value, attr, data, **kwargs))
        is_number = re.fullmatch(r"[0-9]+(\.[0-9]+)?", text)
        if is_number and Decimal(text) < self.least:
            raise ValidationError(f"At least {self.least}.")
        return text


class Plain(fields.Raw):
    """A word, a whole number or a truth value; of `many`, a list of those."""

    def __init__(self, **kwargs: Any) -> None:
        kinds = [{"type": "string", "maxLength": 60}, {"type": "integer"}]
        listed = {"type": "array", "items": {"anyOf": kinds}, "minItems": 1, "maxItems": 50}
        super().__init__(metadata={"anyOf": [*kinds, listed]}, **kwargs)

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> Any:
        listed = value if isinstance(value, list) else [value]
        if not 1 <= len(listed) <= 50:
            raise ValidationError("A list holds 1 to 50 values.")
        for each in listed:
            if type(each) not in (str, int) or (isinstance(each, str) and len(each) > 60):
                raise ValidationError("Write a word or a whole number; a fraction as text.")
        return value


class ConditionSchema(Schema):
    """A comparison of one field, or several conditions joined by all, any or not."""

    all = fields.List(
        fields.Nested(lambda: ConditionSchema()), validate=validate.Length(1, MOST_PARTS)
    )
    any = fields.List(
        fields.Nested(lambda: ConditionSchema()), validate=validate.Length(1, MOST_PARTS)
    )
    not_ = fields.Nested(lambda: ConditionSchema(), data_key="not", attribute="not")
    field = fields.String(validate=validate.Length(1, 40))
    op = fields.String(validate=_words(Comparison))
    value = Plain()

    @validates_schema
    def one_shape(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse what is neither one comparison nor one joining."""
        shapes = [key for key in ("all", "any", "not") if key in data]
        whole = {"field", "op", "value"} <= data.keys()
        if "field" in data or "op" in data or "value" in data:
            shapes.append("comparison")
            if not whole:
                raise ValidationError('A comparison has "field", "op" and "value".')
        if len(shapes) != 1:
            raise ValidationError('Write one of "all", "any", "not", or a comparison.')
        if whole and (data["op"] == Comparison.IN) != isinstance(data["value"], list):
            raise ValidationError('A list goes with "in", and only with it.', "value")


class RateSchema(Schema):
    """So many points for each whole time that the divisor goes into the amount."""

    divisor = Figure(2, least="0.01", required=True)
    points = Figure(3, required=True)


class BandSchema(Schema):
    """The points of a figure from `from` up to, and without, `below`; null: no upper end."""

    from_ = Figure(2, required=True, data_key="from", attribute="from")
    below = Figure(2, load_default=None, allow_none=True)
    points = Figure(3, required=True)


class CampaignSchema(Schema):
    """A factor between two days, both included."""

    from_ = fields.Date(required=True, data_key="from", attribute="from")
    until = fields.Date(required=True)
    times = Figure(3, required=True)

    @validates_schema
    def in_order(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a campaign that ends before it begins."""
        if data["until"] < data["from"]:
            raise ValidationError("It ends before it begins.", "until")


class FormulaSchema(Schema):
    """How many points: fixed, per amount, by category, by bands, or by which time it is."""

    kind = fields.String(required=True, validate=_words(FormulaKind))
    points = Figure(3)
    divisor = Figure(2, least="0.01")
    of = fields.String(validate=validate.Length(1, 40))
    rounding = fields.String(validate=_words(RoundingMode))
    rates = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 40)),
        values=fields.Nested(RateSchema),
        validate=validate.Length(1, MOST_PARTS),
    )
    bands = fields.List(fields.Nested(BandSchema), validate=validate.Length(1, MOST_PARTS))
    steps = fields.List(Figure(3), validate=validate.Length(1, MOST_PARTS))
    times_by_tier = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 40)),
        values=Figure(3),
        validate=validate.Length(0, MOST_PARTS),
    )
    campaigns = fields.List(fields.Nested(CampaignSchema), validate=validate.Length(0, 10))

    @validates_schema
    def has_its_figures(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a formula that lacks a figure of its kind, or has one of another."""
        needs = _NEEDS.get(data.get("kind", ""), ())
        for name in needs:
            if name not in data:
                raise ValidationError(f"A formula “{data['kind']}” needs this.", name)
        for name in _FIGURES:
            if name in data and name not in needs:
                raise ValidationError(f"A formula “{data['kind']}” has none.", name)


class LimitSchema(Schema):
    """At most so many times, or points, for each holder in each period."""

    per = fields.String(required=True, validate=_words(Per))
    period = fields.String(required=True, validate=_words(Period))
    times = fields.Integer(strict=True, validate=validate.Range(1, 1_000_000))
    points = Figure(3, least="0.001")

    @validates_schema
    def limits_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse a limit of nothing."""
        if "times" not in data and "points" not in data:
            raise ValidationError('Write "times" or "points".')


class BudgetSchema(Schema):
    """The points that a campaign may give in all; rules of the same code share it."""

    code = fields.String(required=True, validate=validate.Regexp(rf"^{RULE_KEY}$"))
    points = Figure(3, least="0.001", required=True)


class PendingSchema(Schema):
    """Until when the points wait: so many days, or a later event about the same thing."""

    days = fields.Integer(strict=True, validate=validate.Range(1, 3650))
    until = fields.String(validate=validate.Length(1, 40))
    same = fields.String(validate=_words(Same), load_default=str(Same.SUBJECT))
    percent = fields.Integer(strict=True, validate=validate.Range(1, 100))

    @validates_schema
    def one_end(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse two ends, or none."""
        if ("days" in data) == ("until" in data):
            raise ValidationError('Write either "days" or "until".')
        if "percent" in data and "until" not in data:
            raise ValidationError('"percent" goes with "until".', "percent")


class RuleSchema(Schema):
    """On an event, if a condition holds, post points to currencies, within limits."""

    key = fields.String(required=True, validate=validate.Regexp(rf"^{RULE_KEY}$"))
    title = fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(LANGUAGES))),
        values=fields.String(validate=validate.Length(1, 60)),
        required=True,
        validate=validate.Length(1),
    )
    source = fields.String(required=True, validate=validate.Length(1, 40))
    effect = fields.String(validate=_words(Effect), load_default=str(Effect.EARN))
    when = fields.Nested(ConditionSchema)
    amount = fields.Nested(FormulaSchema, required=True)
    to = fields.List(
        fields.String(validate=_words(CurrencyKind)), required=True, validate=validate.Length(1, 3)
    )
    limits = fields.List(fields.Nested(LimitSchema), validate=validate.Length(0, 6))
    budget = fields.Nested(BudgetSchema)
    pending = fields.Nested(PendingSchema)

    @validates_schema
    def hangs_together(self, data: Mapping[str, Any], **_: Any) -> None:
        """Refuse what no rule can do at once."""
        if len(set(data.get("to", ()))) != len(data.get("to", ())):
            raise ValidationError("Name each currency once.", "to")
        forfeits = data.get("effect") == Effect.FORFEIT
        if data.get("amount", {}).get("kind") == FormulaKind.ALL and not forfeits:
            raise ValidationError("Only a forfeiture takes all.", "amount")
        for name in ("pending", "budget"):
            if forfeits and name in data:
                raise ValidationError("A forfeiture has none.", name)


def load_rule(data: Any) -> dict[str, Any]:
    """Return a rule's JSON, checked and in one form. Raises marshmallow's ValidationError, whose
    messages are a tree of the paths that are wrong."""
    schema = RuleSchema()
    return dict(_plain(schema.dump(schema.load(data))))


def _plain(value: Any) -> Any:
    """Leave out what is not given, so that a rule has one form."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items() if each not in (None, [], {})}
    return [_plain(each) for each in value] if isinstance(value, list) else value


@cache
def json_schema() -> Mapping[str, Any]:
    """Return the JSON Schema (2020-12) of a rule."""
    spec = APISpec("rules", "1", "3.1.0", plugins=[MarshmallowPlugin(schema_name_resolver=_name)])
    spec.components.schema("Rule", schema=RuleSchema)
    found = spec.to_dict()["components"]["schemas"]
    text = {name: _referring(schema) for name, schema in found.items()}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$ref": "#/$defs/Rule",
        "$defs": text,
    }


def _name(schema: Any) -> str:
    kind = schema if isinstance(schema, type) else type(schema)
    return kind.__name__.removesuffix("Schema")


def _referring(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {
            key: each.replace("#/components/schemas/", "#/$defs/")
            if key == "$ref" and isinstance(each, str)
            else _referring(each)
            for key, each in value.items()
        }
    return [_referring(each) for each in value] if isinstance(value, list) else value
