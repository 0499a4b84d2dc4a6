"""An evaluation of everybody against a plain INSERT … SELECT of the same rows.

    python -m bench.tiers [--members N] [--rounds N]

PostgreSQL. Members, homes and qualifying points are written in bulk; then the nightly evaluation
rates everybody for the first time (a row of history each), evaluates them again (nothing changes),
and copies the rows of the history into a table of the same shape with the same indexes. Prints the
medians in seconds and their ratio within one run.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date

import sqlalchemy as sa

from bench.points import application
from portal.extensions import db
from portal.points.accounts import ensure_currencies
from portal.tiers import evaluate, service, standard
from portal.tiers.models import History, Membership
from portal.tiers.versions import in_force

DAY = date(2026, 6, 30)
FILL = """
INSERT INTO household (public_id, created_at)
  SELECT 'h' || i, now() FROM generate_series(1, :n) i;
INSERT INTO account (public_id, email, display_name, state, is_demo, large_type, totp_last_step,
    created_at)
  SELECT 'a' || i, i || '@bench.test', 'x', 'active', false, false, 0, now()
  FROM generate_series(1, :n) i;
INSERT INTO member (public_id, account_id, household_id, card_number, name, salutation, state,
    joined_on, created_at)
  SELECT 'm' || i, a.id, h.id, lpad(i::text, 12, '0'), 'x', 'none', 'active',
    date '2015-01-01' + (i % 3650)::int, now()
  FROM generate_series(1, :n) i JOIN account a ON a.public_id = 'a' || i
  JOIN household h ON h.public_id = 'h' || i;
INSERT INTO project (public_id, slug, name, welcome, city, time_zone, created_at)
  SELECT 'p' || i, 'bench' || i, '{}', '{}', '{}', 'Asia/Shanghai', now()
  FROM generate_series(1, :projects) i;
INSERT INTO building (project_id, name, key) SELECT id, '1', '1' FROM project;
INSERT INTO unit (public_id, project_id, building_id, entrance, number, place, area, household_id,
    created_at)
  SELECT 'u' || m.id, b.project_id, b.id, '', m.id::text, m.id::text, 10000, m.household_id, now()
  FROM member m JOIN project p ON p.public_id = 'p' || (1 + m.id / 10 % :projects)
  JOIN building b ON b.project_id = p.id WHERE m.id % 10 < 7;
INSERT INTO ownership (public_id, unit_id, member_id, project_id, role, since, created_at)
  SELECT 'o' || u.id, u.id, m.id, u.project_id, 'owner', date '2024-01-01', now()
  FROM unit u JOIN member m ON u.public_id = 'u' || m.id;
INSERT INTO points_account (holder_kind, member_id, currency_id, currency_kind, created_at)
  SELECT 'member', m.id, c.id, c.kind, now()
  FROM member m CROSS JOIN points_currency c WHERE c.key = 'qualifying' AND m.id % 2 = 0;
INSERT INTO points_transaction (public_id, kind, account_id, amount, key, body_hash, business_date,
    booked_at, booked_on, source, source_key, facts, created_at)
  SELECT 't' || a.id || '-' || k, 'earn', a.id, 1000 * (1 + (a.id * k) % 20000),
    'bench:' || a.id || ':' || k, '\\x00', date '2026-06-30' - ((a.id + k * 97) % 900)::int,
    now(), date '2026-06-30', 'bench', '', '{}', now()
  FROM points_account a CROSS JOIN generate_series(1, 4) k WHERE a.holder_kind = 'member';
"""


def main() -> None:
    """Run the measurement and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--members", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with application("postgresql"):
        fill(options.members)
        first, again, plain = [], [], []
        for _ in range(options.rounds):
            reset()
            first.append(timed(evaluate_all))
            again.append(timed(evaluate_all))
            plain.append(timed(copy))
        rows = db.session.scalar(sa.select(sa.func.count()).select_from(History))
        say(f"members {options.members:,}, rows of history {rows:,}, rounds {options.rounds}")
        names = ("first evaluation", "evaluation, no change", "plain INSERT … SELECT")
        for name, seconds in zip(names, (first, again, plain), strict=True):
            median = statistics.median(seconds)
            say(f"{name:24} {median:8.1f} s   {options.members / median:12,.0f} members/s")
        base = statistics.median(plain)
        say(f"ratio to the plain copy: first {statistics.median(first) / base:.1f}, "
              f"no change {statistics.median(again) / base:.1f}")  # fmt: skip


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(line + "\n")


def fill(members: int, projects: int = 1) -> None:
    """Write members, homes and points; seven in ten own a home, in the projects by turns."""
    given = {"n": members, "projects": projects}
    ensure_currencies()
    db.session.commit()
    db.session.execute(sa.text("SET statement_timeout = 0"))
    for statement in FILL.split(";\n"):
        if statement.strip():
            query = sa.text(statement)
            wanted = query.compile().params
            db.session.execute(query, {name: given[name] for name in wanted})
    service.install(
        key="club", name=standard.NAME, form=standard.FORM, begins_on=date(2020, 1, 1), is_club=True
    )
    db.session.commit()
    analyze()


def analyze() -> None:
    """Let the database know its tables, as autovacuum would."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


def reset() -> None:
    """Forget every rating."""
    db.session.execute(sa.text("TRUNCATE tier_history, tier_membership"))
    db.session.commit()


def evaluate_all() -> None:
    """Do what the nightly job does, in its batches."""
    found = in_force(DAY)[0]
    after = 0
    while (batch := evaluate.evaluate_batch(found, on=DAY, after=after)).after is not None:
        after = batch.after
        db.session.commit()


def copy() -> None:
    """Copy the rows of the history and the memberships, with their indexes."""
    for table in (History.__tablename__, Membership.__tablename__):
        db.session.execute(sa.text(f"CREATE TABLE bench_copy (LIKE {table} INCLUDING ALL)"))
        db.session.execute(sa.text(f"INSERT INTO bench_copy SELECT * FROM {table}"))  # noqa: S608
        db.session.execute(sa.text("DROP TABLE bench_copy"))
    db.session.commit()


def timed(work: Callable[[], None]) -> float:
    """Return the seconds that something takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
