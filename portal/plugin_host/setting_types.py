"""What a setting of a plugin is: its kind, its bounds, and the values that it takes.

A value has three forms: Python's, which plugins get; JSON, which the database keeps; text, which
people type. plugin.toml has Python's, since TOML knows dates and times.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time
from enum import StrEnum
from typing import Any

from portal.i18n import DEFAULT_LANGUAGE, LANGUAGES, Text

MOST_CHARACTERS = 2000
MOST_FEN = 10**13
"""A hundred thousand million yuan: what JSON keeps exactly, and nobody reaches."""
_BIGGEST = 2**53 - 1
_COLOR = re.compile(r"#[0-9a-f]{6}")
_WHOLE = re.compile(r"[+-]?[0-9]{1,16}")
_YUAN = re.compile(r"(?P<sign>[+-]?)¥?(?P<yuan>[0-9]{1,13})(?:\.(?P<rest>[0-9]{1,2}))?")


class SettingKind(StrEnum):
    """The kinds of settings, and what a plugin gets for each."""

    TEXT = "text"
    """str."""
    TEXTS = "texts"
    """dict[str, str]: a text by language."""
    NUMBER = "number"
    """int."""
    MONEY = "money"
    """int: fen."""
    YES_NO = "yes_no"
    """bool."""
    CHOICE = "choice"
    """str: the key of the choice."""
    COLOR = "color"
    """str: #rrggbb, small letters."""
    DATE = "date"
    """datetime.date."""
    TIME = "time"
    """datetime.time, without a zone."""
    SECRET = "secret"  # noqa: S105 - a kind, not a secret
    """str, from the environment only."""


@dataclass(frozen=True)
class Setting:
    """One thing that a plugin lets the club set.

    `least` and `most` bound a number or an amount (fen), `most` the characters of a text.
    `required`: the plugin is not switched on without a value. `per_project`: a project may have
    its own value; False for what is the same in the whole club. `choices`: (key, title).
    """

    key: str
    title: Text
    kind: SettingKind = SettingKind.TEXT
    hint: Text = ""
    default: Any = None
    required: bool = False
    per_project: bool = True
    least: int | None = None
    most: int | None = None
    choices: tuple[tuple[str, Text], ...] = ()


class WrongValueError(ValueError):
    """A value does not fit its setting; the text says in English what would."""


def wanted(setting: Setting) -> str:
    """Return in English what a setting takes: for the shell, and for authors of plugins."""
    if setting.kind is SettingKind.CHOICE:
        return f"one of {', '.join(key for key, _ in setting.choices)}"
    if setting.kind in (SettingKind.TEXT, SettingKind.TEXTS):
        return f"{_NAMES[setting.kind]} of at most {longest(setting)} characters"
    if setting.kind in (SettingKind.NUMBER, SettingKind.MONEY):
        low, high = bounds(setting)
        between = f" from {low} to {high}" if setting.least is not None else f" up to {high}"
        limited = setting.least is not None or setting.most is not None
        return _NAMES[setting.kind] + (between if limited else "")
    return _NAMES[setting.kind]


_NAMES = {
    SettingKind.TEXT: "a text",
    SettingKind.TEXTS: f"a table of texts by language ({', '.join(LANGUAGES)}), each",
    SettingKind.NUMBER: "a whole number",
    SettingKind.MONEY: "an amount in fen, whole",
    SettingKind.YES_NO: "true or false",
    SettingKind.COLOR: "a colour as # and six digits, such as #0f766e",
    SettingKind.DATE: "a date such as 2026-12-06",
    SettingKind.TIME: "a time such as 09:30",
    SettingKind.SECRET: "a variable of the environment",
}


def longest(setting: Setting) -> int:
    """Return how many characters a text may have."""
    return MOST_CHARACTERS if setting.most is None else setting.most


def bounds(setting: Setting) -> tuple[int, int]:
    """Return the least and the greatest number or amount, both allowed."""
    widest = MOST_FEN if setting.kind is SettingKind.MONEY else _BIGGEST
    low = -widest if setting.least is None else setting.least
    return low, widest if setting.most is None else setting.most


def check_value(setting: Setting, value: object) -> Any:
    """Return a value of Python's form, tidied. Raises WrongValueError."""
    if not _fits(setting, value):
        raise WrongValueError(f"must be {wanted(setting)}")
    if setting.kind is SettingKind.TEXTS:
        assert isinstance(value, Mapping)
        return {language: value[language] for language in LANGUAGES if value.get(language)}
    return value


