"""The catalogue tool, on a small checkout of its own."""

from pathlib import Path

import pytest

from tools import translations as tool

SOURCE = """
from flask_babel import gettext as _, ngettext, pgettext
hello = _("Hello %(name)s", name="x")
points = ngettext("%(num)s point", "%(num)s points", 2)
verb = pgettext("verb", "Open")
"""
TEXTS: dict[str, str | list[str]] = {
    "Hello %(name)s": "%(name)s，您好",
    "%(num)s point": ["%(num)s 积分"],
    "verb\x04Open": "打开",
    "Account": "账号",
}


@pytest.fixture
def core(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tool.Owner:
    monkeypatch.setattr(tool, "ROOT", tmp_path)
    for folder in ("portal", "templates", "translations"):
        (tmp_path / folder).mkdir()
    (tmp_path / "portal" / "a.py").write_text(SOURCE, "utf-8")
    (tmp_path / "templates" / "a.html").write_text("{{ _('Account') }}", "utf-8")
    return tool.owners()[0]


def fill_all(core: tool.Owner) -> None:
    assert tool.fill(core, tool.HANS, TEXTS) == []
    assert tool.fill(core, tool.HANT, TEXTS) == []


def test_complete_catalogues_pass(core: tool.Owner):
    fill_all(core)
    assert tool.check(core) == []


def test_source_without_catalogue_fails(core: tool.Owner):
    assert len(tool.check(core)) == len(TEXTS) * len(tool.LOCALES)


def test_empty_entry_fails(core: tool.Owner):
    tool.update(core)
    assert all("empty" in fault for fault in tool.check(core))
    assert len(tool.check(core)) == len(TEXTS) * len(tool.LOCALES)


def test_new_and_unused_texts_fail_until_updated(core: tool.Owner):
    fill_all(core)
    (core.sources[1] / "a.html").write_text("{{ _('Profile') }}", "utf-8")
    assert [fault.split(": ")[1].split(" '")[0] for fault in tool.check(core)] == [
        "missing", "no longer used",
    ] * 2  # fmt: skip
    tool.update(core)
    assert tool.fill(core, tool.HANS, {"Profile": "资料"}) == []
    assert tool.fill(core, tool.HANT, {"Profile": "資料"}) == []
    assert tool.check(core) == []


def test_fuzzy_entry_and_foreign_placeholder_fail(core: tool.Owner):
    fill_all(core)
    po = core.po(tool.HANS)
    text = po.read_text("utf-8").replace("%(name)s，您好", "%(nmae)s，您好")
    po.write_text(text.replace('msgid "Account"', '#, fuzzy\nmsgid "Account"'), "utf-8")
    faults = tool.check(core)
    assert len(faults) == 2
    assert any("%(nmae)s" in fault for fault in faults)
    assert any("fuzzy 'Account'" in fault for fault in faults)


def test_fill_refuses_unknown_texts_and_wrong_placeholders(core: tool.Owner):
    wrong: dict[str, str | list[str]] = {
        "Nobody says this": "x",
        "Hello %(name)s": "您好",
        "%(num)s point": ["一", "二"],
        "Account": "",
        "Profile": "资料（50% 完成）",
    }
    assert len(tool.fill(core, tool.HANS, wrong)) == len(wrong)
    assert all("empty" in fault for fault in tool.check(core)), "nothing wrong was written"


def test_update_changes_nothing_the_second_time(core: tool.Owner):
    fill_all(core)
    before = core.po(tool.HANS).read_bytes()
    tool.update(core)
    assert core.po(tool.HANS).read_bytes() == before
    assert b"Date" not in before


def test_traditional_fills_only_what_is_empty(core: tool.Owner):
    assert tool.fill(core, tool.HANS, TEXTS) == []
    assert tool.fill(core, tool.HANT, {"Account": "我的帳號"}) == []
    tool.fill_traditional(core, tool.traditional())
    catalogue = tool.load(core, tool.HANT)
    assert catalogue.get("Account").string == "我的帳號"
    assert catalogue.get("Open", "verb").string == "開啟"
    assert tool.check(core) == []


def test_overrides_correct_the_converter():
    assert tool.traditional()("账号已通过审核") == "帳號已通過審核"


def test_plugins_have_catalogues_of_their_own(core: tool.Owner):
    folder = core.catalogues.parent / "plugins" / "events"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text("", "utf-8")
    (folder / "views.py").write_text("title = _('Register')", "utf-8")
    events = tool.owners()[1]
    assert tool.fill(events, tool.HANS, {"Register": "报名"}) == []
    tool.compile_catalogues(events)
    assert events.po(tool.HANS).with_suffix(".mo").is_file()
    assert not core.po(tool.HANS).exists()


def test_a_plugin_does_not_translate_cores_texts_again(core: tool.Owner):
    folder = core.catalogues.parent / "plugins" / "events"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text("", "utf-8")
    (folder / "views.py").write_text(
        "x = _('Register'), _('Account'), ngettext('%(num)s point', '%(num)s points', 1)", "utf-8"
    )
    events = tool.owners()[1]
    assert [message.id for message in tool.entries(tool.texts_of(events))] == ["Register"]
    for locale, text in ((tool.HANS, "报名"), (tool.HANT, "報名")):
        tool.fill(events, locale, {"Register": text})
    assert tool.check(events) == []


def test_a_plugin_may_say_cores_word_in_its_own_way(core: tool.Owner):
    tool.fill(core, tool.HANS, TEXTS)
    folder = core.catalogues.parent / "plugins" / "events"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text("", "utf-8")
    (folder / "views.py").write_text("x = _('Account'), _('Register')", "utf-8")
    events = tool.owners()[1]
    own = {"Account": "名单", "Register": "报名"}
    assert tool.fill(events, tool.HANS, own) == []
    assert tool.fill(events, tool.HANT, own) == []
    tool.update(events)
    assert tool.check(events) == []
    assert {m.id: m.string for m in tool.entries(tool.load(events, tool.HANS))} == own
    assert tool.load(core, tool.HANS).get("Account").string != "名单"
