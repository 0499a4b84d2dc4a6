"""From text to a checked document."""

import json
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError

from portal.club_file.errors import ClubFileError, Fault
from portal.club_file.schema import ClubSchema

LARGEST = 5_000_000
"""Characters."""


def read(text: str) -> dict[str, Any]:
    """Return the document of a file. Raises ClubFileError, which names every fault."""
    if len(text) > LARGEST:
        raise ClubFileError([Fault("", len(text), f"At most {LARGEST:,} characters.")])
    try:
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        near = text[max(error.pos - 10, 0) : error.pos + 10]
        raise ClubFileError([Fault(where, near, f"This is no JSON: {error.msg}.")]) from None
    except (ValueError, RecursionError) as error:
        raise ClubFileError([Fault("", "", str(error))]) from None
    if not isinstance(found, dict):
        raise ClubFileError([Fault("", found, "An object is wanted, { … }.")])
    try:
        ClubSchema().load(found)
    except ValidationError as error:
        raise ClubFileError(faults_in(found, error.messages)) from None
    except RecursionError:
        raise ClubFileError([Fault("", "", "It is nested too deeply.")]) from None
    return found


def faults_in(document: Any, messages: Any, path: str = "") -> list[Fault]:
    """Return marshmallow's tree of messages as faults, with what stands at each path."""
    if not isinstance(messages, Mapping):
        return [Fault(path, _value_at(document, path), str(each)) for each in messages]
    found = []
    for key, inner in messages.items():
        # Of a table, marshmallow says whether a key or its value is wrong.
        same = key == "_schema" or not isinstance(_value_at(document, path), Mapping | list)
        found += faults_in(document, inner, path if same else f"{path}.{key}".strip("."))
    return found


def _value_at(document: Any, path: str) -> Any:
    value = document
    for part in filter(None, path.split(".")):
        if isinstance(value, list) and part.isdigit() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            return None
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"The key {key!r} is there twice in one object.")
        found[key] = value
    return found


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no number.")
