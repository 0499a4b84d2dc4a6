"""Languages: which one the reader gets, and texts that staff wrote in several."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any, TypeAlias

from babel import Locale, UnknownLocaleError
from babel.dates import format_skeleton
from flask import g, has_request_context, request
from flask_babel import LazyString, get_locale, gettext, lazy_gettext, ngettext, to_user_timezone
from sqlalchemy.exc import SQLAlchemyError

from portal import clock
from portal.api_address import is_api_request

LANGUAGES = {"zh_Hans_CN": "简体中文", "zh_Hant": "繁體中文", "en": "English"}
DEFAULT_LANGUAGE = "zh_Hans_CN"
LANGUAGE_COOKIE = "lang"
_FALLBACKS = {
    "zh_Hans_CN": ("zh_Hant", "en"),
    "zh_Hant": ("zh_Hans_CN", "en"),
    "en": ("zh_Hans_CN", "zh_Hant"),
}
_WANTED = {
    (Locale.parse(name).language, Locale.parse(name).script or ""): name for name in LANGUAGES
}

Text: TypeAlias = LazyString | str
"""What is shown to a reader, translated when it is shown."""
lazy = lazy_gettext
__all__ = [
    "DEFAULT_LANGUAGE",
    "LANGUAGES",
    "Text",
    "choose_language",
    "format_day",
    "format_month",
    "gettext",
    "lazy",
    "localized",
    "ngettext",
    "pick_language",
]


def pick_language(tags: Iterable[str]) -> str | None:
    """Return the first of our languages that a list of BCP 47 tags asks for, by script.

    zh-TW, zh-HK -> zh_Hant; zh, zh-SG -> zh_Hans_CN; en-GB -> en; anything else -> None.
    """
    for tag in tags:
        try:
            locale = Locale.parse(tag.replace("-", "_"))
        except (ValueError, UnknownLocaleError):
            continue
        script = locale.script or ("Hans" if locale.language == "zh" else "")
        if (locale.language, script) in _WANTED:
            return _WANTED[locale.language, script]
        if (locale.language, "") in _WANTED:
            return _WANTED[locale.language, ""]
    return None


def choose_language() -> str:
    """Return the reader's language: the account's, else the cookie's, else the browser's.

    A program says what it wants in a header of its own: to the API that comes first.
    """
    if not has_request_context():
        return DEFAULT_LANGUAGE
    asked = _asked() if is_api_request() else None
    if asked is not None:
        return asked
    for chosen in (_kept(), request.cookies.get(LANGUAGE_COOKIE)):
        if chosen in LANGUAGES:
            return chosen
    return _asked() or DEFAULT_LANGUAGE


def _kept() -> str | None:
    """Return what the reader's account says; nothing while the database that holds it is away."""
    account = g.get("account")
    try:
        return account.locale if account else None
    except SQLAlchemyError:
        return None


def _asked() -> str | None:
    return pick_language(tag for tag, _ in request.accept_languages)


def localized(texts: Mapping[str, str] | None, language: str | None = None) -> str:
    """Return the text in the reader's language, else in the nearest one that has it."""
    if not texts:
        return ""
    language = language or str(get_locale() or DEFAULT_LANGUAGE)
    for candidate in (language, *_FALLBACKS.get(language, ()), DEFAULT_LANGUAGE):
        if texts.get(candidate):
            return texts[candidate]
    return next(iter(texts.values()))


def format_day(value: date | datetime, *, weekday: bool = False) -> str:
    """Return a date as people say it: 12月6日, with the year when it is another one."""
    day: Any = to_user_timezone(value) if isinstance(value, datetime) else value
    skeleton = "MMMd" if day.year == clock.now().year else "yMMMd"
    return format_skeleton(skeleton + ("E" if weekday else ""), day, locale=get_locale())


def format_month(value: str) -> str:
    """Return a month kept as "2018-04" as people say it: 2018年4月."""
    year, month = map(int, value.split("-"))
    return str(format_skeleton("yMMM", date(year, month, 1), locale=get_locale()))
