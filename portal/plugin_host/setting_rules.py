"""What a plugin may declare as its settings, checked at boot."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from portal.i18n import DEFAULT_LANGUAGE, Text
from portal.plugin_host.setting_types import (
    MOST_CHARACTERS,
    MOST_FEN,
    Setting,
    SettingKind,
    WrongValueError,
    check_value,
)

KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
MOST_SETTINGS = 100


class SettingError(Exception):
    """A plugin's settings break the contract; the text says how."""


def check_settings(
    settings: Sequence[Setting], manifest_values: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Return the manifest's values, checked. Raises SettingError."""
    if len(settings) > MOST_SETTINGS:
        raise SettingError(f"there are {len(settings)} settings: {MOST_SETTINGS} at most")
    by_key: dict[str, Setting] = {}
    for setting in settings:
        _check(setting)
        if setting.key in by_key:
            raise SettingError(f"the setting {setting.key!r} is there twice")
        by_key[setting.key] = setting
    return MappingProxyType(dict(_of_the_manifest(by_key, manifest_values)))


def _of_the_manifest(
    by_key: Mapping[str, Setting], values: Mapping[str, Any]
) -> Iterable[tuple[str, Any]]:
    for key, value in values.items():
        setting = by_key.get(key)
        if setting is None:
            raise SettingError(f"[settings] of plugin.toml has {key!r}, which is no setting")
        if setting.kind is SettingKind.SECRET:
            raise SettingError(f"[settings] of plugin.toml holds {key!r}, which is a secret")
        yield key, _checked(setting, value, f"{key!r} in [settings] of plugin.toml")


def _check(setting: Setting) -> None:
    if not isinstance(setting.key, str) or not KEY.fullmatch(setting.key):
        raise SettingError(f"the key {setting.key!r} of a setting is not of the form {KEY.pattern}")
    name = f"the setting {setting.key!r}"
    if not isinstance(setting.kind, SettingKind):
        raise SettingError(f"{name} has the kind {setting.kind!r}, not one of SettingKind")
    if not isinstance(setting.title, Text) or not isinstance(setting.hint, Text):
        raise SettingError(f"{name} must have a title, and texts for title and hint")
    if isinstance(setting.title, str) and not setting.title.strip():
        raise SettingError(f"{name} must have a title")
    if type(setting.required) is not bool or type(setting.per_project) is not bool:
        raise SettingError(f"{name}: required and per_project must be True or False")
    _check_bounds(setting, name)
    _check_choices(setting, name)
    if setting.default is not None:
        if setting.kind is SettingKind.SECRET:
            raise SettingError(f"{name} is a secret: it has no default")
        _checked(setting, setting.default, f"the default of {setting.key!r}")


def _check_bounds(setting: Setting, name: str) -> None:
    numbers = (SettingKind.NUMBER, SettingKind.MONEY)
    texts = (SettingKind.TEXT, SettingKind.TEXTS)
    for bound, kinds in ((setting.least, numbers), (setting.most, numbers + texts)):
        if bound is not None and (type(bound) is not int or setting.kind not in kinds):
            raise SettingError(f"{name}: least and most are whole numbers that bound a number")
        if bound is not None and abs(bound) > MOST_FEN:
            raise SettingError(f"{name}: the bound {bound} is too far out")
    if setting.kind in texts and setting.most is not None:
        if not 0 < setting.most <= MOST_CHARACTERS:
            raise SettingError(f"{name}: a text may have 1 to {MOST_CHARACTERS} characters")
    elif setting.least is not None and setting.most is not None and setting.least > setting.most:
        raise SettingError(f"{name}: least is more than most")


def _check_choices(setting: Setting, name: str) -> None:
    if setting.kind is not SettingKind.CHOICE:
        if setting.choices != ():
            raise SettingError(f"{name} has choices, but is no choice")
        return
    if not isinstance(setting.choices, tuple) or not all(
        isinstance(each, tuple)
        and len(each) == 2
        and isinstance(each[0], str)
        and KEY.fullmatch(each[0])
        and isinstance(each[1], Text)
        for each in setting.choices
    ):
        raise SettingError(f"{name}: choices are pairs of a key ({KEY.pattern}) and a title")
    keys = [key for key, _ in setting.choices]
    if not keys or len(set(keys)) < len(keys):
        raise SettingError(f"{name} needs choices, each key once")


def _checked(setting: Setting, given: object, name: str) -> Any:
    try:
        value = check_value(setting, given)
    except WrongValueError as error:
        raise SettingError(f"{name} {error}, not {given!r}"[:300]) from None
    if setting.kind is SettingKind.TEXTS and DEFAULT_LANGUAGE not in value:
        raise SettingError(f"{name} needs a text in {DEFAULT_LANGUAGE}")
    return value
