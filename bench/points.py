"""The points ledger against its limit: the same statements sent by hand through psycopg.

    python -m bench.points [--database postgresql|sqlite] [--postings N] [--rounds N] [--lots N]
        [--dying N]

Prints ratios of medians within one run: postings through the service to postings by hand (goal: at
least 0.5), a hot account to random ones with 4 threads (at least 0.5), the time of a spending, a
balance and a ledger page in a small and a large ledger (at most 1.5), and lots expired per second.
"""

import argparse
import contextlib
import itertools
import json
import random
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask

from bench.points_filling import fill
from portal import clock, create_app
from portal.accounts.models import Account
from portal.columns import new_public_id
from portal.config import load_settings
from portal.database import revisions
from portal.extensions import db
from portal.members.models import Household, Member
from portal.points import expiring, queries, service
from portal.points.statement import ledger_of
from portal.points.terms import Holder, Why
from portal.points.verify import verify
from tests import services

WHY = Why("bench")
THREADS = 4
_keys = itertools.count(1)


@contextlib.contextmanager
def application(kind: str) -> Iterator[Flask]:
    """Yield an application over an empty, migrated database."""
    with contextlib.ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{home / 'bench.sqlite3'}"
        if kind == "postgresql":
            url = stack.enter_context(services.postgresql())
        app = create_app(load_settings({"PORTAL_HOME": str(home), "PORTAL_DATABASE_URL": url}))
        with app.app_context():
            revisions.upgrade()
            # The pool asks a connection whether it lives, once a web request; by hand nobody does.
            db.engine.pool._pre_ping = False
            yield app
            db.session.remove()
            db.engine.dispose()


def add_members(number: int) -> list[int]:
    """Add members with an account of points each; return their ids."""
    connection = db.session.connection()
    homes = connection.scalars(
        sa.insert(Household).returning(Household.id),
        [{"public_id": new_public_id(), "created_at": clock.now()} for _ in range(number)],
    ).all()
    first = next(_keys)
    accounts = connection.scalars(
        sa.insert(Account).returning(Account.id),
        [{"email": f"{first}-{i}@bench.test", "display_name": "x"} for i in range(number)],
    ).all()
    ids = connection.scalars(
        sa.insert(Member).returning(Member.id),
        [
            {
                "account_id": account,
                "household_id": home,
                "card_number": f"{first}-{i}"[-12:],
                "name": "x",
                "joined_on": date(2024, 1, 1),
            }
            for i, (account, home) in enumerate(zip(accounts, homes, strict=True))
        ],
    ).all()
    for id_ in ids:
        earn(id_, 1_000_000)
    db.session.commit()
    return list(ids)


def earn(member_id: int, amount: int = 1_000, **values: Any) -> None:
    """Post an earning."""
    service.post(
        actor=None,
        holder=Holder.member(member_id),
        amount=amount,
        key=f"bench:{next(_keys)}",
        why=WHY,
        **values,
    )


def spend(member_id: int) -> None:
    """Post a spending."""
    service.spend(
        actor=None,
        holder=Holder.member(member_id),
        amount=1,
        key=f"bench:{next(_keys)}",
        why=WHY,
    )


def through_the_service(act: Callable[[int], None], ids: list[int], number: int) -> float:
    """Return postings per second through the service, each committed."""
    begun = time.perf_counter()
    for i in range(number):
        act(ids[i % len(ids)])
        db.session.commit()
    return number / (time.perf_counter() - begun)


FIND = """
SELECT c.id, c.kind, c.spend_order, c.expiry_months, c.expiry_rounding, c.negative_policy,
    c.negative_limit, c.transfer_limit, a.id AS account_id, a.closed_at, s.id AS opposite_id,
    (SELECT time_zone FROM club LIMIT 1) AS time_zone
FROM points_currency c
LEFT JOIN points_account a ON a.currency_id = c.id AND a.member_id = %s
LEFT JOIN points_account s ON s.currency_id = c.id AND s.system = %s
WHERE c.key = %s"""
CLAIM = """
INSERT INTO points_transaction (public_id, kind, account_id, amount, key, body_hash, business_date,
    booked_at, booked_on, project_id, rule, rule_version, source, source_key, facts, reverses_id,
    ends_hold_id, budget_id, actor_id, note_digest, created_at)
VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)
ON CONFLICT (key) DO NOTHING RETURNING id"""
ENTRY = """
INSERT INTO points_entry (transaction_id, currency_id, debit_account_id, debit_part,
    credit_account_id, credit_part, amount, lot_id, effective_on, expires_on, bonus)
VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s) RETURNING id"""
GAIN = """
UPDATE points_balance SET available = available + %s,
    due_on = CASE WHEN due_on > %s THEN %s ELSE due_on END
WHERE account_id = %s RETURNING available, owed, due_on"""
LOT = """
INSERT INTO points_lot (id, account_id, original, remaining, held, pending, bonus, effective_on,
    expires_on, spend_order) VALUES (%s,%s,%s,%s,%s,%s,%s,%s,%s,%s)"""
