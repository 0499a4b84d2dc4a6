"""Words with fields: `Dear {name}`. Only plain names in braces count, nothing is evaluated."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from string import Formatter
from typing import TypeAlias
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from flask_babel import LazyString, force_locale, format_decimal, format_time

from portal.club.queries import current_club
from portal.columns import Texts
from portal.extensions import db
from portal.i18n import LANGUAGES, format_day, localized
from portal.notifications.kinds import NotificationKind
from portal.notifications.models import NotificationWording

Value: TypeAlias = object
"""What a field may hold: text, texts by language, a whole number, a date, a moment (aware)."""


@dataclass(frozen=True)
class Wording:
    """Subject and body in every language, ready to be read."""

    subject: Texts
    body: Texts


class WordingError(ValueError):
    """Words cannot be used. `code`: unknown_field (`field` names it) or braces."""

    def __init__(self, code: str, field: str = "") -> None:
        super().__init__(code)
        self.code, self.field = code, field


def check_wording(text: str, fields: Collection[str]) -> None:
    """Raise WordingError unless `text` has only fields of this kind of notification."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as error:
        raise WordingError("braces") from error
    for _, field, format_spec, conversion in parts:
        if field is None:
            continue
        if format_spec or conversion or field not in fields:
            raise WordingError("unknown_field", field)


def check_values(fields: Collection[str], values: Mapping[str, object]) -> None:
    """Raise ValueError, which names the field, unless each field has a value that can be shown."""
    for name in sorted({*fields, *values}):
        if name not in values:
            raise ValueError(f"the field {name!r} has no value")
        if name not in fields:
            raise ValueError(f"there is no field {name!r}")
        if wrong := _wrong_with(values[name]):
            raise ValueError(f"the field {name!r} {wrong}")


def _wrong_with(value: object) -> str:
    """Return what keeps a value from being shown; nothing when it can be."""
    if isinstance(value, Mapping):
        named = value.keys() & LANGUAGES.keys()
        if named != value.keys() or not named:
            return f"needs texts by language: {', '.join(LANGUAGES)}"
        return "" if all(isinstance(text, str) for text in value.values()) else "has no texts"
    if isinstance(value, datetime):
        return "" if value.tzinfo else "is a moment without a time zone"
    if isinstance(value, bool) or not isinstance(value, str | int | date | LazyString):
        return f"is a {type(value).__name__}: give text, texts by language, an int, or a day"
    return ""


def fill_in(text: str, values: Mapping[str, str]) -> str:
    """Put values into the fields of checked words; a field without a value is left empty."""
    return "".join(
        literal + (values.get(field, "") if field is not None else "")
        for literal, field, _, _ in Formatter().parse(text)
    )


def wordings_of(kind: NotificationKind) -> dict[str, tuple[str, str]]:
    """Return subject and body by language: the club's own words, else the built-in ones."""
    own = own_wordings(kind)
    return {locale: own.get(locale) or usual(kind, locale) for locale in LANGUAGES}


def own_wordings(kind: NotificationKind) -> dict[str, tuple[str, str]]:
    """Return the club's own subject and body by language."""
    rows = db.session.scalars(
        sa.select(NotificationWording).where(NotificationWording.kind == kind.key)
    )
    return {row.locale: (row.subject, row.body) for row in rows}


def usual(kind: NotificationKind, locale: str) -> tuple[str, str]:
    """Return the built-in subject and body in a language."""
    with force_locale(locale):
        return str(kind.subject), str(kind.body)


def written_out(kind: NotificationKind, values: Mapping[str, Value]) -> Wording:
    """Return the words for a kind in every language with the values in."""
    return filled(wordings_of(kind), values)


def filled(words: Mapping[str, tuple[str, str]], values: Mapping[str, Value]) -> Wording:
    """Return subjects and bodies by language with the values in."""
    subjects, bodies = {}, {}
    for locale, (subject, body) in words.items():
        with force_locale(locale):
            shown = {name: _shown(value, locale) for name, value in values.items()}
        subjects[locale] = fill_in(subject, shown)
        bodies[locale] = fill_in(body, shown)
    return Wording(subjects, bodies)


def _shown(value: Value, locale: str) -> str:
    if isinstance(value, Mapping):
        return localized(value, locale)
    if isinstance(value, datetime):
        local = value.astimezone(ZoneInfo(current_club().time_zone))
        return f"{format_day(local.date())} {format_time(local, 'HH:mm', rebase=False)}"
    if isinstance(value, date):
        return format_day(value)
    if isinstance(value, int):
        return str(format_decimal(value))
    return str(value)
