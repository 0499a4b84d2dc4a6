"""A fact with rules against a bare posting of the same points.

    python -m bench.earning [--database postgresql|sqlite] [--facts N] [--rounds N]

Prints, as ratios of medians within one run, how long a fact takes (kept, judged, posted, explained)
in bare postings: with one rule, with a limit, with ten rules of which nine refuse, and told again.
"""

import argparse
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any

import sqlalchemy as sa

from bench.points import application
from portal import clock
from portal.accounts.models import Account
from portal.columns import new_public_id
from portal.earning import drafting, publishing
from portal.earning.schema import load_rule
from portal.earning.service import record_fact
from portal.extensions import db
from portal.facts.service import NewFact
from portal.members.models import Household, Member
from portal.points import service
from portal.points.terms import Holder, Why

MEMBERS = 200
_keys = itertools.count(1)


def rule(key: str, source: str, **values: Any) -> dict[str, Any]:
    """Return a rule of one point."""
    return load_rule(
        {
            "key": key,
            "title": {"en": key},
            "source": source,
            "amount": {"kind": "fixed", "points": "1"},
            "to": ["redeemable"],
            **values,
        }
    )


RULES = (
    rule("one", "member.joined"),
    rule("limited", "fee.paid", limits=[{"per": "member", "period": "ever", "times": 10**6}]),
    *(
        rule(
            f"of-ten-{number}",
            "tenure.month",
            when={"field": "member.homes", "op": "at_least", "value": number},
        )
        for number in range(10)
    ),
)


def members(today: date) -> list[int]:
    """Add members, each in a household of their own; return their ids."""
    for number in range(MEMBERS):
        household = Household()
        account = Account(display_name="bench", email=f"{number}@bench.test")
        db.session.add_all([household, account])
        db.session.flush()
        db.session.add(
            Member(
                public_id=new_public_id(),
                account_id=account.id,
                household_id=household.id,
                card_number=f"{number:08d}",
                name="bench",
                joined_on=today,
            )
        )
    db.session.commit()
    return list(db.session.scalars(sa.select(Member.id)))


def timed(act: Callable[[int], object], ids: list[int], facts: int) -> float:
    """Return the median seconds of one act and its commit, over members in turn."""
    times = []
    for member_id in itertools.islice(itertools.cycle(ids), facts):
        began = time.perf_counter()
        act(member_id)
        db.session.commit()
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def main() -> None:
    """Measure, and print a line for each way."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", choices=("postgresql", "sqlite"), default="postgresql")
    parser.add_argument("--facts", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with application(options.database):
        today = clock.business_date("Asia/Shanghai")
        draft = drafting.start_draft(actor=None)
        for each in RULES:
            drafting.save_rule(actor=None, draft=draft, definition=each)
        publishing.install(actor=None, draft=draft, begins_on=today)
        ids = members(today)

        def post(member_id: int) -> object:
            return service.post(
                actor=None,
                holder=Holder.member(member_id),
                amount=1_000,
                key=f"bench:{next(_keys)}",
                why=Why("bench"),
            )

        def tell(source: str, key: str | None = None) -> Callable[[int], object]:
            return lambda member_id: record_fact(
                actor=None,
                new=NewFact(
                    source, key or f"bench:{next(_keys)}", today, member_id=member_id, amount=100
                ),
            )

        ways = {
            "a bare posting": post,
            "one rule": tell("member.joined"),
            "one rule with a limit": tell("fee.paid"),
            "ten rules, nine refuse": tell("tenure.month"),
            "told again": tell("member.joined", "again"),
        }
        found: dict[str, list[float]] = {name: [] for name in ways}
        for act in ways.values():
            timed(act, ids, MEMBERS)
        for _ in range(options.rounds):
            for name, act in ways.items():
                found[name].append(timed(act, ids, options.facts))
        bare = statistics.median(found["a bare posting"])
        for name, seconds in found.items():
            median = statistics.median(seconds)
            sys.stdout.write(f"{name}: {median * 1000:.2f} ms, {median / bare:.2f} bare postings\n")


if __name__ == "__main__":
    main()
