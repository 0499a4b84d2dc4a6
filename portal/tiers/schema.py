"""The JSON form of a scheme's rules: one schema, for the editor, the API and a club in a file.

`load` gives objects or every fault with its path; `dump(load(x))` is the whole form of `x`.
Points are milli-points, money is fen, area is hundredths of a square metre, tenure is months.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf, Range, Regexp

from portal.i18n import LANGUAGES
from portal.points.kinds import CurrencyKind
from portal.tiers import terms
from portal.tiers.kinds import (
    BenefitKind,
    DownTo,
    Measure,
    MetricKind,
    PeriodKind,
    Pool,
    Span,
    TieRule,
    When,
    WindowKind,
)
from portal.tiers.terms import Condition, Every, Limit, Some, Terms, Top

MOST = 10**15
"""No limit of a condition is higher."""
DEEPEST = 4
_KEY = Regexp(r"\A[a-z][a-z0-9_]{0,29}\Z", error="a-z, 0-9 and _, at most 30, a letter first")
_SOURCE = Regexp(r"\A[a-z][a-z0-9_.]{0,39}\Z", error="a-z, 0-9, _ and ., at most 40")
COLORS = ("blue", "silver", "gold", "diamond")
ICONS = (
    "id", "award", "crown", "diamond", "gift", "calendar-event", "cake", "car", "tools", "coffee",
    "headset", "home", "coins", "ticket", "shopping-bag", "receipt", "clock",
)  # fmt: skip
ROLES = ("owner", "co_owner", "spouse", "tenant")


class FormError(Exception):
    """The form is not valid: `faults` are (path, what is wrong), such as "tiers.1.name"."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__("; ".join(f"{path}: {text}" for path, text in faults))
        self.faults = faults


class _Object(Schema):
    """A part of the form that becomes the object of its class."""

    makes: type

    @post_load
    def make(self, data: dict[str, Any], **_: Any) -> Any:
        return self.makes(**{k: tuple(v) if isinstance(v, list) else v for k, v in data.items()})


def _choice(values: type[StrEnum], **options: Any) -> fields.Enum[Any]:
    return fields.Enum(values, by_value=True, **options)


def _whole(least: int, most: int = MOST, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=Range(least, most), **options)


def _texts(most: int, **options: Any) -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=OneOf(list(LANGUAGES))),
        values=fields.String(validate=Length(0, most)),
        **options,
    )


class WindowSchema(_Object):
    """Over which days a metric counts."""

    makes = terms.Window
    kind = _choice(WindowKind, required=True)
    months = _whole(0, 240)
    span = _choice(Span)
    back = _whole(0, 1)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a rolling window without a length."""
        if data["kind"] == WindowKind.ROLLING and not data.get("months"):
            raise ValidationError("a rolling window has at least 1 month", "months")


class MetricSchema(_Object):
    """A figure of a member, by which conditions name it."""

    makes = terms.Metric
    key = fields.String(required=True, validate=_KEY)
    kind = _choice(MetricKind, required=True)
    window = fields.Nested(WindowSchema)
    name = _texts(60)
    currency = fields.String(validate=OneOf([str(kind) for kind in CurrencyKind]))
    sources = fields.List(fields.String(validate=_SOURCE), validate=Length(0, 20))
    category = fields.String(allow_none=True, validate=Length(1, 40))
    measure = _choice(Measure)
    per = fields.String(validate=Regexp(r"\A([a-z][a-z0-9_]{0,29})?\Z"))
    round_to = _whole(1, 10**9)
    roles = fields.List(fields.String(validate=OneOf(ROLES)), validate=Length(1, 4))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a count of facts that does not say of which."""
        if data["kind"] in (MetricKind.FACTS, MetricKind.SPEND) and not data.get("sources"):
            raise ValidationError("name at least one source", "sources")


class LimitSchema(_Object):
    """At least a figure, or above it, and below another."""

    makes = Limit
    metric = fields.String(required=True, validate=_KEY)
    at_least = _whole(0)
    above = _whole(0)
    below = _whole(1)

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse a condition without a limit, and one with two lower limits."""
        if not {"at_least", "above", "below"} & set(data):
            raise ValidationError("one of at_least, above, below is needed")
        if {"at_least", "above"} <= set(data):
            raise ValidationError("at_least and above do not go together", "above")


class TopSchema(_Object):
    """Among the first of a tier; 500 basis points are 5 %."""

    makes = Top
    metric = fields.String(required=True, validate=_KEY)
    basis_points = _whole(1, 10_000, required=True)
    of = fields.String(required=True, validate=_KEY)
    ties = _choice(TieRule)


class ConditionField(fields.Field[Condition]):
    """{"all": […]}, {"any": […]}, a limit on a metric, or {"top": {…}}."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> Condition:
        return _condition(value, DEEPEST)

    def _serialize(self, value: Any, attr: Any, obj: Any, **options: Any) -> Any:
        return None if value is None else dump_condition(value)


