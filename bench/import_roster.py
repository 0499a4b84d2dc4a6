"""The roster import against its limit: parsing the same CSV and one insertmanyvalues.

    python -m bench.import_roster [--rows N] [--database sqlite|postgresql] [--rounds N] [--profile]

Both run in this process, one after the other, each round on a fresh database; the ratio of the
medians counts.
The goal is at most 3 (all checks, encryption, homes and entries) of the limit (three columns, one
table, no check).
"""

import argparse
import contextlib
import cProfile
import csv
import io
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import sqlalchemy as sa
from werkzeug.datastructures import FileStorage

from portal import create_app
from portal.config import load_settings
from portal.database import revisions
from portal.extensions import db
from portal.projects.models import Project
from portal.projects.service import create_project
from portal.roster.examining import examine
from portal.roster.runner import run_to_end
from portal.roster.service import create_import, reload, start_import
from portal.roster.undoing import undo_import
from tests import services

MOST = 3
"""Times the limit."""
HEADER = (
    "楼盘", "楼栋", "单元", "房号", "业主姓名", "手机", "证件号后四位", "关系", "交付日期",
    "建筑面积", "备注",
)  # fmt: skip
_LIMIT = sa.MetaData()
_OWNER = sa.Table(
    "bench_owner",
    _LIMIT,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(100), nullable=False),
    sa.Column("phone", sa.String(20), nullable=False),
    sa.Column("unit", sa.String(20), nullable=False),
    sa.UniqueConstraint("unit", "phone"),
)


def make_csv(rows: int) -> bytes:
    """Return a roster of `rows` homes in 40 buildings; one phone in ten is not written plainly."""
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(HEADER)
    for i in range(rows):
        phone = f"199{i:08d}" if i % 10 else f"+86 199-{i // 10000:04d}-{i % 10000:04d}"
        home, floors = i // 40 % 3 + 1, i // 120
        writer.writerow((
            "滨江府", f"{i % 40 + 1}栋", f"{home}单元", f"{floors // 4 + 1}{floors % 4 + 1:02d}",
            "王" + chr(0x4E00 + i % 5000), phone, f"{i % 10000:04d}", "业主",
            f"20{i % 20 + 5:02d}-{i % 12 + 1:02d}-{i % 28 + 1:02d}",
            f"{60 + i % 150}.{i % 100:02d}", "",
        ))  # fmt: skip
    return text.getvalue().encode()


def limit(data: bytes) -> float:
    """Parse `data` and insert three of its columns at once; return seconds."""
    with db.engine.begin() as connection:
        _LIMIT.drop_all(connection)
        _LIMIT.create_all(connection)
    begun = time.perf_counter()
    reader = csv.reader(io.StringIO(data.decode(), newline=""))
    next(reader)
    rows = [
        {
            "name": row[4].strip(),
            "phone": "".join(char for char in row[5] if char.isdigit() or char == "+"),
            "unit": f"{row[1]}-{row[2]}-{row[3]}".strip().upper(),
        }
        for row in reader
    ]
    with db.engine.begin() as connection:
        connection.execute(sa.insert(_OWNER).returning(_OWNER.c.id), rows).all()
    return time.perf_counter() - begun


def ours(data: bytes, project: Project) -> tuple[float, float, float]:
    """Preview, import and undo `data` in an empty project; return the seconds of each."""
    begun = time.perf_counter()
    found = examine(project=project, data=data)
    previewed = time.perf_counter()
    job = create_import(
        actor=None,
        project=project,
        upload=FileStorage(io.BytesIO(data), filename="roster.csv"),
        examination=found,
    )
    start_import(actor=None, job=job)
    db.session.commit()
    started = time.perf_counter()
    run_to_end(job.id)
    ended = time.perf_counter()
    reload(job)
    if job.counts.get("new") != job.rows_total:
        raise SystemExit(f"the import took in {job.counts}")
    asked = time.perf_counter()
    undo_import(actor=None, job=job)
    db.session.commit()
    return previewed - begun, ended - started, time.perf_counter() - asked


@contextlib.contextmanager
def database(kind: str, home: Path) -> Iterator[str]:
    """Yield the URL of an empty database."""
    if kind == "sqlite":
        yield f"sqlite:///{home / 'bench.sqlite3'}"
    else:
        with services.postgresql() as url:
            yield url


def one_round(kind: str, data: bytes, *, profile: bool) -> tuple[float, float, float, float]:
    """Measure limit, preview, import and undo on a database of their own; return seconds."""
    with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
        app = create_app(load_settings({"PORTAL_HOME": folder, "PORTAL_DATABASE_URL": url}))
        with app.app_context():
            revisions.upgrade()
            project = create_project(actor=None, slug="bench", name={"zh_Hans_CN": "滨江府"})
            db.session.commit()
            if profile:
                _profiled(lambda: ours(data, project))
            seconds = (limit(data), *ours(data, project))
            db.session.remove()
            db.engine.dispose()
    return seconds


def measure(kind: str, rows: int, rounds: int, *, profile: bool) -> None:
    """Print the medians of several rounds, and the ratio of import to limit."""
    data = make_csv(rows)
    taken = [one_round(kind, data, profile=profile) for _ in range(rounds)]
    floor, preview, run, undo = (statistics.median(column) for column in zip(*taken, strict=True))
    lines = (
        f"{kind}, {rows:,} rows, {len(data) / 1e6:.1f} MB, median of {rounds}",
        f"  parse + insertmanyvalues  {floor:6.2f} s",
        f"  preview                   {preview:6.2f} s",
        f"  undo                      {undo:6.2f} s",
        f"  import with all checks    {run:6.2f} s = {run / floor:.2f} x, at most {MOST} x  "
        f"{'PASS' if run <= MOST * floor else 'FAIL'}",
    )
    sys.stdout.write("\n".join(lines) + "\n")


def _profiled(call: Callable[[], object]) -> None:
    profiler = cProfile.Profile()
    profiler.runcall(call)
    pstats.Stats(profiler).sort_stats("tottime").print_stats(35)


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    measure(arguments.database, arguments.rows, arguments.rounds, profile=arguments.profile)


if __name__ == "__main__":
    main()
