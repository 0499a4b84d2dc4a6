"""Reading what a request sends: JSON that our databases can hold."""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import marshmallow as ma
from flask import Request
from flask_smorest.arguments import FlaskParser
from werkzeug.exceptions import BadRequest, UnsupportedMediaType


class Parser(FlaskParser):
    """Webargs' parser, strict about media types and about what JSON may hold."""

    def load_json(self, req: Request, schema: ma.Schema) -> Any:
        """Return the body. Raises 415 for another media type, 400 for what cannot be read."""
        if req.mimetype != "application/json":
            raise UnsupportedMediaType
        return read_json(req.get_data(cache=True))

    def load_form(self, req: Request, schema: ma.Schema) -> Any:
        """Return a multipart form. Raises 415 for another media type, 400 for a NUL in it."""
        if req.mimetype != "multipart/form-data":
            raise UnsupportedMediaType
        if any("\0" in value for _, value in req.form.items(multi=True)):
            raise BadRequest
        return super().load_form(req, schema)


def read_json(data: bytes) -> Any:
    """Return what JSON in UTF-8 says. Raises 400.

    Refused are what is nested too deeply, numbers that are none (NaN) or endless, NUL and halves
    of surrogate pairs: no database holds them.
    """
    try:
        found = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
        if b"\\u" in data:
            for text in _texts(found):
                text.encode("utf-8")
                if "\0" in text:
                    raise ValueError("NUL")
    except (ValueError, RecursionError) as error:
        raise BadRequest from error
    return found


def _texts(found: Any) -> Iterator[str]:
    waiting = [found]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)
