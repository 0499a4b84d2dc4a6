"""`portal keys`: a new key, and everything under it, while the portal serves."""

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from portal.accounts.models import Account
from portal.config import Settings, SettingsError, add_kept_key, load_settings, with_kept_keys
from portal.crypto import decrypt, encrypt, key_version
from portal.extensions import db
from portal.operations import data_keys
from portal.operations.data_keys_cli import commands
from tests import factories as make

SECOND = b"2" * 32


@pytest.fixture
def second_key(app: Flask, settings: Settings) -> Iterator[None]:
    """A second key beside the first; what is made from here on is under the second."""
    keys = {**settings.data_keys, 2: SECOND}
    app.extensions["portal.settings"] = replace(settings, data_keys=keys)
    yield
    app.extensions["portal.settings"] = settings


def run(app: Flask, *words: str) -> Result:
    db.session.commit()
    return CliRunner().invoke(commands, words, obj=ScriptInfo(create_app=lambda: app))


def sealed_phone(account: Account) -> bytes:
    found = db.session.scalar(
        sa.select(sa.type_coerce(Account.phone, sa.LargeBinary)).where(Account.id == account.id)
    )
    assert found is not None
    return bytes(found)


def test_everything_comes_under_the_new_key_and_reads_as_before(
    app: Flask, request: Any, monkeypatch: Any
) -> None:
    accounts = [make.make_account() for _ in range(5)]
    phones = [account.phone for account in accounts]
    request.getfixturevalue("second_key")
    monkeypatch.setattr(data_keys, "BATCH", 2)
    before = run(app, "status")
    assert before.exit_code == 1
    assert "5 values are under another" in before.output
    rotated = run(app, "rotate")
    assert rotated.exit_code == 0, rotated.output
    assert "5 values are under key 2 now" in rotated.output
    assert [key_version(sealed_phone(account)) for account in accounts] == [2] * 5
    db.session.expire_all()
    assert [account.phone for account in accounts] == phones
    after = run(app, "status")
    assert (after.exit_code, "0 values are under another" in after.output) == (0, True)
    assert "0 values" in run(app, "rotate").output


def test_what_changed_meanwhile_is_not_overwritten(app: Flask, request: Any) -> None:
    account = make.make_account()
    request.getfixturevalue("second_key")
    batches = data_keys.rotate()
    column = next(each for each in data_keys.encrypted_columns() if each.table.name == "account")
    rows = data_keys._under_another_key(column, 0)
    account.phone = make.make_phone()
    db.session.commit()
    assert data_keys._replace(column, rows) == 0
    phone = account.phone
    assert dict(batches) == {}
    db.session.refresh(account)
    assert account.phone == phone


def test_a_running_process_learns_of_a_key_that_another_added(app: Flask, tmp_path: Path) -> None:
    kept = load_settings({"PORTAL_HOME": str(tmp_path)})
    before = app.extensions["portal.settings"]
    try:
        app.extensions["portal.settings"] = kept
        old = encrypt("+8619900000001")
        assert add_kept_key(kept) == 2
        assert key_version(encrypt("x")) == 1
        app.extensions["portal.settings"] = with_kept_keys(kept)
        new = encrypt("+8619900000002")
        assert key_version(new) == 2
        app.extensions["portal.settings"] = kept
        assert decrypt(new) == "+8619900000002"
        assert decrypt(old) == "+8619900000001"
        assert key_version(encrypt("x")) == 2
    finally:
        app.extensions["portal.settings"] = before
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert set(json.loads((tmp_path / "keys.json").read_text())) == {"secret_key", "data_keys"}


def test_keys_of_the_environment_stay_there(app: Flask, tmp_path: Path) -> None:
    first, second = (base64.urlsafe_b64encode(bytes([n]) * 32).decode() for n in (1, 2))
    given = {"PORTAL_HOME": str(tmp_path), "PORTAL_DATA_KEYS": f"1:{first},2:{second}"}
    with pytest.raises(SettingsError, match="PORTAL_DATA_KEYS holds the keys"):
        add_kept_key(load_settings(given))
    held_back = load_settings({**given, "PORTAL_DATA_KEY_VERSION": "1"})
    before = app.extensions["portal.settings"]
    try:
        app.extensions["portal.settings"] = held_back
        assert key_version(encrypt("x")) == 1
    finally:
        app.extensions["portal.settings"] = before
    with pytest.raises(SettingsError, match="PORTAL_DATA_KEY_VERSION"):
        load_settings({**given, "PORTAL_DATA_KEY_VERSION": "3"})
