"""The benchmark of the plugin host runs; its times are nobody's test."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_benchmark_runs_and_counts_statements() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "bench.plugins", "--rounds", "2", "--boots", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert done.returncode in (0, 1), done.stderr
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert "statements that ask what is on 1 = 1 PASS" in lines, done.stdout + done.stderr
    assert any(line.startswith("statements of the home") and "PASS" in line for line in lines)
    judged = [line for line in lines if line.endswith(("PASS", "FAIL"))]
    assert len(judged) == 5
    assert (done.returncode == 0) == all(line.endswith("PASS") for line in judged)
