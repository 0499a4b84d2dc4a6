"""`portal doctor`: what it finds, and its exit code."""

import base64
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from flask.cli import ScriptInfo

from portal.config import Settings
from portal.demo import loader
from portal.extensions import db
from portal.operations import checks, parts
from portal.operations.checks import examine
from portal.operations.doctor import doctor
from portal.operations.findings import State
from tests import factories as make


@pytest.fixture(autouse=True)
def parts_are_there(monkeypatch: Any) -> None:
    monkeypatch.setattr(checks, "asset_problem", lambda: None)
    monkeypatch.setattr(checks, "translation_problem", lambda: None)


def findings(settings: Settings) -> dict[str, State]:
    # What is open here would lock the checks out.
    db.session.commit()
    found = {finding.subject: finding.state for finding in examine(settings)}
    db.session.rollback()
    return found


def run(app: Flask) -> Result:
    db.session.commit()
    return CliRunner().invoke(doctor, obj=ScriptInfo(create_app=lambda: app))


def run_with(environ: dict[str, str]) -> Result:
    from portal.cli import main

    return CliRunner().invoke(main, ["doctor"], env=environ)


def test_a_sound_installation_exits_with_0(app: Flask) -> None:
    loader.load(members=1, seed=1)
    result = run(app)
    assert result.exit_code == 0, result.output
    assert "fail" not in result.output.split("failed")[0].split()
    assert "0 failed" in result.output


def test_demo_mode_is_pointed_at(app: Flask, settings: Settings) -> None:
    assert findings(settings)["demo mode"] is State.WARN
    assert "demo mode" not in findings(replace(settings, demo=False))


def test_demo_people_outside_the_demo_are_pointed_at(app: Flask, settings: Settings) -> None:
    loader.load(members=0, seed=1)
    db.session.commit()
    assert findings(settings)["demo people"] is State.OK
    assert findings(replace(settings, demo=False))["demo people"] is State.WARN


def test_an_installation_without_administrator_is_pointed_at(
    app: Flask, settings: Settings
) -> None:
    assert findings(settings)["set-up"] is State.WARN


def test_keys_of_another_database_fail(app: Flask, settings: Settings, monkeypatch: Any) -> None:
    make.make_account()
    assert findings(settings)["stored numbers"] is State.OK
    db.session.expire_all()
    for keys in ({1: b"z" * 32}, {2: b"z" * 32}):
        wrong = replace(settings, data_keys=keys)
        monkeypatch.setitem(app.extensions, "portal.settings", wrong)
        assert findings(wrong)["stored numbers"] is State.FAIL
        db.session.rollback()


def test_an_added_key_is_fine_and_a_replaced_lowest_one_is_not(
    app: Flask, settings: Settings, monkeypatch: Any
) -> None:
    make.make_account()
    first = settings.data_keys[1]
    db.session.expire_all()
    rotated = replace(settings, data_keys={1: first, 2: b"z" * 32})
    monkeypatch.setitem(app.extensions, "portal.settings", rotated)
    assert findings(rotated)["stored numbers"] is State.OK


def test_an_unreachable_redis_fails(app: Flask, settings: Settings) -> None:
    away = replace(settings, redis_url="redis://:hunter22@127.0.0.1:1/0")
    found = {finding.subject: finding for finding in examine(away)}
    assert found["Redis"].state is State.FAIL
    assert "hunter22" not in found["Redis"].found + found["Redis"].remedy


def test_a_folder_that_cannot_be_written_fails(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "files").write_text("in the way")
    assert findings(replace(settings, home=tmp_path))["files"] is State.FAIL


def test_keys_that_others_may_read_are_pointed_at(
    app: Flask, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "keys.json").write_text("{}")
    (tmp_path / "keys.json").chmod(0o644)
    assert findings(replace(settings, home=tmp_path))["keys"] is State.WARN


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"development": True}, "development mode"),
        ({"base_url": "http://club.example"}, "address"),
        ({"demo": False}, "text messages"),
    ],
)
def test_what_suits_no_production_is_pointed_at(
    app: Flask, settings: Settings, change: dict[str, Any], subject: str
) -> None:
    assert subject not in findings(replace(settings, base_url="https://club.example"))
    assert findings(replace(settings, **change))[subject] is State.WARN


def test_an_unknown_variable_is_pointed_at(
    app: Flask, settings: Settings, monkeypatch: Any
) -> None:
    monkeypatch.setenv("PORTAL_DATABSE_URL", "sqlite:///x")
    found = {finding.subject: finding for finding in examine(settings)}
    assert found["variables"].state is State.WARN
    assert "PORTAL_DATABSE_URL" in found["variables"].found


@pytest.mark.parametrize("part", ["asset_problem", "translation_problem"])
def test_a_part_that_is_missing_fails(
    app: Flask, settings: Settings, monkeypatch: Any, part: str
) -> None:
    monkeypatch.setattr(checks, part, lambda: "missing: something")
    assert State.FAIL in findings(settings).values()
    assert run(app).exit_code == 1


def test_missing_files_are_named(monkeypatch: Any, tmp_path: Path) -> None:
    monkeypatch.setattr(parts, "STATIC", tmp_path)
    assert "vendor/htmx.min.js" in (parts.asset_problem() or "")
    monkeypatch.setattr(parts, "resource_dir", lambda name: tmp_path)
    assert "zh_Hans_CN" in (parts.translation_problem() or "")


def test_wrong_settings_fail_by_name() -> None:
    result = run_with({"PORTAL_PROXIES": "many"})
    assert result.exit_code == 1
    assert "PORTAL_PROXIES" in result.output


def test_a_database_without_tables_fails(tmp_path: Path) -> None:
    result = run_with({"PORTAL_HOME": str(tmp_path)})
    assert result.exit_code == 1
    assert "portal db upgrade" in result.output


def test_a_database_that_is_away_fails_without_its_password(tmp_path: Path) -> None:
    result = run_with(
        {
            "PORTAL_HOME": str(tmp_path),
            "PORTAL_DATABASE_URL": "postgresql://portal:hunter22@127.0.0.1:1/portal",
        }
    )
    assert result.exit_code == 1
    assert "cannot be reached" in result.output
    assert "hunter22" not in result.output


def test_no_key_is_printed(tmp_path: Path) -> None:
    key = base64.urlsafe_b64encode(b"K" * 32).decode()
    result = run_with(
        {
            "PORTAL_HOME": str(tmp_path),
            "PORTAL_SECRET_KEY": "hunter22" * 8,
            "PORTAL_DATA_KEYS": f"1:{key}",
        }
    )
    assert "hunter22" not in result.output
    assert key not in result.output
