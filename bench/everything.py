"""All measurements, one after the other, and bench/RESULTS.md written from what they print.

    python -m bench.everything [--full] [--only NAME ...]

`make bench` takes minutes, `make bench-full` (10^6 members, 10^7 lots, kills) more than an hour.
Each script starts servers of its own on this machine and says PASS or FAIL behind every goal; the
lines with a verdict come first in the file, then each script's whole output. A script that breaks
is named there with the end of what it said. Returns 1 when a goal is missed or a script broke.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "RESULTS.md"
REASONS = ROOT / "bench" / "reasons.md"
VERDICT = re.compile(r"(?P<said>.*\S)\s+(?P<verdict>PASS|FAIL)$")
LIBRARIES = ("flask", "sqlalchemy", "psycopg", "gunicorn", "pluggy", "jinja2")
WHILE_BUSY = 0.5
"""Load a core before the start from which on the machine is said to have been busy."""


@dataclass(frozen=True)
class Script:
    """One measurement: what it shows, its module, and how it is asked in minutes or at length."""

    title: str
    module: str
    short: str = ""
    full: str = ""
    is_long: bool = False

    def words(self, *, full: bool) -> list[str]:
        """Return the command, without the interpreter."""
        return [self.module, *(self.full if full else self.short).split()]


@dataclass(frozen=True)
class Run:
    """What a script said, and how it ended."""

    script: Script
    command: str
    said: str
    seconds: float
    status: int
    load: float

    @property
    def verdicts(self) -> list[tuple[str, str]]:
        """The lines with a goal: what was said, PASS or FAIL."""
        found = (VERDICT.match(line) for line in self.said.splitlines())
        return [(" ".join(each["said"].split()), each["verdict"]) for each in found if each]


SCRIPTS = (
    Script("Installed size, start and memory", "bench.size"),
    Script("What five plugins cost, SQLite", "bench.plugins", "--rounds 200 --boots 5",
           "--rounds 400"),
    Script("What five plugins cost, PostgreSQL", "bench.plugins",
           "--database postgresql --rounds 200 --boots 5", "--database postgresql --rounds 400"),
    Script("Our pages, the bare page and FlaskBB", "bench.peers", "--rounds 3", "--rounds 5"),
    Script("All journeys of sixteen owners", "bench.mix", "--seconds 120", "--seconds 300"),
    Script("A small club and a large one", "bench.club", "--members 100000",
           "--members 100000 1000000"),
    Script("The ledger", "bench.points", "--postings 300 --rounds 3 --lots 100000",
           "--postings 1000 --rounds 3 --lots 10000000 --dying 200000"),
    Script("Import of a roster", "bench.import_roster", "--rounds 1", "--rounds 3"),
    Script("Results of a survey", "bench.surveys", "--rounds 5", "--rounds 9"),
    Script("Answers to a survey over HTTP", "bench.surveys_http"),
    Script("Search, SQLite", "bench.search", "--rounds 9", "--rounds 15"),
    Script("Search, PostgreSQL", "bench.search", "--database postgresql --rounds 9",
           "--database postgresql --rounds 15"),
    Script("The forum small and large", "bench.forum", "--posts 100000", "--posts 1000000"),
    Script("Earning rules", "bench.earning", "--rounds 1", "--rounds 3"),
    Script("Tiers of a million members", "bench.tiers", full="--members 1000000 --rounds 1",
           is_long=True),
    Script("Contracts, payments and fees", "bench.import_contracts", is_long=True),
    Script("A crowd at an activity", "bench.events_crowd", is_long=True),
    Script("Registration over HTTP", "bench.events_http", is_long=True),
    Script("Kills", "bench.chaos_web", full="--kills 20 --seconds 90", is_long=True),
)  # fmt: skip


def run(script: Script, *, full: bool) -> Run:
    """Run a script to its end."""
    words, load = script.words(full=full), os.getloadavg()[0]
    sys.stdout.write(f"{script.title}: python -m {' '.join(words)}\n")
    sys.stdout.flush()
    begun = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True, check=False
    )
    seconds, said = time.monotonic() - begun, done.stdout.strip()
    if done.returncode not in (0, 1) or (done.returncode and " FAIL" not in said):
        said = f"{said}\n{done.stderr.strip()[-1500:]}\nthe script broke  FAIL".strip()
    sys.stdout.write(f"{said}\n\n")
    return Run(script, " ".join(words), said, seconds, done.returncode, load)


def machine() -> str:
    """Return what it was measured on, with versions."""
    cpu = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text("utf-8"))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{each} {metadata.version(each)}" for each in LIBRARIES)
    return (
        f"{os.cpu_count()} cores of {cpu[1] if cpu else platform.machine()}, {memory:.0f} GiB, "
        f"{platform.system()} {platform.release()}; Python {platform.python_version()}, "
        f"{_postgresql()}, {versions}"
    )


def _postgresql() -> str:
    from tests import services

    asked = [services.postgresql_tools() / "postgres", "--version"]
    said = subprocess.run(asked, capture_output=True, text=True, check=True).stdout
    return said.replace("postgres (PostgreSQL)", "PostgreSQL").partition("(")[0].strip()


def written(runs: list[Run], *, full: bool, day: datetime) -> str:
    """Return the text of RESULTS.md."""
    busy = [each for each in runs if each.load > WHILE_BUSY * (os.cpu_count() or 1)]
    command = "make bench-full" if full else "make bench"
    lines = [
        "# What was measured", "",
        f"Written by `{command}` on {day:%Y-%m-%d %H:%M} UTC: {machine()}.", "",
        "Figures are ratios within one run on one machine that serves, asks and keeps the data;",
        "they are no tests, because a busy machine moves them. Earlier and longer runs, and what",
        "was learnt from them: [HISTORY.md](HISTORY.md).", "",
    ]  # fmt: skip
    if busy:
        names = ", ".join(f"{each.script.title} ({each.load:.1f})" for each in busy)
        lines += [f"Others were at work on the machine before (load of a minute): {names}.", ""]
    lines += ["## Goals", "", "| | what was measured, and its goal |", "|---|---|"]
    for each in runs:
        for said, verdict in each.verdicts:
            reached = "**missed**" if verdict == "FAIL" else "reached"
            lines.append(f"| {reached} | {each.script.title}: {_cell(said)} |")
    lines += ["", REASONS.read_text("utf-8").strip(), ""]
    for each in runs:
        lines += [
            f"## {each.script.title}: `python -m {each.command}`", "",
            f"{each.seconds:.0f} s in all.", "", "```text", each.said, "```", "",
        ]  # fmt: skip
    return "\n".join(lines)


def _cell(said: str) -> str:
    return said.replace("|", "\\|")


def main() -> int:
    """Measure, write the file, and return 1 when a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="at length: more than an hour")
    parser.add_argument("--only", nargs="*", default=(), help="modules, such as bench.mix")
    given = parser.parse_args()
    chosen = [
        each for each in SCRIPTS
        if (given.full or not each.is_long) and (not given.only or each.module in given.only)
    ]  # fmt: skip
    runs = [run(each, full=given.full) for each in chosen]
    if not given.only:
        RESULTS.write_text(written(runs, full=given.full, day=datetime.now(UTC)), "utf-8")
    return int(any(each.status for each in runs))


if __name__ == "__main__":
    sys.exit(main())
