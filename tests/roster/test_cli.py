"""`portal import roster`."""

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from portal.extensions import db
from portal.roster.cli import commands
from portal.roster.models import ImportState, RosterEntry, RosterImport
from tests.factories import make_project
from tests.roster.helpers import DATA, EXPECTED, SAMPLES, csv_of, start
from tests.roster.test_imports import OWNER, SPOUSE


@pytest.fixture
def portal(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run `portal import …` in English and return its result."""
    monkeypatch.setenv("LC_ALL", "en_US.UTF-8")
    make_project()

    def call(*arguments: object) -> Result:
        return app.test_cli_runner().invoke(commands, [str(each) for each in arguments])

    return call


def _file(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "roster.csv"
    path.write_bytes(data)
    return path


def _entries() -> int:
    return db.session.scalar(sa.select(sa.func.count(RosterEntry.id))) or 0


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_imported_and_their_faults_told(portal: Any, name: str) -> None:
    done = portal("roster", DATA / name, "--project", "binjiang")

    assert done.exit_code == 1
    lines = {line.split()[0]: line.split()[-1] for line in done.output.splitlines() if line.strip()}
    for key, number in EXPECTED.items():
        assert lines[key] == str(number)
    assert _entries() == int(lines["new"]) == EXPECTED["good"] + EXPECTED["co_owner"]
    first = "11" if name.endswith("xlsx") else "10"
    assert f"{first}: 建筑面积: This is not a possible area." in done.output


def test_a_dry_run_writes_nothing(portal: Any) -> None:
    done = portal("roster", DATA / SAMPLES[0], "--project", "binjiang", "--dry-run")
    assert done.exit_code == 1
    assert "good" in done.output
    assert _entries() == 0
    assert db.session.scalar(sa.select(sa.func.count(RosterImport.id))) == 0


def test_all_rows_in(portal: Any, tmp_path: Path) -> None:
    file = _file(tmp_path, csv_of(OWNER, SPOUSE))
    for _ in range(2):
        assert portal("roster", file, "--project", "binjiang").exit_code == 0
    assert _entries() == 2


def test_refused_rows_go_to_a_file(portal: Any, tmp_path: Path) -> None:
    file = _file(tmp_path, csv_of(OWNER, ",1,1,,,,,,"))
    target = tmp_path / "faults.csv"
    portal("roster", file, "--project", "binjiang", "--faults", target)
    lines = target.read_text("utf-8-sig").splitlines()
    assert lines[0].startswith("Row,Reason,楼栋")
    assert lines[1].startswith("3,楼栋: The building is missing.")
    assert len(lines) == 2


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"PK\x03\x04", "The workbook is damaged or incomplete."),
        (csv_of("x", header="姓名,备注"), "no column for: Mobile phone, Building, Home number"),
    ],
)
def test_an_unusable_file(portal: Any, tmp_path: Path, data: bytes, sentence: str) -> None:
    done = portal("roster", _file(tmp_path, data), "--project", "binjiang")
    assert done.exit_code == 2
    assert sentence in done.output


def test_columns_are_named_by_hand(portal: Any, tmp_path: Path) -> None:
    file = _file(tmp_path, csv_of("2-1-1502,林晓芸,19900000001", header="甲,乙,丙"))
    columns = [f"--column={pair}" for pair in ("home=甲", "name=乙", "phone=丙")]
    assert portal("roster", file, "--project", "binjiang", *columns).exit_code == 0
    assert portal("roster", file, "--project", "binjiang", "--column=x=甲").exit_code == 2


def test_known_homes_only(portal: Any, tmp_path: Path) -> None:
    file = _file(tmp_path, csv_of(OWNER))
    done = portal("roster", file, "--project", "binjiang", "--known-homes-only")
    assert done.exit_code == 1
    assert "This home is not registered in the project." in done.output


def test_an_unknown_project(portal: Any, tmp_path: Path) -> None:
    done = portal("roster", _file(tmp_path, csv_of(OWNER)), "--project", "nowhere")
    assert done.exit_code == 2
    assert "there is no project 'nowhere'" in done.output


def test_another_import_is_running(portal: Any, tmp_path: Path) -> None:
    from portal.projects.queries import find_project

    project = find_project("binjiang")
    assert project is not None
    start(project, csv_of(OWNER))
    done = portal("roster", _file(tmp_path, csv_of(SPOUSE)), "--project", "binjiang")
    assert done.exit_code == 2
    assert "Another import of this project is running." in done.output
    states = sorted(db.session.scalars(sa.select(RosterImport.state)))
    assert states == [ImportState.RUNNING]


def test_the_language_is_that_of_the_terminal(
    portal: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    done = portal(
        "roster", _file(tmp_path, csv_of(",1,1,,,,,,")), "--project", "binjiang", "--dry-run"
    )
    assert "The building is missing." in done.output
