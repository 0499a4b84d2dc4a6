"""Public ids are fit for addresses and for the command line."""

import secrets

import pytest

from portal.columns import new_public_id


def test_no_id_looks_like_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = iter(["-Vy-W1RgdzT12619Qt5exg", "--", "Vy-W1RgdzT12619Qt5exg-"])
    monkeypatch.setattr(secrets, "token_urlsafe", lambda _: next(drawn))
    assert new_public_id() == "Vy-W1RgdzT12619Qt5exg-"
