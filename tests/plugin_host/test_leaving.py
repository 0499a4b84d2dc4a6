"""A name of the SDK that leaves warns for a version, and says what to use."""

import pytest

from portal import sdk
from portal.sdk import leaving


def test_a_leaving_name_warns_where_it_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leaving, "LEAVING", {"old_now": ("portal.sdk.now", sdk.now)})
    with pytest.warns(DeprecationWarning, match=r"old_now leaves: use portal\.sdk\.now") as told:
        assert sdk.old_now is sdk.now
    assert told[0].filename == __file__
    with pytest.warns(DeprecationWarning, match="old_now"):
        from portal.sdk import old_now
    assert old_now is sdk.now


def test_an_unknown_name_is_an_error() -> None:
    with pytest.raises(ImportError, match="never_was"):
        from portal.sdk import never_was  # noqa: F401
