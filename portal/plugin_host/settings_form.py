"""The form of a plugin's settings, made from what it registered.

An empty field means the layer below. What a field showed goes along hidden, with the version of
the kept value: so a field that nobody touched is never saved, and two who save at once are told.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import format_currency, format_date, format_decimal, format_time
from wtforms import HiddenField, SelectField, StringField, ValidationError
from wtforms.widgets import TextArea

from portal.club.queries import current_club
from portal.forms import Form, SelectChoice
from portal.i18n import LANGUAGES, Text, gettext, localized
from portal.plugin_host.setting_types import (
    Setting,
    SettingKind,
    WrongValueError,
    bounds,
    check_value,
    longest,
    parse,
    show,
    to_json,
)
from portal.plugin_host.settings import Layer, Resolved, Rows
from portal.plugin_host.settings_service import Change

LONG_TEXT = 200
"""Texts that may be longer get several lines."""
_VERSION = re.compile(r"[\w-]{22}", re.ASCII)
_SELECTS = frozenset({SettingKind.YES_NO, SettingKind.CHOICE})


class ValueField(StringField):
    """A text that is the value of a setting; `value` holds it once it is valid, None if empty."""

    def __init__(self, setting: Setting, label: Text, **options: Any) -> None:
        super().__init__(label, **options)
        self.setting = setting
        self.value: Any = None
        if setting.kind in (SettingKind.TEXT, SettingKind.TEXTS) and longest(setting) > LONG_TEXT:
            self.widget = TextArea()

    def pre_validate(self, form: Any) -> None:
        """Refuse what does not fit, in the reader's language."""
        self.value = None
        if not self.data:
            return
        try:
            self.value = parse(self.setting, self.data)
        except WrongValueError:
            raise ValidationError(refusal(self.setting)) from None


class TextOfOneLanguage(ValueField):
    """The text of a setting in one language; `value` is that text."""

    def pre_validate(self, form: Any) -> None:
        """Refuse a text that is too long."""
        super().pre_validate(form)
        self.value = self.data if self.value else None


class ValueSelect(SelectField):
    """A choice, or the layer below."""

    def __init__(self, setting: Setting, label: Text, below: Text, **options: Any) -> None:
        titles = dict(setting.choices)
        if setting.kind is SettingKind.YES_NO:
            titles = {"yes": gettext("Yes"), "no": gettext("No")}
        choices = [SelectChoice("", below)]
        choices += [SelectChoice(key, str(title)) for key, title in titles.items()]
        super().__init__(label, choices=choices, **options)
        self.setting = setting

    @property
    def value(self) -> Any:
        """The chosen value, None for the layer below."""
        return parse(self.setting, self.data) if self.data else None


@dataclass(frozen=True)
class Entry:
    """A setting on the page: what is known of it, and its fields, none where it is only shown."""

    found: Resolved
    own: Layer
    fields: Sequence[Any] = ()
    seen: Any = None

    @property
    def setting(self) -> Setting:
        """The setting."""
        return self.found.setting

    @property
    def value(self) -> Any:
        """The value that was typed, None for the layer below; valid forms only."""
        if self.setting.kind is not SettingKind.TEXTS:
            return self.fields[0].value
        texts = {
            language: field.value
            for language, field in zip(LANGUAGES, self.fields, strict=True)
            if field.value
        }
        return check_value(self.setting, texts) if texts else None


class SettingsForm(Form):
    """A form with a field for each setting that may be changed here; see `form_of`."""

    entries: Sequence[Entry] = ()

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        """Check each field, and that texts are there in the club's main language."""
        valid: bool = super().validate(*args, **kwargs)
        main = list(LANGUAGES).index(current_club().default_language)
        for entry in self.entries:
            if entry.setting.kind is SettingKind.TEXTS and entry.fields:
                field = entry.fields[main]
                if any(each.data for each in entry.fields) and not field.data:
                    field.errors = [*field.errors, gettext("Give the text in the main language.")]
                    valid = False
        return valid

    def changes(self) -> list[Change]:
        """Return what was changed since the page was shown; for valid forms."""
        found = []
        for entry in self.entries:
            if not entry.fields:
                continue
            version, shown = _read_seen(entry.seen.data)
            value = entry.value
            kept = None if value is None else to_json(entry.setting, value)
            # What does not fit any longer was shown as empty; saving takes it away.
            stale = entry.own in entry.found.misfits and kept is None
            if kept != shown or stale:
                found.append(Change(entry.setting.key, value, version))
        return found

    def see(self, own_rows: Rows, plugin: str) -> None:
        """Let the hidden fields say what is kept now; what was typed stays."""
        for entry in self.entries:
            if entry.fields:
                entry.seen.data = _seen(entry, own_rows, plugin)

    def fill(self) -> None:
        """Show the values of the layer that the page is about."""
        for entry in self.entries:
            value = entry.found.values.get(entry.own)
            if entry.setting.kind is SettingKind.TEXTS:
                for language, field in zip(LANGUAGES, entry.fields, strict=False):
                    field.data = (value or {}).get(language, "")
            elif entry.fields:
                entry.fields[0].data = "" if value is None else show(entry.setting, value)


