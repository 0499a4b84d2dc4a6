"""A club of a thousand members and one of a hundred thousand, or a million: what its pages cost.

    python -m bench.club [--members N ...] [--project N] [--rounds N]

PostgreSQL, a club of each size in a database and a process of its own, written in bulk, in projects
of a thousand members (--project); whole requests of one signed-in owner and of a project's manager
through the WSGI application, the sizes in turn. Prints medians in milliseconds, their ratio to the
smallest, and statements a page. Goals: the same statements at every size, at most eight (pages that
are put together of many parts have budgets of their own), at most 1.5 times the time.
"""

import argparse
import contextlib
import multiprocessing
import statistics
import sys
from collections.abc import Iterator
from multiprocessing.connection import Connection

import sqlalchemy as sa
from flask import Flask

from bench import tiers
from bench.forum import Page, application, say, statements, timed
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.members.models import Member
from portal.projects.models import Ownership, Project
from tests import factories

SMALLEST = 1_000
MOST_STATEMENTS, MOST_TIMES = 8, 1.5
BUDGETS = {"home": 12, "today at the desk": 12}
"""Statements of pages that are put together of many parts."""
OWNERS = {"home": "/p/bench1/", "points": "/me/points", "me": "/me/", "household": "/me/household"}
DESK = {
    "today at the desk": "/p/bench1/staff/",
    "members": "/p/bench1/staff/members",
    "members, page 20": "/p/bench1/staff/members?page=20",
}


def pages_of(app: Flask, members: int, each: int) -> dict[str, Page]:
    """Fill a club in projects of so many members `each`; return its pages, each with who is signed
    in for it."""
    with app.app_context():
        tiers.fill(members, max(members // each, 1))
        project = db.session.scalars(sa.select(Project).filter_by(slug="bench1")).one()
        owning = sa.select(Ownership.member_id).filter_by(project_id=project.id).limit(1)
        member = db.session.get_one(Member, db.session.scalar(owning))
        second = {"totp_secret": "A" * 32, "totp_confirmed_at": clock.now()}
        manager = factories.make_staff("manager", project, **second)
        clients = [
            factories.sign_in(app.test_client(), account)
            for account in (db.session.get_one(Account, member.account_id), manager)
        ]
        desk = DESK | {"a member": f"/p/bench1/staff/members/{member.public_id}"}
        db.session.commit()
        tiers.analyze()
        db.session.remove()
    pages = {name: (clients[0], path) for name, path in OWNERS.items()}
    return pages | {name: (clients[1], path) for name, path in desk.items()}


def serve(members: int, each: int, asked: Connection) -> None:
    """Be one club: fill it, then answer how many statements a page sends, or how long it takes."""
    with application() as app:
        pages = pages_of(app, members, each)
        asked.send(list(pages))
        while wish := asked.recv():
            act, name = wish
            asked.send(statements(app, pages[name]) if act == "count" else timed([pages[name]], 1))


@contextlib.contextmanager
def club(members: int, each: int) -> Iterator[Connection]:
    """Start a club; yield the line to it once it is filled."""
    spawned = multiprocessing.get_context("spawn")
    here, there = spawned.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=serve, args=(members, each, there)
    )
    process.start()
    there.close()
    try:
        here.recv()
        say(f"a club of {members:,} members is written")
        yield here
        here.send(None)
    finally:
        here.close()
        process.join(60)


def ask(line: Connection, act: str, name: str) -> float:
    """Ask a club for a figure of a page: `count` its statements, `time` it in milliseconds."""
    line.send((act, name))
    found = line.recv()
    return float(found[0] if isinstance(found, list) else found)


def judged(name: str, took: dict[int, float], sent: list[int]) -> bool:
    """Print a page's line; return whether its goals are reached."""
    least, most = took[min(took)], BUDGETS.get(name, MOST_STATEMENTS)
    good = len(set(sent)) == 1 and max(sent) <= most
    good = good and all(each <= MOST_TIMES * least for each in took.values())
    told = "".join(f"{each:9.2f} ms {each / least:5.2f}x" for each in took.values())
    counts = "/".join(str(each) for each in sorted(set(sent)))
    goal = f"at most {MOST_TIMES}x and {most}"
    say(f"{name:20}{told}  {counts:>5} statements, {goal}  {'PASS' if good else 'FAIL'}")
    return good


def main() -> int:
    """Measure, and return 1 when a goal is missed."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--members", type=int, nargs="+", default=[100_000])
    options.add_argument("--project", type=int, default=SMALLEST, help="members of a project")
    options.add_argument("--rounds", type=int, default=30)
    chosen = options.parse_args()
    sizes = sorted({SMALLEST, *chosen.members})
    with contextlib.ExitStack() as stack:
        lines = {size: stack.enter_context(club(size, chosen.project)) for size in sizes}
        say(f"{'':20}" + "".join(f"{size:>12,}       " for size in sizes))
        good = True
        for name in (*OWNERS, *DESK, "a member"):
            sent = [int(ask(line, "count", name)) for line in lines.values()]
            taken = [
                [ask(line, "time", name) for line in lines.values()] for _ in range(chosen.rounds)
            ]
            medians = [statistics.median(column) for column in zip(*taken, strict=True)]
            good = judged(name, dict(zip(sizes, medians, strict=True)), sent) and good
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