def _fits(setting: Setting, value: object) -> bool:
    match setting.kind:
        case SettingKind.TEXT:
            return _is_text(setting, value)
        case SettingKind.TEXTS:
            return (
                isinstance(value, Mapping)
                and value.keys() <= LANGUAGES.keys()
                and all(_is_text(setting, text) for text in value.values())
            )
        case SettingKind.NUMBER | SettingKind.MONEY:
            low, high = bounds(setting)
            return type(value) is int and low <= value <= high
        case SettingKind.YES_NO:
            return isinstance(value, bool)
        case SettingKind.CHOICE:
            return isinstance(value, str) and value in {key for key, _ in setting.choices}
        case SettingKind.COLOR:
            return isinstance(value, str) and _COLOR.fullmatch(value) is not None
        case SettingKind.DATE:
            return type(value) is date
        case SettingKind.TIME:
            return isinstance(value, time) and value.tzinfo is None
    return False


def _is_text(setting: Setting, value: object) -> bool:
    # PostgreSQL keeps no NUL, and no half of a surrogate pair goes out as UTF-8.
    if not isinstance(value, str) or not 0 < len(value) <= longest(setting):
        return False
    return not any(char == "\0" or "\ud800" <= char <= "\udfff" for char in value)


def to_json(setting: Setting, value: Any) -> Any:
    """Return the form that the database keeps."""
    if setting.kind in (SettingKind.DATE, SettingKind.TIME):
        return value.isoformat()
    return value


def from_json(setting: Setting, kept: object) -> Any:
    """Return the value of a kept form. Raises WrongValueError when it fits no longer."""
    if setting.kind is SettingKind.SECRET:
        raise WrongValueError(f"must be {wanted(setting)}")
    if setting.kind in (SettingKind.DATE, SettingKind.TIME):
        return parse(setting, kept if isinstance(kept, str) else "")
    return check_value(setting, kept)


def parse(setting: Setting, typed: str) -> Any:
    """Return the value of one text that was typed; amounts are in yuan. Raises WrongValueError.

    A text in several languages is typed as one field each: see `portal.plugin_host.settings_form`.
    Here it is the text of the main language.
    """
    try:
        return check_value(setting, _PARSERS.get(setting.kind, str)(typed))
    except (ValueError, KeyError):
        raise WrongValueError(f"must be {typed_as(setting)}") from None


def typed_as(setting: Setting) -> str:
    """Return in English what is typed for a setting."""
    if setting.kind is SettingKind.MONEY:
        low, high = (show(setting, bound) for bound in bounds(setting))
        return f"an amount in yuan, such as 12.50, from {low} to {high}"
    if setting.kind is SettingKind.YES_NO:
        return "yes or no"
    return wanted(setting)


def show(setting: Setting, value: Any) -> str:
    """Return a value as it is typed: what `parse` reads."""
    match setting.kind:
        case SettingKind.MONEY:
            sign, fen = "-" if value < 0 else "", abs(value)
            return f"{sign}{fen // 100}.{fen % 100:02}"
        case SettingKind.YES_NO:
            return "yes" if value else "no"
        case SettingKind.DATE:
            return str(value.isoformat())
        case SettingKind.TIME:
            return str(value.isoformat("auto" if value.second else "minutes"))
        case SettingKind.TEXTS:
            return " / ".join(value.values())
    return str(value)


def _plain(typed: str) -> str:
    """Return digits as ASCII without grouping: Chinese keyboards type wide ones, too."""
    return unicodedata.normalize("NFKC", typed).strip().replace(",", "")


def _whole(typed: str) -> int:
    if not _WHOLE.fullmatch(_plain(typed)):
        raise ValueError(typed)
    return int(_plain(typed))


def _fen(typed: str) -> int:
    found = _YUAN.fullmatch(_plain(typed))
    if found is None:
        raise ValueError(typed)
    fen = int(found["yuan"]) * 100 + int((found["rest"] or "").ljust(2, "0"))
    return -fen if found["sign"] == "-" else fen


_PARSERS: dict[SettingKind, Any] = {
    SettingKind.TEXTS: lambda typed: {DEFAULT_LANGUAGE: typed},
    SettingKind.NUMBER: _whole,
    SettingKind.MONEY: _fen,
    SettingKind.YES_NO: lambda typed: {"yes": True, "no": False}[typed.strip().lower()],
    SettingKind.COLOR: lambda typed: _plain(typed).lower(),
    SettingKind.DATE: lambda typed: date.fromisoformat(_plain(typed)),
    SettingKind.TIME: lambda typed: time.fromisoformat(_plain(typed)),
}
