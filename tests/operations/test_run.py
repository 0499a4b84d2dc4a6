"""`portal run` as a person starts it: a real process, a real port."""

import os
import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from portal import __version__

START_SECONDS = 30


def start(tmp_path: Path, *args: str, **environ: str) -> subprocess.Popen[str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return subprocess.Popen(
        [sys.executable, "-m", "portal", *args],
        env={**clean, "PORTAL_HOME": str(tmp_path), "PYTHONUNBUFFERED": "1", **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """The address that `portal run --port 0` says."""
    server = start(tmp_path, "run", "--port", "0")
    assert server.stdout is not None
    try:
        found = None
        ends = time.monotonic() + START_SECONDS
        while found is None and time.monotonic() < ends:
            line = server.stdout.readline()
            assert line, "the server ended"
            found = re.search(r"http://[0-9.:]+", line)
        assert found
        yield found[0]
    finally:
        server.terminate()
        server.wait(10)
        server.stdout.close()


def test_it_says_where_it_serves(served: str) -> None:
    with urllib.request.urlopen(f"{served}/healthz", timeout=10) as response:  # noqa: S310 — our own
        assert response.status == 200
        assert "Server" not in response.headers


def test_a_port_in_use_is_a_sentence(served: str, tmp_path: Path) -> None:
    port = served.rsplit(":", 1)[1]
    second = start(tmp_path, "run", "--port", port)
    output, _ = second.communicate(timeout=START_SECONDS)
    assert second.returncode == 1
    assert "cannot be listened on" in output
    assert "Traceback" not in output


@pytest.mark.parametrize(
    ("args", "environ", "code", "words"),
    [
        (("run", "--port", "70000"), {}, 2, "70000"),
        (("run", "--threads", "0"), {}, 2, "--threads"),
        (("run",), {"PORTAL_LOG_LEVEL": "LOUD"}, 1, "PORTAL_LOG_LEVEL"),
        (("--version",), {}, 0, __version__),
        (("demo", "load"), {}, 1, "PORTAL_DEMO=1"),
        (("demo", "load"), {"PORTAL_DEMO": "1"}, 1, "portal db upgrade"),
        (("account", "create-admin", "--name", "x"), {}, 1, "portal db upgrade"),
        (("nonsense",), {}, 2, "nonsense"),
    ],
)
def test_commands_refuse_with_a_sentence_and_a_code(
    tmp_path: Path, args: tuple[str, ...], environ: dict[str, str], code: int, words: str
) -> None:
    process = start(tmp_path, *args, **environ)
    output, _ = process.communicate(timeout=START_SECONDS)
    assert process.returncode == code, output
    assert words in output
    assert "Traceback" not in output


def test_the_help_lists_our_commands_and_no_others(tmp_path: Path) -> None:
    output, _ = start(tmp_path, "--help").communicate(timeout=START_SECONDS)
    listed = re.findall(r"^  ([a-z]+) {2,}", output.split("Commands:")[1], re.MULTILINE)
    assert listed[0] == "run"
    assert {"run", "db", "demo", "account", "doctor"} <= set(listed)
    assert "limiter" not in listed


@pytest.mark.parametrize("command", ["plugin list", "jobs list", "webhook list", "search rebuild"])
def test_a_command_before_the_tables_says_how_to_make_them(tmp_path: Path, command: str) -> None:
    process = start(tmp_path, *command.split())
    output, _ = process.communicate(timeout=START_SECONDS * 2)
    assert process.returncode == 1
    assert output.strip().endswith("Run: portal db upgrade")
    assert "Traceback" not in output
