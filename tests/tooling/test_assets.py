"""The browser files are there, complete, and ask for nothing that is not."""

import re
from pathlib import Path

import pytest

from tools import assets

ROOT = Path(__file__).resolve().parents[2]


def test_every_file_is_in_place():
    assert assets.is_current(), "run make setup"


def test_no_file_asks_for_a_source_map():
    for _, target in assets.COPIES:
        assert b"sourceMappingURL" not in target.read_bytes()[-300:]


def test_sprite_has_every_listed_icon():
    ids = re.findall(r'<symbol id="([\w-]+)"', assets.SPRITE.read_text("utf-8"))
    assert ids == assets.icon_names()


def test_icon_with_unknown_name_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(assets, "icon_names", lambda: ["no-such-icon"])
    with pytest.raises(assets.AssetError, match="no-such-icon"):
        assets.build_sprite(tmp_path)


def test_sprite_has_every_icon_that_is_named():
    """`icon("crown")` in a template, `icon="crown"` in either: a typing error shows nothing."""
    named = re.compile(
        r"""\b(?:icon|tile)(?:=|\()\s*["']([a-z0-9-]+)["']|icons\.svg#([a-z0-9-]+)"""
    )
    missing = {
        f"{path.relative_to(ROOT)}: {name}"
        for folder in ("templates", "portal", "plugins")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in (".html", ".py")
        for name in ("".join(found) for found in named.findall(path.read_text("utf-8")))
        if name not in assets.icon_names()
    }
    assert missing == set(), "add them to tools/icons.txt and run make setup"


def test_lock_names_no_download_address():
    lock = (ROOT / "package-lock.json").read_text("utf-8")
    assert '"resolved"' not in lock
    assert lock.count('"integrity"') == lock.count('"node_modules/')