class BenefitSchema(_Object):
    """What a tier gives."""

    makes = terms.Benefit
    key = fields.String(required=True, validate=_KEY)
    kind = _choice(BenefitKind, required=True)
    title = _texts(60, required=True, validate=Length(1))
    text = _texts(500)
    excluded = _texts(300)
    budget = _whole(1, 10**9, allow_none=True)
    icon = fields.String(validate=OneOf(ICONS))
    projects = fields.Dict(
        keys=fields.String(validate=Regexp(r"\A[a-z0-9-]{1,40}\Z")), values=_texts(500)
    )


class TierSchema(_Object):
    """A step of the ladder."""

    makes = terms.Tier
    key = fields.String(required=True, validate=_KEY)
    name = _texts(40, required=True, validate=Length(1))
    color = fields.String(required=True, validate=OneOf(COLORS))
    icon = fields.String(required=True, validate=OneOf(ICONS))
    reach = ConditionField(allow_none=True)
    keep = ConditionField(allow_none=True)
    benefits = fields.List(fields.Nested(BenefitSchema), validate=Length(0, 40))


class DownSchema(_Object):
    """How a tier is lost."""

    makes = terms.Down
    when = _choice(When)
    to = _choice(DownTo)
    whole_periods = _whole(0, 12)
    grace_days = _whole(0, 730)
    second_chance_days = _whole(0, 730)


class TermsSchema(_Object):
    """A whole scheme; tiers from the lowest to the highest."""

    makes = Terms
    metrics = fields.List(fields.Nested(MetricSchema), required=True, validate=Length(0, 30))
    tiers = fields.List(fields.Nested(TierSchema), required=True, validate=Length(1, 20))
    pool = _choice(Pool)
    period = _choice(PeriodKind)
    up = _choice(When)
    down = fields.Nested(DownSchema)
    keep_percent = _whole(1, 100)
    carry_over = fields.Dict(keys=fields.String(validate=_KEY), values=fields.String(validate=_KEY))

    @validates_schema
    def check(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse keys that are there twice, and conditions on what is not there."""
        faults: dict[str, Any] = {}
        for part in ("metrics", "tiers"):
            keys = [each.key for each in data[part]]
            twice = {place: {"key": ["is there twice"]} for place, key in enumerate(keys)
                     if key in keys[:place]}  # fmt: skip
            if twice:
                faults[part] = twice
        metrics = {metric.key for metric in data["metrics"]}
        tiers = {tier.key for tier in data["tiers"]}
        for place, tier in enumerate(data["tiers"]):
            for part in ("reach", "keep"):
                for leaf in terms.leaves(getattr(tier, part)):
                    unknown = leaf.metric not in metrics and f"no metric {leaf.metric}"
                    if isinstance(leaf, Top) and leaf.of not in tiers:
                        unknown = f"no tier {leaf.of}"
                    if unknown:
                        faults.setdefault("tiers", {}).setdefault(place, {})[part] = [unknown]
        for target in set(data.get("carry_over", {}).values()) - tiers:
            faults["carry_over"] = [f"no tier {target}"]
        if faults:
            raise ValidationError(faults)


_limit, _top, _terms = LimitSchema(), TopSchema(), TermsSchema()


def load(form: Mapping[str, Any]) -> Terms:
    """Return the rules of a form. Raises FormError, which names every fault."""
    try:
        found: Terms = _terms.load(form)
    except ValidationError as error:
        raise FormError(_paths(error.messages)) from error
    return found


def dump(rules: Terms) -> dict[str, Any]:
    """Return the form of rules, with everything that has a default written out."""
    written = _terms.dump(rules)
    return {name: written[name] for name in _terms.fields}


def dump_condition(condition: Condition) -> dict[str, Any]:
    """Return the form of a condition."""
    if isinstance(condition, Every | Some):
        name = "all" if isinstance(condition, Every) else "any"
        return {name: [dump_condition(each) for each in condition.conditions]}
    if isinstance(condition, Top):
        return {"top": _top.dump(condition)}
    return {key: value for key, value in _limit.dump(condition).items() if value is not None}


def _condition(value: Any, depth: int) -> Condition:
    if not isinstance(value, dict):
        raise ValidationError("a condition is an object")
    group = next((name for name in ("all", "any") if name in value), None)
    if group is None:
        if "top" in value:
            return _top.load(value["top"])  # type: ignore[no-any-return]
        return _limit.load(value)  # type: ignore[no-any-return]
    parts = value[group]
    if len(value) != 1 or not isinstance(parts, list) or not 1 <= len(parts) <= 12:
        raise ValidationError(f'"{group}" stands alone and has 1 to 12 conditions')
    if depth == 0:
        raise ValidationError(f"conditions are nested deeper than {DEEPEST}")
    found, faults = [], {}
    for place, part in enumerate(parts):
        try:
            found.append(_condition(part, depth - 1))
        except ValidationError as error:
            faults[place] = error.messages
    if faults:
        raise ValidationError({group: faults})
    return (Every if group == "all" else Some)(tuple(found))


def _paths(messages: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(messages, dict):
        found = []
        for key, value in messages.items():
            here = path if key == "_schema" else f"{path}.{key}".strip(".")
            found += _paths(value, here)
        return found
    if isinstance(messages, list):
        return [pair for each in messages for pair in _paths(each, path)]
    return [(path, str(messages))]