TAKE = """
UPDATE points_balance SET available = available - %s
WHERE account_id = %s AND available >= %s AND due_on > %s"""
PICK = """
SELECT id, remaining - held AS free, effective_on, expires_on FROM points_lot
WHERE account_id = %s AND remaining > held AND NOT pending AND expires_on >= %s
    AND effective_on <= %s ORDER BY expires_on, id LIMIT 8"""
USE = "UPDATE points_lot SET remaining = remaining - %s WHERE id = %s AND remaining - held >= %s"


def compare(
    what: str, act: Callable[[int], None], ids: list[int], number: int
) -> tuple[float, float]:
    """Return the median milliseconds of a posting by hand and of one through the service.

    They take turns, so that a busy neighbour slows both.
    """
    import psycopg

    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    post_by_hand = _earn_by_hand if what == "earn" else _spend_by_hand
    hand, ours = [], []
    with psycopg.connect(url, options="-c timezone=UTC") as connection:
        cursor = connection.cursor()
        for i in range(number + 50):
            begun = time.perf_counter()
            post_by_hand(cursor, ids[i % len(ids)])
            connection.commit()
            middle = time.perf_counter()
            act(ids[(i + 7) % len(ids)])
            db.session.commit()
            if i >= 50:
                hand.append((middle - begun) * 1000)
                ours.append((time.perf_counter() - middle) * 1000)
    return statistics.median(hand), statistics.median(ours)


def _claim_by_hand(cursor: Any, kind: str, member_id: int, system: str) -> tuple[Any, ...]:
    now = clock.now()
    today = clock.business_date("Asia/Shanghai", now)
    found = cursor.execute(FIND, (member_id, system, "redeemable")).fetchone()
    account, opposite, currency = found[-4], found[-2], found[0]
    row = (new_public_id(), kind, account, 1_000, f"hand:{next(_keys)}", bytes(32), today, now,
           today, None, None, None, "bench", "", json.dumps({}), None, None, None, None, None,
           now)  # fmt: skip
    posting = cursor.execute(CLAIM, row).fetchone()[0]
    return posting, account, opposite, currency, today


def _earn_by_hand(cursor: Any, member_id: int) -> None:
    posting, account, opposite, currency, today = _claim_by_hand(
        cursor, "earn", member_id, "issued"
    )
    end = date(today.year + 2, 12, 31)
    entry = cursor.execute(
        ENTRY,
        (posting, currency, opposite, "system", account, "available", 1_000, None, today, end,
         False),
    ).fetchone()[0]  # fmt: skip
    cursor.execute(GAIN, (1_000, end, end, account)).fetchone()
    cursor.execute(LOT, (entry, account, 1_000, 1_000, 0, False, False, today, end, None))


def _spend_by_hand(cursor: Any, member_id: int) -> None:
    cursor.execute("SAVEPOINT s")
    posting, account, opposite, currency, today = _claim_by_hand(
        cursor, "spend", member_id, "spent"
    )
    cursor.execute(TAKE, (1, account, 1, today))
    lot = cursor.execute(PICK, (account, today, today)).fetchall()[0]
    cursor.execute(
        ENTRY,
        (posting, currency, account, "available", opposite, "system", 1, lot[0], lot[2], lot[3],
         False),
    )  # fmt: skip
    cursor.execute(USE, (1, lot[0], 1))
    cursor.execute("RELEASE s")


def with_threads(app: Flask, ids: list[int], number: int) -> float:
    """Return earnings per second of four threads, each posting to `ids` at random."""

    def work(seed: int) -> None:
        chance = random.Random(seed)
        with app.app_context():
            for _ in range(number // THREADS):
                earn(chance.choice(ids))
                db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    begun = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return number / (time.perf_counter() - begun)


def milliseconds(act: Callable[[], Any], number: int = 60) -> float:
    """Return the median time of an act and its commit, warm."""
    taken = []
    for i in range(number + 10):
        begun = time.perf_counter()
        act()
        db.session.commit()
        if i >= 10:
            taken.append((time.perf_counter() - begun) * 1000)
    return statistics.median(taken)


def times(member: int) -> dict[str, float]:
    """Return the times of one member's spending, earning, balance and ledger page."""
    who = Holder.member(member)
    account = queries.balance(who).account_id
    assert account is not None
    return {
        "spend": milliseconds(lambda: spend(member)),
        "earn": milliseconds(lambda: earn(member)),
        "balance": milliseconds(lambda: queries.balance(who)),
        "last 50 lines": milliseconds(lambda: ledger_of(account, size=50)),
    }


def pages(member: int) -> dict[str, int]:
    """Return how many pages each reading of a posting touches, warm, on PostgreSQL."""
    connection = db.session.connection()
    account = connection.scalar(
        sa.text("SELECT id FROM points_account WHERE member_id = :m LIMIT 1"), {"m": member}
    )
    today = clock.business_date("Asia/Shanghai")
    found = {}
    for name, text in {
        "lots to use": PICK.replace("%s", "{}").format(account, f"'{today}'", f"'{today}'"),
        "last 50 lines": f"SELECT * FROM points_transaction WHERE account_id = {account}"  # noqa: S608
        " ORDER BY booked_at DESC, id DESC LIMIT 50",
        "balance": f"SELECT * FROM points_balance WHERE account_id = {account}",  # noqa: S608
    }.items():
        for _ in range(2):
            plan = connection.exec_driver_sql(
                f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {text}"
            ).scalar_one()[0]["Plan"]
        found[name] = plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]
    db.session.rollback()
    return found


