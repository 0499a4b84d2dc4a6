"""Settings: a wrong value is refused by the variable's name, and no secret is repeated."""

import base64
import json
import os
import threading
from pathlib import Path

import pytest

from portal.config import VARIABLES, SettingsError, load_settings

KEY = base64.urlsafe_b64encode(b"k" * 32).decode()
REFUSED = [
    ("PORTAL_DATABASE_URL", "mysql://root:hunter22@localhost/x"),
    ("PORTAL_DATABASE_URL", "portal.sqlite3"),
    ("PORTAL_DATABASE_URL", "postgresql:localhost"),
    ("PORTAL_DATABASE_URL", "sqlite:////no-such-folder/portal.sqlite3"),
    ("PORTAL_SECRET_KEY", "short"),
    ("PORTAL_SECRET_KEY", "x" * 31),
    ("PORTAL_DATA_KEYS", "hunter22"),
    ("PORTAL_DATA_KEYS", f"0:{KEY}"),
    ("PORTAL_DATA_KEYS", f"256:{KEY}"),
    ("PORTAL_DATA_KEYS", f"one:{KEY}"),
    ("PORTAL_DATA_KEYS", "1:" + base64.urlsafe_b64encode(b"k" * 31).decode()),
    ("PORTAL_DATA_KEYS", f"1:{KEY},"),
    ("PORTAL_DATA_KEY_VERSION", "3"),
    ("PORTAL_DATA_KEY_VERSION", "hunter22"),
    ("PORTAL_BASE_URL", "example.com"),
    ("PORTAL_BASE_URL", "https://"),
    ("PORTAL_BASE_URL", "ftp://example.com"),
    ("PORTAL_REDIS_URL", "http://:hunter22@localhost"),
    ("PORTAL_REDIS_URL", "localhost:6379"),
    ("PORTAL_PROXIES", "-1"),
    ("PORTAL_PROXIES", "6"),
    ("PORTAL_PROXIES", "one"),
    ("PORTAL_PROXIES", "１"),
    ("PORTAL_DEMO", "yes"),
    ("PORTAL_DEMO", "true"),
    ("PORTAL_DEVELOPMENT", "on"),
    ("PORTAL_LOG_LEVEL", "debug"),
    ("PORTAL_LOG_LEVEL", "LOUD"),
    ("PORTAL_LOG_FORMAT", "xml"),
    ("PORTAL_SMS_SENDER", "a pigeon"),
    ("PORTAL_WECHAT_SENDER", "smtp://localhost"),
    ("PORTAL_MAIL_SENDER", "http://:hunter22@localhost"),
    ("PORTAL_MAIL_SENDER", "smtp://:hunter22@"),
    ("PORTAL_MAIL_SENDER", "smtp://localhost:hunter22"),
    ("PORTAL_UPLOAD_MEGABYTES", "0"),
    ("PORTAL_UPLOAD_MEGABYTES", "101"),
    ("PORTAL_UPLOAD_MEGABYTES", "1.5"),
    ("PORTAL_BLOCK_PLUGINS", "no-name"),
    ("PORTAL_BLOCK_PLUGINS", "a,b c"),
    ("PORTAL_TRACE_HOOKS", "yes"),
    ("PORTAL_SLOW_MS", "-1"),
    ("PORTAL_METRICS_TOKEN", "hunter22"),
    ("PORTAL_UPLOADS_URL", "https://key:hunter22@bucket.example.com"),
    ("PORTAL_UPLOADS_URL", "s3://key:hunter22@bucket"),
    ("PORTAL_UPLOADS_URL", "s3://"),
    ("PORTAL_POOLED", "yes"),
    ("PORTAL_LEAKED_PASSWORDS", "no-such-file"),
    ("PORTAL_LEAKED_PASSWORDS", __file__),
]


@pytest.mark.parametrize(("name", "value"), REFUSED)
def test_a_wrong_value_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_settings({"PORTAL_HOME": str(tmp_path), name: value})
    said = str(refused.value)
    assert name in said
    assert "give" in said
    assert "hunter22" not in said


def test_every_variable_has_a_refusal_here() -> None:
    assert {name for name, _ in REFUSED} | {"PORTAL_HOME"} == VARIABLES


def test_a_home_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="PORTAL_HOME"):
        load_settings({"PORTAL_HOME": str(tmp_path / "file")})


@pytest.mark.parametrize("kept", ["", "[]", "{}", '{"secret_key": "x"}', "not json"])
def test_broken_keys_are_refused_and_never_made_anew(tmp_path: Path, kept: str) -> None:
    (tmp_path / "keys.json").write_text(kept)
    with pytest.raises(SettingsError, match="Restore it from a backup"):
        load_settings({"PORTAL_HOME": str(tmp_path)})
    assert (tmp_path / "keys.json").read_text() == kept


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    first = load_settings({"PORTAL_HOME": str(tmp_path)})
    again = load_settings({"PORTAL_HOME": str(tmp_path)})
    assert (first.secret_key, first.data_keys) == (again.secret_key, again.data_keys)
    assert (tmp_path / "keys.json").stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["keys.json"]


def test_workers_that_start_at_once_agree_on_the_keys(tmp_path: Path) -> None:
    found, start = [], threading.Barrier(8)

    def load() -> None:
        start.wait()
        found.append(load_settings({"PORTAL_HOME": str(tmp_path)}).secret_key)

    workers = [threading.Thread(target=load) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def test_given_keys_win_over_kept_ones(tmp_path: Path) -> None:
    given = load_settings(
        {
            "PORTAL_HOME": str(tmp_path),
            "PORTAL_SECRET_KEY": "s" * 40,
            "PORTAL_DATA_KEYS": f"1:{KEY}, 2:{KEY}",
        }
    )
    assert given.secret_key == "s" * 40
    assert sorted(given.data_keys) == [1, 2]
    assert "s" * 40 not in json.loads((tmp_path / "keys.json").read_text()).values()


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_is_reached_by_one_driver(tmp_path: Path, scheme: str) -> None:
    settings = load_settings(
        {"PORTAL_HOME": str(tmp_path), "PORTAL_DATABASE_URL": f"{scheme}://u:p@h/n"}
    )
    assert settings.database_url == "postgresql+psycopg://u:p@h/n"


def test_cookies_are_secure_behind_https(tmp_path: Path) -> None:
    home = {"PORTAL_HOME": str(tmp_path)}
    assert load_settings({**home, "PORTAL_BASE_URL": "https://club.example"}).secure_cookies
    assert not load_settings(home).secure_cookies


def test_settings_do_not_show_their_keys(tmp_path: Path) -> None:
    settings = load_settings({"PORTAL_HOME": str(tmp_path)})
    assert settings.secret_key not in repr(settings)
    assert repr(settings.data_keys[1]) not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value", "package"),
    [
        ("PORTAL_DATABASE_URL", "postgresql://portal:hunter22@localhost/portal", "postgres"),
        ("PORTAL_REDIS_URL", "redis://:hunter22@localhost:6379/0", "redis"),
        ("PORTAL_UPLOADS_URL", "s3://club-uploads", "s3"),
    ],
)
def test_a_driver_that_is_missing_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, package: str
) -> None:
    monkeypatch.setattr("portal.config.find_spec", lambda _module: None)
    with pytest.raises(SettingsError, match=name) as refused:
        load_settings({"PORTAL_HOME": str(tmp_path), name: value})
    assert f"pip install 'member-club-portal[{package}]'" in str(refused.value)
    assert "hunter22" not in str(refused.value)
