"""Settings that break the contract put their plugin into quarantine, with a reason to act on."""

import pytest

from portal.plugin_host.setting_rules import KEY
from tests.plugin_host.test_loader import Make, load, reason

__all__ = ["load"]
HEAD = """
from datetime import date, time
from portal.sdk import Setting, SettingKind, hookimpl
K = SettingKind

@hookimpl
def register_settings():
    return {}
"""


def test_good_settings_are_kept(load: Make) -> None:
    hooks = HEAD.format("[Setting('limit', 'Limit', K.NUMBER), Setting('token', 'T', K.SECRET)]")
    host = load(hooks, more="[settings]\nlimit = 3")
    assert host.quarantined == {}
    plugin = host.loaded["trial"]
    assert [setting.key for setting in plugin.settings] == ["limit", "token"]
    assert dict(plugin.manifest_values) == {"limit": 3}


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        ("'nonsense'", "must return a list"),
        ("None", "must return a list"),
        ("[3]", "must return Setting, not int"),
        ("[Setting]", "must return Setting, not type"),
        ("1/0", "ZeroDivisionError"),
        ("__import__('sys').exit(3)", "SystemExit"),
        ("[Setting(key='Limit', title='x')]", "the key 'Limit'"),
        ("[Setting(key='1st', title='x')]", "the key '1st'"),
        ("[Setting(key='a-b', title='x')]", "the key 'a-b'"),
        ("[Setting(key='', title='x')]", "the key ''"),
        ("[Setting(key='x' * 41, title='x')]", "is not of the form"),
        ("[Setting(key=None, title='x')]", "the key None"),
        ("[Setting('a', 'x'), Setting('a', 'y')]", "'a' is there twice"),
        ("[Setting('a', ' ')]", "must have a title"),
        ("[Setting('a', 3)]", "must have a title"),
        ("[Setting('a', 'x', hint=3)]", "texts for title and hint"),
        ("[Setting('a', 'x', kind='text')]", "not one of SettingKind"),
        ("[Setting('a', 'x', required=1)]", "must be True or False"),
        ("[Setting('a', 'x', per_project='no')]", "must be True or False"),
        ("[Setting('a', 'x', K.NUMBER, default='3')]", "default of 'a' must be a whole number"),
        ("[Setting('a', 'x', K.NUMBER, default=True)]", "default of 'a' must be a whole number"),
        ("[Setting('a', 'x', K.NUMBER, default=9, most=5)]", "up to 5, not 9"),
        ("[Setting('a', 'x', K.NUMBER, least=5, most=1)]", "least is more than most"),
        ("[Setting('a', 'x', K.NUMBER, least='1')]", "least and most"),
        ("[Setting('a', 'x', K.NUMBER, most=10**30)]", "too far out"),
        ("[Setting('a', 'x', K.DATE, most=3)]", "least and most"),
        ("[Setting('a', 'x', most=0)]", "1 to 2000 characters"),
        ("[Setting('a', 'x', most=2001)]", "1 to 2000 characters"),
        ("[Setting('a', 'x', default='')]", "default of 'a' must be a text"),
        ("[Setting('a', 'x', K.MONEY, default=1.5)]", "an amount in fen"),
        ("[Setting('a', 'x', K.YES_NO, default='yes')]", "true or false"),
        ("[Setting('a', 'x', K.COLOR, default='red')]", "a colour"),
        ("[Setting('a', 'x', K.DATE, default='2026-12-06')]", "a date"),
        ("[Setting('a', 'x', K.TIME, default=9)]", "a time"),
        ("[Setting('a', 'x', K.TEXTS, default={'fr': 'x'})]", "texts by language"),
        ("[Setting('a', 'x', K.TEXTS, default={'en': 'x'})]", "needs a text in zh_Hans_CN"),
        ("[Setting('a', 'x', K.CHOICE)]", "needs choices"),
        ("[Setting('a', 'x', K.CHOICE, choices=('b', 'c'))]", "pairs of a key"),
        ("[Setting('a', 'x', K.CHOICE, choices=[('b', 'B')])]", "pairs of a key"),
        ("[Setting('a', 'x', K.CHOICE, choices=(('b', 'B'), ('b', 'C')))]", "each key once"),
        ("[Setting('a', 'x', K.CHOICE, choices=(('b', 'B'),), default='c')]", "one of b, not 'c'"),
        ("[Setting('a', 'x', choices=(('b', 'B'),))]", "is no choice"),
        ("[Setting('a', 'x', K.SECRET, default='s')]", "is a secret: it has no default"),
        ("[Setting(f'a{n}', 'x') for n in range(101)]", "100 at most"),
    ],
)
def test_bad_settings_are_quarantined(load: Make, returned: str, words: str) -> None:
    assert words in reason(load(HEAD.format(returned)))


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("limit = '3'", "'limit' in [settings] of plugin.toml must be a whole number from 1 to 5"),
        ("limit = 9", "from 1 to 5, not 9"),
        ("limit = 2.0", "not 2.0"),
        ("limits = 3", "has 'limits', which is no setting"),
        ("token = 'abcdef'", "holds 'token', which is a secret"),
        ("day = '2026-12-06'", "a date"),
        ("day = 2026-12-06T09:00:00", "a date"),
        ("at = 25", "a time"),
    ],
)
def test_bad_values_of_the_manifest_are_quarantined(load: Make, table: str, words: str) -> None:
    hooks = HEAD.format(
        "[Setting('limit', 'x', K.NUMBER, least=1, most=5), Setting('token', 'T', K.SECRET), "
        "Setting('day', 'x', K.DATE), Setting('at', 'x', K.TIME)]"
    )
    found = reason(load(hooks, more=f"[settings]\n{table}"))
    assert words in found
    assert "abcdef" not in found


def test_a_table_of_the_manifest_without_settings_is_quarantined(load: Make) -> None:
    assert "which is no setting" in reason(load(more="[settings]\nlimit = 3"))
    assert "[settings] must be a table" in reason(load(more="settings = 3"))


@pytest.mark.parametrize(
    ("name", "near"),
    [("member_hom", "member_home"), ("register_setings", "register_settings"), ("zzz", None)],
)
def test_the_nearest_hook_is_named(load: Make, name: str, near: str | None) -> None:
    hooks = f"from portal.sdk import hookimpl\n@hookimpl\ndef {name}(): pass"
    found = reason(load(hooks))
    assert f"unknown hook {name!r}" in found
    assert (f"did you mean {near!r}?" in found) == (near is not None)


def test_keys_fit_their_column() -> None:
    assert KEY.fullmatch("x" * 40)
    assert not KEY.fullmatch("x" * 41)
