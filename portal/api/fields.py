"""The kinds of values in bodies: as strict as the document says, tidied as forms tidy."""

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Any, ClassVar

import marshmallow as ma
from marshmallow import fields, validate

from portal.forms import tidy
from portal.i18n import LANGUAGES

LONGEST_ID = 64


class Input(ma.Schema):
    """A body or a query that comes in; a field that the document does not name is refused.

    `ways`: the sets of fields of which one is needed, where there are several; the document says so
    (oneOf), the view tells which field of a way is missing.
    """

    ways: ClassVar[tuple[tuple[str, ...], ...]] = ()

    class Meta:
        """Marshmallow's settings."""

        unknown = ma.RAISE


class Output(ma.Schema):
    """A body that goes out; every field is always there."""

    class Meta:
        """Marshmallow's settings."""

        unknown = ma.RAISE

    def on_bind_field(self, field_name: str, field_obj: fields.Field) -> None:
        """Say in the document that the field is always there."""
        field_obj.required = True


class Known:
    """A validator that lets the document name a field's values, which plugins add to; the service
    that the value is for refuses others."""

    def __init__(self, values: Callable[[], Iterable[str]]) -> None:
        self._values = values

    @property
    def choices(self) -> list[str]:
        """The values as they are now, where the document looks for them."""
        return list(self._values())

    def __call__(self, value: str) -> str:
        """Take any value."""
        return value


class Text(fields.String):
    """A text of at most `longest` characters, without control characters and outer space."""

    def __init__(self, longest: int = 200, *, known: Known | None = None, **options: Any) -> None:
        rules = [validate.Length(max=longest), *((known,) if known else ())]
        super().__init__(validate=rules, **options)

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> str:
        return str(tidy(super()._deserialize(value, attr, data, **options)))


class Secret(fields.String):
    """A text that is taken as it is: a password, a token."""

    def __init__(self, longest: int = 200, **options: Any) -> None:
        super().__init__(validate=validate.Length(max=longest), **options)


class Choice(fields.String):
    """One of the values of an enumeration."""

    def __init__(self, values: type[StrEnum] | tuple[str, ...], **options: Any) -> None:
        super().__init__(validate=validate.OneOf([str(value) for value in values]), **options)


class Whole(fields.Integer):
    """A whole number, written as one."""

    def __init__(self, low: int, high: int, **options: Any) -> None:
        super().__init__(strict=True, validate=validate.Range(low, high), **options)

    def _validated(self, value: Any) -> Any:
        if isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return super()._validated(value)


class Flag(fields.Boolean):
    """True or false, not a word or a number for it."""

    def _deserialize(self, value: Any, attr: Any, data: Any, **options: Any) -> bool:
        if not isinstance(value, bool):
            raise self.make_error("invalid", input=value)
        return value


class Day(fields.Date):
    """A date: 2026-04-18."""

    def _deserialize(self, value: Any, *arguments: Any, **options: Any) -> Any:
        # The reader also takes 20260418 and 2026-W16-6, which the document does not promise.
        if not isinstance(value, str) or len(value) != 10 or value[4] != "-" or "W" in value:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        return super()._deserialize(value, *arguments, **options)


class Moment(fields.AwareDateTime):
    """A moment in UTC: 2026-04-18T09:30:00+00:00."""


def list_of(inner: type[ma.Schema] | fields.Field, **options: Any) -> fields.Field:
    """Return the field for a list of objects or values."""
    if isinstance(inner, fields.Field):
        return fields.List(inner, **options)
    return fields.List(fields.Nested(inner), **options)


def texts_of(longest: int, **options: Any) -> fields.Dict:
    """Return the field of a text in several languages: {"zh_Hans_CN": "…", "en": "…"}."""
    return fields.Dict(
        keys=fields.String(validate=validate.OneOf(list(LANGUAGES))),
        values=Text(longest),
        **options,
    )