def form_of(plugin: str, resolved: Sequence[Resolved], own_rows: Rows, own: Layer) -> SettingsForm:
    """Return the form for one layer, filled with its values unless it was sent."""
    made: dict[str, list[str]] = {}
    fields: dict[str, Any] = {}
    for found in resolved:
        setting = found.setting
        if setting.kind is SettingKind.SECRET or (own is Layer.PROJECT and not setting.per_project):
            continue
        names = _fields_of(found, own)
        made[setting.key] = list(names)
        fields.update(names)
        fields[f"seen-{setting.key}"] = HiddenField()
    form: SettingsForm = type("PluginSettingsForm", (SettingsForm,), fields)()
    form.entries = [
        Entry(
            found,
            own,
            [form[name] for name in made.get(found.setting.key, ())],
            form[f"seen-{found.setting.key}"] if found.setting.key in made else None,
        )
        for found in resolved
    ]
    if not form.is_submitted():
        form.fill()
        form.see(own_rows, plugin)
    return form


def _fields_of(found: Resolved, own: Layer) -> dict[str, Any]:
    setting = found.setting
    # A key has no "-", and Python no attribute with one: nothing of the form's own is replaced.
    name = f"s-{setting.key}"
    if setting.kind is SettingKind.TEXTS:
        return {
            f"{name}-{language}": TextOfOneLanguage(setting, title)
            for language, title in LANGUAGES.items()
        }
    if setting.kind in _SELECTS:
        return {name: ValueSelect(setting, setting.title, below=below_text(found, own))}
    return {name: ValueField(setting, setting.title)}


def below_text(found: Resolved, own: Layer) -> Text:
    """Return what an empty field means: the layer below, and its value."""
    layer = below(found, own)
    if layer is None:
        return gettext("Not set")
    value = shown(found.setting, found.values[layer])
    if layer is Layer.CLUB:
        return gettext("As in the club: %(value)s", value=value)
    return gettext("As the plugin comes: %(value)s", value=value)


def below(found: Resolved, own: Layer) -> Layer | None:
    """Return the layer that counts when `own` has no value."""
    layers = list(Layer)
    return next((each for each in layers[layers.index(own) + 1 :] if each in found.values), None)


def shown(setting: Setting, value: Any) -> Text:
    """Return a value as the reader says it, shortened."""
    match setting.kind:
        case SettingKind.YES_NO:
            return gettext("Yes") if value else gettext("No")
        case SettingKind.CHOICE:
            return str(dict(setting.choices)[value])
        case SettingKind.MONEY:
            return str(format_currency(value / 100, "CNY"))
        case SettingKind.NUMBER:
            return str(format_decimal(value))
        case SettingKind.DATE:
            return str(format_date(value))
        case SettingKind.TIME:
            return str(format_time(value, "HH:mm:ss" if value.second else "HH:mm", rebase=False))
        case SettingKind.TEXTS:
            return _short(localized(value))
    return _short(str(value))


def refusal(setting: Setting) -> Text:
    """Return what a setting takes, for somebody who typed something else."""
    low, high = bounds(setting)
    match setting.kind:
        case SettingKind.NUMBER:
            if setting.least is None and setting.most is None:
                return gettext("Give a whole number.")
            return gettext(
                "Give a whole number from %(low)s to %(high)s.",
                low=format_decimal(low),
                high=format_decimal(high),
            )
        case SettingKind.MONEY:
            if setting.least is None and setting.most is None:
                return gettext("Give an amount in yuan, such as 12.50.")
            return gettext(
                "Give an amount in yuan from %(low)s to %(high)s, such as 12.50.",
                low=show(setting, low),
                high=show(setting, high),
            )
        case SettingKind.COLOR:
            return gettext("Give the colour as # and six digits, such as #0f766e.")
        case SettingKind.DATE:
            return gettext("Give a date such as 2026-12-06.")
        case SettingKind.TIME:
            return gettext("Give a time such as 09:30.")
    return gettext("Give at most %(most)s characters.", most=longest(setting))


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _seen(entry: Entry, own_rows: Rows, plugin: str) -> str:
    row = own_rows.get((plugin, entry.setting.key))
    value = entry.found.values.get(entry.own)
    shown_value = None if value is None else to_json(entry.setting, value)
    return json.dumps([row.version if row else "", shown_value])


def _read_seen(text: str | None) -> tuple[str, Any]:
    """Return version and shown value; a forged text sees nothing, and so meets a conflict."""
    try:
        version, value = json.loads(text or "")
    except (ValueError, TypeError, RecursionError):
        return "", None
    return (version if isinstance(version, str) and _VERSION.fullmatch(version) else ""), value


def input_type(field: ValueField) -> str:
    """Return the type of a field's input; what a date picker cannot show is shown as text."""
    kinds = {SettingKind.DATE: "date", SettingKind.TIME: "time", SettingKind.COLOR: "text"}
    return "text" if field.errors else kinds.get(field.setting.kind, "text")
