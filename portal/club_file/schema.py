"""The form of the file. Its parts are the forms in which points, tiers and rules keep their own."""

from functools import cache
from typing import Any

from marshmallow import Schema, fields, validates_schema
from marshmallow.exceptions import ValidationError
from marshmallow.validate import Equal, Length, OneOf, Range, Regexp

from portal.api.json_schema import json_schema_of
from portal.earning.drafting import MOST_RULES
from portal.earning.schema import RuleSchema
from portal.i18n import DEFAULT_LANGUAGE, LANGUAGES
from portal.points.kinds import CurrencyKind, NegativePolicy, Rounding, SpendOrder
from portal.tiers.schema import ConditionField, LimitSchema, TermsSchema, TopSchema

FORMAT = "portal-club"
VERSION = 1
MOST_POINTS = 10**12
"""Milli-points: no single figure of the ledger is larger."""


def _texts() -> fields.Dict:
    return fields.Dict(
        keys=fields.String(validate=OneOf(list(LANGUAGES))),
        values=fields.String(validate=Length(1, 60)),
        validate=_has_main_language,
    )


def _has_main_language(value: dict[str, str]) -> None:
    if DEFAULT_LANGUAGE not in value:
        raise ValidationError(f"A text in {DEFAULT_LANGUAGE} is needed.")


def _word(values: Any) -> fields.String:
    return fields.String(validate=OneOf([str(value) for value in values]))


def _whole(least: int, most: int, **options: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=Range(least, most), **options)


class CurrencySchema(Schema):
    """A kind of points. What is left out stays as it is. Points are milli-points, cost is fen."""

    key = fields.String(required=True, validate=OneOf([str(kind) for kind in CurrencyKind]))
    name = _texts()
    spend_order = _word(SpendOrder)
    expiry_months = _whole(1, 1200, allow_none=True)
    expiry_rounding = _word(Rounding)
    expiry_day = _whole(101, 1231, allow_none=True)
    december_carry = fields.Boolean(truthy={True}, falsy={False})
    activity_extends = fields.Boolean(truthy={True}, falsy={False})
    decay_parts = _whole(1, 24)
    reinstate_days = _whole(0, 366)
    negative_policy = _word(NegativePolicy)
    negative_limit = _whole(0, MOST_POINTS)
    transfer_limit = _whole(0, MOST_POINTS)
    alone_limit = _whole(0, MOST_POINTS)
    cost_fen = _whole(0, 10**9)


class SchemeSchema(Schema):
    """A ladder of tiers with its benefits; one is the club's own, shown on the card."""

    key = fields.String(
        required=True,
        validate=Regexp(r"\A[a-z][a-z0-9_-]{0,29}\Z", error="a-z, 0-9, - and _, a letter first"),
    )
    name = _texts()
    is_club = fields.Boolean(required=True, truthy={True}, falsy={False})
    terms = fields.Nested(TermsSchema, required=True)


class ClubSchema(Schema):
    """A club: each part may be left out, and stays as it is then."""

    format = fields.String(required=True, validate=Equal(FORMAT))
    version = fields.Integer(strict=True, required=True, validate=Equal(VERSION))
    currencies = fields.List(fields.Nested(CurrencySchema), validate=Length(0, len(CurrencyKind)))
    schemes = fields.List(fields.Nested(SchemeSchema), validate=Length(0, 20))
    rules = fields.List(fields.Nested(RuleSchema), validate=Length(0, MOST_RULES))

    @validates_schema
    def names_each_once(self, data: dict[str, Any], **_: Any) -> None:
        """Refuse keys that are there twice, and two schemes for the card."""
        faults: dict[str, Any] = {}
        for part in ("currencies", "schemes", "rules"):
            keys = [each["key"] for each in data.get(part, ())]
            twice = {
                place: {"key": ["It is there twice."]}
                for place, key in enumerate(keys)
                if key in keys[:place]
            }
            if twice:
                faults[part] = twice
        clubs = [n for n, each in enumerate(data.get("schemes", ())) if each["is_club"]]
        if len(clubs) > 1:
            faults.setdefault("schemes", {}).setdefault(clubs[1], {})["is_club"] = [
                "Only one scheme is the club's."
            ]
        if faults:
            raise ValidationError(faults)


class _ConditionParts(Schema):
    """The two leaves of a condition, named so that $defs holds them."""

    limit = fields.Nested(LimitSchema)
    top = fields.Nested(TopSchema)


@cache
def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the file."""
    condition = {
        "anyOf": [{"$ref": "#/components/schemas/TiersCondition"}, {"type": "null"}],
        "description": "null: for everybody.",
    }
    parts = json_schema_of(_ConditionParts, names=_name_of)["$defs"]
    found = json_schema_of(ClubSchema, names=_name_of, shapes={ConditionField: condition})
    groups = [
        {
            "type": "object",
            "properties": {name: {"type": "array", "minItems": 1, "maxItems": 12, "items": _AGAIN}},
            "required": [name],
            "additionalProperties": False,
        }
        for name in ("all", "any")
    ]
    top = {
        "type": "object",
        "properties": {"top": {"$ref": "#/$defs/TiersTop"}},
        "required": ["top"],
        "additionalProperties": False,
    }
    found["$defs"] |= {name: parts[name] for name in ("TiersLimit", "TiersTop")}
    found["$defs"]["TiersCondition"] = {"anyOf": [*groups, top, {"$ref": "#/$defs/TiersLimit"}]}
    found["title"] = "A club in a file"
    return found


_AGAIN = {"$ref": "#/$defs/TiersCondition"}


def _name_of(schema: type[Schema]) -> str:
    owner = schema.__module__.split(".")[1]
    return owner.title().replace("_", "") + schema.__name__.strip("_").removesuffix("Schema")
