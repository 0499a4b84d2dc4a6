"""What `make bench` writes: every goal with its verdict, and what each script said."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import everything
from bench.everything import Run, Script, run, written

SAID = "a page    3.10 ms  <= 5 ms  PASS\nanother 9 | 1  FAIL\nno goal here"
LEDGER = Script("The ledger", "bench.points", "--lots 10", "--lots 1000")


def test_goals_come_first_and_missed_ones_are_named() -> None:
    told = Run(LEDGER, "bench.points --lots 10", SAID, 12.0, 1, 9.0)
    text = written([told], full=False, day=datetime(2026, 11, 23, tzinfo=UTC))
    assert "Written by `make bench` on 2026-11-23 00:00 UTC" in text
    assert "| reached | The ledger: a page 3.10 ms <= 5 ms |" in text
    assert "| **missed** | The ledger: another 9 \\| 1 |" in text
    assert "before (load of a minute): The ledger (9.0)" in text
    assert SAID in text


def test_a_script_that_breaks_is_a_missed_goal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "breaks.py").write_text("raise SystemExit('no wrk')\n")
    monkeypatch.setattr(everything, "ROOT", tmp_path)
    done = run(Script("Broken", "breaks"), full=False)
    assert done.verdicts == [("the script broke", "FAIL")]
    assert "no wrk" in done.said


def test_at_length_is_another_command() -> None:
    assert LEDGER.words(full=True) == ["bench.points", "--lots", "1000"]
    assert LEDGER.words(full=False) == ["bench.points", "--lots", "10"]


def test_every_script_finds_what_it_takes_from_the_portal() -> None:
    modules = sorted({script.module for script in everything.SCRIPTS})
    done = subprocess.run(
        [sys.executable, "-c", f"import {', '.join(modules)}"],
        cwd=everything.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-500:]
