"""A run in which something was not run fails, with and without workers."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFTEST = """
pytest_plugins = ["tests.no_skips"]

def pytest_addoption(parser):
    parser.addoption("--db", default="sqlite")
"""
PASSES = "def test_passes(): pass\n"
BROWSER = "import pytest\n@pytest.mark.browser\ndef test_page(): pass\n"


def run(folder: Path, source: str, *options: str) -> tuple[int, str]:
    (folder / "conftest.py").write_text(CONFTEST, "utf-8")
    (folder / "pytest.ini").write_text("[pytest]\nmarkers =\n    browser: x\n", "utf-8")
    (folder / "browser").mkdir(exist_ok=True)
    (folder / "browser" / "test_it.py").write_text(source, "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "workers"])
@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("import pytest\ndef test_it(): pytest.skip('no server')\n", "no server"),
        ("import pytest\n@pytest.mark.xfail(reason='later')\ndef test_it(): assert 0\n", "later"),
        ("import pytest\npytest.importorskip('absent_module')\n", "absent_module"),
    ],
    ids=["skip", "xfail", "module"],
)
def test_what_is_not_run_fails(tmp_path: Path, source: str, named: str, workers: tuple[str, ...]):
    code, said = run(tmp_path, PASSES + source, *workers)
    assert code != 0
    assert "not run, so the run fails" in said
    assert named in said


def test_what_is_run_passes(tmp_path: Path):
    assert run(tmp_path, PASSES)[0] == 0


def test_complete_run_needs_a_browser_test(tmp_path: Path):
    code, said = run(tmp_path, PASSES, "--complete")
    assert code == 1, "a folder named browser is not the marker"
    assert "no test marked 'browser' ran" in said
    assert run(tmp_path, BROWSER, "--complete")[0] == 0
    assert run(tmp_path, BROWSER, "--complete", "-n", "1")[0] == 0


def test_complete_run_on_postgresql_needs_a_test(tmp_path: Path):
    options = ("--complete", "--db", "postgresql", "-m", "not browser")
    code, said = run(tmp_path, BROWSER, *options)
    assert code != 0
    assert "no test ran on postgresql" in said
    assert run(tmp_path, PASSES, *options)[0] == 0
