"""Leaked passwords: found in the sorted file, and only those."""

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from portal.accounts.password_rules import WeakPasswordError, check_password
from portal.leaked import has_leaked


def write(file: Path, passwords: set[str], end: str = "\n") -> Path:
    hashes = sorted(hashlib.sha1(each.encode()).hexdigest().upper() for each in passwords)  # noqa: S324
    lines = [f"{each}:{number * 97 + 1}{end}" for number, each in enumerate(hashes)]
    file.write_text("".join(lines), "ascii", newline="")
    return file


@given(
    leaked=st.sets(st.text(min_size=1, max_size=8), min_size=1, max_size=40),
    other=st.text(max_size=8),
    end=st.sampled_from(["\n", "\r\n"]),
)
def test_all_that_are_there_are_found_and_no_other(
    tmp_path_factory: pytest.TempPathFactory, leaked: set[str], other: str, end: str
) -> None:
    file = write(tmp_path_factory.mktemp("leaked") / "list", leaked, end)
    assert all(has_leaked(each, file) for each in leaked)
    assert has_leaked(other, file) is (other in leaked)


def test_a_good_password_that_leaked_is_refused(app: Flask, tmp_path: Path) -> None:
    password = "kettle-ocean-violin-77"
    before = app.extensions["portal.settings"]
    file = write(tmp_path / "list", {password, "x"})
    app.extensions["portal.settings"] = replace(before, leaked_passwords=file)
    try:
        with app.test_request_context(headers={"Accept-Language": "en"}):
            with pytest.raises(WeakPasswordError, match="leaked"):
                check_password(password)
            check_password(password + "x")
    finally:
        app.extensions["portal.settings"] = before
