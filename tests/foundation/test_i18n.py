"""Which language a reader gets."""

import pytest
from flask import Flask

from portal.i18n import choose_language, localized, pick_language


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh-TW", "zh_Hant"),
        ("zh-HK", "zh_Hant"),
        ("zh-Hant-HK", "zh_Hant"),
        ("zh", "zh_Hans_CN"),
        ("zh-CN", "zh_Hans_CN"),
        ("zh-SG", "zh_Hans_CN"),
        ("en-GB", "en"),
        ("en", "en"),
        ("fr", None),
        ("../etc", None),
        ("", None),
        ("x" * 500, None),
    ],
)
def test_tags_are_read_by_script(tag: str, language: str | None) -> None:
    assert pick_language([tag]) == language


def test_the_first_language_that_we_have_wins() -> None:
    assert pick_language(["fr", "zh-HK", "en"]) == "zh_Hant"


@pytest.mark.parametrize("cookie", ["xx", "../etc", "en_GB", ""])
def test_a_forged_cookie_is_ignored(app: Flask, cookie: str) -> None:
    with app.test_request_context("/", headers={"Cookie": f"lang={cookie}"}):
        assert choose_language() == "zh_Hans_CN"


def test_a_text_falls_back_to_the_nearest_language() -> None:
    assert localized({"zh_Hans_CN": "滨江府", "en": "Binjiang"}, "zh_Hant") == "滨江府"
    assert localized({"en": "Binjiang"}, "zh_Hans_CN") == "Binjiang"
    assert localized({}, "en") == ""
