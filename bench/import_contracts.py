"""The imports of contracts, payments and fees against that of the roster, of the same homes.

    python -m bench.import_contracts [--rows N] [--database sqlite|postgresql]

One after the other in this process on a fresh database: the roster, then one contract, one payment
and one fee of each home. Nobody is verified, as before an opening, so nothing is told.
"""

import argparse
import csv
import io
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from werkzeug.datastructures import FileStorage

from bench.import_roster import database, make_csv
from portal import create_app
from portal.config import load_settings
from portal.contracts.lists import KINDS
from portal.database import revisions
from portal.extensions import db
from portal.projects.models import Project
from portal.projects.service import create_project
from portal.roster.examining import examine
from portal.roster.runner import run_to_end
from portal.roster.service import create_import, reload, start_import

HOME = ("楼栋", "单元", "房号")


def lists_of(roster: bytes) -> dict[str, bytes]:
    """Return the CSV of each list for the homes of a roster."""
    homes = list(csv.DictReader(io.StringIO(roster.decode())))
    places = [tuple(home[name] for name in HOME) for home in homes]
    return {
        "roster": roster,
        "contracts": _csv(
            (*HOME, "合同编号", "手机", "合同总价", "签约日期"),
            (
                (*place, f"HT-{number:06d}", home["手机"], "2680000.00", "2024-04-18")
                for number, (place, home) in enumerate(zip(places, homes, strict=True))
            ),
        ),
        "payments": _csv(
            ("合同编号", "付款比例", "付款金额", "付款日期"),
            ((f"HT-{number:06d}", "30%", "804000", "2024-05-01") for number in range(len(homes))),
        ),
        "fees": _csv(
            (*HOME, "账期", "应缴日期", "应收金额", "缴费日期"),
            ((*place, "2024-10", "2024-10-31", "429.00", "2024-10-20") for place in places),
        ),
    }


def one_list(project: Project, kind: str, data: bytes) -> tuple[float, float]:
    """Preview and import a list; return the seconds of each."""
    begun = time.perf_counter()
    found = examine(project=project, data=data, kind=kind)
    seen = time.perf_counter()
    job = create_import(
        actor=None,
        project=project,
        upload=FileStorage(io.BytesIO(data), filename=f"{kind}.csv"),
        examination=found,
    )
    start_import(actor=None, job=job)
    db.session.commit()
    started = time.perf_counter()
    run_to_end(job.id)
    ended = time.perf_counter()
    reload(job)
    if job.counts.get("new") != job.rows_total:
        raise SystemExit(f"the import of {kind} took in {job.counts}")
    return seen - begun, ended - started


def measure(kind: str, rows: int) -> None:
    """Print the seconds of each list and the ratio to the roster's import."""
    lists = lists_of(make_csv(rows))
    with tempfile.TemporaryDirectory() as folder, database(kind, Path(folder)) as url:
        app = create_app(load_settings({"PORTAL_HOME": folder, "PORTAL_DATABASE_URL": url}))
        with app.app_context():
            revisions.upgrade()
            project = create_project(actor=None, slug="bench", name={"zh_Hans_CN": "滨江府"})
            db.session.commit()
            floor = 0.0
            sys.stdout.write(f"{kind}, {rows:,} homes\n")
            for key in ("roster", *(each.key for each in KINDS)):
                preview, run = one_list(project, key, lists[key])
                floor = floor or run
                sys.stdout.write(
                    f"  {key:10} preview {preview:6.2f} s, import {run:6.2f} s "
                    f"= {run / floor:.2f} x the roster's\n"
                )
                sys.stdout.flush()
            db.session.remove()
            db.engine.dispose()


def _csv(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue().encode()


def main() -> None:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    arguments = parser.parse_args()
    measure(arguments.database, arguments.rows)


if __name__ == "__main__":
    main()