def expire_all(app: Flask, ids: list[int]) -> tuple[float, float]:
    """Return lots expired per second, in the job's batches, and spendings of `ids` meanwhile."""
    over, spent = threading.Event(), 0

    def redeem() -> None:
        nonlocal spent
        chance = random.Random(1)
        with app.app_context():
            while not over.is_set():
                spend(chance.choice(ids))
                db.session.commit()
                spent += 1
            db.session.remove()

    shopper = threading.Thread(target=redeem)
    shopper.start()
    done, after, begun = 0, 0, time.perf_counter()
    while (batch := expiring.expire_batch(after=after)).after is not None:
        done, after = done + batch.lots, batch.after
        db.session.commit()
    taken = time.perf_counter() - begun
    over.set()
    shopper.join()
    return done / taken, spent / taken


def measure(kind: str, postings: int, rounds: int, many: int, dying: int) -> None:
    """Print every figure of one database."""
    _say(f"{kind}, {postings:,} postings a sample, median of {rounds}")
    with application(kind) as app, app.test_request_context():
        ids = add_members(500)
        if kind == "postgresql":
            _compare_with_hand(ids, postings * rounds)
        else:
            for name, act in (("earn", earn), ("spend", spend)):
                speeds = [through_the_service(act, ids, postings) for _ in range(rounds)]
                _say(f"  {name}: {statistics.median(speeds):,.0f} a second")
        hot, spread = [], []
        for _ in range(rounds):
            hot.append(with_threads(app, ids[:1], postings))
            spread.append(with_threads(app, ids, postings))
        ratio = statistics.median(a / b for a, b in zip(hot, spread, strict=True))
        _say(
            f"  {THREADS} threads: hot {statistics.median(hot):,.0f}, random "
            f"{statistics.median(spread):,.0f} a second, ratio {ratio:.2f}, at least 0.5"
            f"  {verdict(ratio >= 0.5)}"
        )
    with application(kind) as app, app.test_request_context():
        _sizes(app, many, dying)
        _say(f"  verify finds {len(verify())} faults")


def _compare_with_hand(ids: list[int], postings: int) -> None:
    for name, act in (("earn", earn), ("spend", spend)):
        hand, ours = compare(name, act, ids, postings)
        _say(
            f"  {name}: service {ours:.2f} ms, by hand {hand:.2f} ms, "
            f"ratio {hand / ours:.2f}, at least 0.5  {verdict(hand / ours >= 0.5)}"
        )


def _sizes(app: Flask, many: int, dying: int) -> None:
    ids = add_members(1_000)
    today = clock.business_date("Asia/Shanghai")
    later = today + timedelta(days=400)
    fill(ids[:1], 1_000, expires_on=later, at=clock.now())
    on_postgresql = db.engine.dialect.name == "postgresql"
    small, few = times(ids[0]), pages(ids[0]) if on_postgresql else {}
    # The same member among many, and a member who has a hundredth of them all.
    fill(ids[1:], many, expires_on=later, at=clock.now())
    fill(ids[1:2], many // 10, expires_on=later, at=clock.now())
    large, owner_of_many = times(ids[0]), times(ids[1])
    for name in small:
        _say(
            f"  {name}: {small[name]:.2f} ms with 10^3 lots, {large[name]:.2f} with {many:,} "
            f"({large[name] / small[name]:.2f}x), {owner_of_many[name]:.2f} for one who has "
            f"{many // 10:,} ({owner_of_many[name] / small[name]:.2f}x), at most 1.5x  "
            + verdict(max(large[name], owner_of_many[name]) <= 1.5 * small[name])
        )
    if on_postgresql:
        _say(f"  pages touched: {few} with 10^3 lots, {pages(ids[0])} with {many:,},")
        _say(f"    {pages(ids[1])} for one who has {many // 10:,}")
    past = clock.now() - timedelta(days=30)
    fill(ids[2:], dying, expires_on=today - timedelta(days=3), at=past)
    expired, redeemed = expire_all(app, ids[:2])
    least = 10_000 if on_postgresql else 5_000
    _say(
        f"  expiry: {redeemed:,.0f} spendings a second meanwhile, {expired:,.0f} lots a second, "
        f"at least {least:,}  {verdict(expired >= least)}"
    )


def verdict(good: bool) -> str:  # noqa: FBT001
    """Return the word behind a goal."""
    return "PASS" if good else "FAIL"


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), action="append")
    parser.add_argument("--postings", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lots", type=int, default=100_000)
    parser.add_argument("--dying", type=int, help="lots that expire; as many as --lots without it")
    given = parser.parse_args()
    for kind in given.database or ("postgresql", "sqlite"):
        dying = given.lots if given.dying is None else given.dying
        measure(kind, given.postings, given.rounds, given.lots, dying)


if __name__ == "__main__":
    main()
