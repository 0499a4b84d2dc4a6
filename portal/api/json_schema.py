"""The JSON Schema (2020-12) of marshmallow schemas, for files that people write."""

from collections.abc import Callable, Mapping
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema_of(
    schema: type[Schema],
    *,
    names: Callable[[type[Schema]], str],
    shapes: Mapping[type, Any] | None = None,
) -> dict[str, Any]:
    """Return the JSON Schema of a schema, the nested ones under $defs by their `names`.

    `shapes`: what to write for fields of our own classes.
    """

    def name_of(found: Any) -> str:
        return names(found if isinstance(found, type) else type(found))

    plugin = MarshmallowPlugin(schema_name_resolver=name_of)
    spec = APISpec("file", "1", "3.1.0", plugins=[plugin])

    def shape_of(_: Any, field: Any, **__: Any) -> dict[str, Any]:
        return dict((shapes or {}).get(type(field), {}))

    assert plugin.converter is not None
    plugin.converter.add_attribute_function(shape_of)
    spec.components.schema(name_of(schema), schema=schema)
    found = spec.to_dict()["components"]["schemas"]
    return {
        "$schema": DIALECT,
        "$ref": f"#/$defs/{name_of(schema)}",
        "$defs": {name: _closed(_referring(each)) for name, each in sorted(found.items())},
    }


_WORDS = {"minLength": "minProperties", "maxLength": "maxProperties"}


def _closed(found: dict[str, Any]) -> dict[str, Any]:
    """Refuse what the schema does not name, as loading does."""
    return {**found, "additionalProperties": False} if found.get("type") == "object" else found


def _referring(value: Any) -> Any:
    """Point into $defs, count an object's members, and anchor patterns as JSON Schema does."""
    if isinstance(value, Mapping):
        is_object = value.get("type") == "object"
        return {
            _WORDS.get(key, key) if is_object else key: _written(key, each)
            for key, each in value.items()
        }
    return [_referring(each) for each in value] if isinstance(value, list) else value


def _written(key: str, value: Any) -> Any:
    if isinstance(value, str) and key == "$ref":
        return value.replace("#/components/schemas/", "#/$defs/")
    if isinstance(value, str) and key == "pattern":
        return value.replace(r"\A", "^").replace(r"\Z", "$")
    return _referring(value)
