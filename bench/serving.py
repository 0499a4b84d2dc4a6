"""Servers under load in one run: interleaved samples, medians, and what spoils a sample.

The load comes from wrk (Debian: apt-get install wrk) on the same machine. A sample is taken again
when other processes used more than MOST_OTHERS cores meanwhile, or when a fixed loop ran more than
MOST_SLOW times as long as at its best: virtual machines share their host.
"""

import contextlib
import json
import os
import resource
import shutil
import signal
import socket
import statistics
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 16
MOST_OTHERS = 0.4
MOST_SLOW = 1.3
AGENT = "portal-bench"
_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_SPIN = 400_000
_REPORT = """
done = function(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('JSON {"rps": %.2f, "p50": %.3f, "p99": %.3f, "errors": %d}\\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end
"""


@dataclass(frozen=True)
class Target:
    """A page to ask for. `must` stands in it: a sign-in that did not hold would be quick."""

    name: str
    url: str
    cookie: str = ""
    must: str = ""


@dataclass(frozen=True)
class Sample:
    """Requests a second, and milliseconds of the median and of the slowest hundredth."""

    rps: float
    p50: float
    p99: float
    errors: int
    others: float
    slow: float

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing else disturbed it."""
        return self.others <= MOST_OTHERS and self.slow <= MOST_SLOW


@dataclass
class Row:
    """The samples of a page."""

    target: Target
    bytes: int
    samples: list[Sample] = field(default_factory=list)

    @property
    def clean(self) -> list[Sample]:
        """The samples that count: all of them when none was clean."""
        return [each for each in self.samples if each.is_clean] or self.samples

    def median(self, name: str) -> float:
        """Return the median of a figure."""
        return statistics.median(getattr(each, name) for each in self.clean)


@contextlib.contextmanager
def served(
    command: Sequence[str | Path], port: int, env: Mapping[str, str], folder: Path, probe: str = "/"
) -> Iterator[str]:
    """Run a server until the block ends; yield its address once it answers."""
    base, log = f"http://127.0.0.1:{port}", folder / f"server-{port}.log"
    with log.open("ab") as words:
        process = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, **env},
            stdout=words,
            stderr=words,
            start_new_session=True,
        )
    try:
        until = time.monotonic() + 90
        while True:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")
            with contextlib.suppress(OSError):
                fetch(Target("probe", base + probe))
                break
            time.sleep(0.2)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def free_port() -> int:
    """Return a port of the loopback address that nobody listens to."""
    for port in range(21_000, 31_000):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")


def fetch(target: Target) -> bytes:
    """Ask for a page once. Raises RuntimeError unless it is a 200 with what must stand in it."""
    headers = {"User-Agent": AGENT} | ({"Cookie": target.cookie} if target.cookie else {})
    request = urllib.request.Request(target.url, headers=headers)  # noqa: S310 (our own address)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
            body: bytes = answer.read()
            if answer.geturl() != target.url:
                raise RuntimeError(f"{target.name}: led on to {answer.geturl()}")
    except urllib.error.HTTPError as error:
        raise RuntimeError(f"{target.name}: HTTP {error.code}") from error
    if target.must.encode() not in body:
        raise RuntimeError(f"{target.name}: {target.must!r} does not stand in it")
    return body


def run(targets: Sequence[Target], *, rounds: int, seconds: int) -> dict[str, Row]:
    """Load the pages in turn, A B C A B C; return the rows by name.

    Until each has as many clean samples as rounds, or twice as many tries.
    """
    if shutil.which("wrk") is None:
        raise SystemExit("wrk was not found: apt-get install wrk")
    rows = {}
    for target in targets:
        for _ in range(3):
            fetch(target)
        rows[target.name] = Row(target, len(fetch(target)))
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as report:
        report.write(_REPORT)
        report.flush()
        while waiting := [row for row in rows.values() if _wants_more(row, rounds)]:
            for row in waiting:
                row.samples.append(_load(row.target, seconds, report.name))
    return rows


def _wants_more(row: Row, rounds: int) -> bool:
    return sum(each.is_clean for each in row.samples) < rounds and len(row.samples) < 2 * rounds


def _load(target: Target, seconds: int, report: str) -> Sample:
    command = ["wrk", "-t2", f"-c{CONNECTIONS}", f"-d{seconds}s", "--timeout", "20s", "-s", report]
    command += ["-H", f"User-Agent: {AGENT}"]
    if target.cookie:
        command += ["-H", f"Cookie: {target.cookie}"]
    slow, busy, ours, begun = _slowness(), _busy(), _our_processes(), time.monotonic()
    done = subprocess.run([*command, target.url], capture_output=True, text=True, check=True)
    passed = time.monotonic() - begun
    others = max(0.0, (_busy() - busy) - (_our_processes() - ours)) / passed
    line = next(each for each in done.stdout.splitlines() if each.startswith("JSON "))
    return Sample(**json.loads(line[5:]), others=others, slow=max(slow, _slowness()))


def _busy() -> float:
    """Return the seconds of CPU that the machine has spent; those that its host took count."""
    found = [int(part) for part in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(found) - found[3] - found[4]) / _TICK


def _our_processes() -> float:
    """Return the seconds of CPU of this process, all below it, and those that have ended."""
    parents, spent = {}, {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, IndexError):
                told = (entry / "stat").read_text().rsplit(")", 1)[1].split()
                parents[int(entry.name)] = int(told[1])
                spent[int(entry.name)] = (int(told[11]) + int(told[12])) / _TICK
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (
        ended.ru_utime
        + ended.ru_stime
        + sum(seconds for pid, seconds in spent.items() if _descends(pid, os.getpid(), parents))
    )


def _descends(pid: int, root: int, parents: Mapping[int, int]) -> bool:
    while pid and pid != root:
        pid = parents.get(pid, 0)
    return pid == root


_best = [float("inf")]


def _slowness() -> float:
    """Return how many times as long as at its best a fixed loop takes now."""
    taken = []
    for _ in range(3):
        begun = time.process_time()
        sum(range(_SPIN))
        taken.append(time.process_time() - begun)
    now = statistics.median(taken)
    _best[0] = min(_best[0], now)
    return now / _best[0]
