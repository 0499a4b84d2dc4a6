"""Tiers of a backtest are those of a live run, with what was held, kept and given by hand."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask, current_app

from portal import clock
from portal.earning import drafting, queries
from portal.earning.backtesting import ask_backtest
from portal.earning.models import Backtest
from portal.earning.service import withdraw_facts
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.members.models import Member, MemberState
from portal.points import expiring
from portal.tiers import evaluate, overrides
from portal.tiers.models import Membership, Scheme
from tests.earning.helpers import publish, rule, tell
from tests.factories import make_member, make_staff
from tests.tiers.helpers import form, found, install, night, qualify, tier

LAST, TURN = 44, 13
"""How many days are lived, and on which the rules change."""
QUIET = {*range(4, 8), *range(23, 31), *range(34, 38)}
"""On these days nothing happens, and no night changes anything."""
PAID = {"kind": "per_amount", "divisor": "1", "points": "1"}
TO = ["qualifying"]
BEFORE = (
    rule("paid", "fee.paid", amount=PAID, to=TO),
    rule("bought", "contract.signed", points="150", to=TO),
)
AFTER = (
    rule("paid", "fee.paid", amount={**PAID, "points": "2"}, to=TO, pending={"days": 2}),
    rule("bought", "contract.signed", points="30", to=TO),
)
STEPS = form(
    tier("blue"),
    tier("silver", {"metric": "month", "at_least": 100_000}),
    tier("gold", {"metric": "month", "at_least": 200_000}),
    metrics=[{"key": "month", "kind": "points", "window": {"kind": "calendar", "span": "month"}}],
    period="month",
    keep_percent=50,
    down={
        "when": "period_start", "to": "one_step", "whole_periods": 0, "grace_days": 3,
        "second_chance_days": 9,
    },
)  # fmt: skip
BEST = form(
    tier("blue"),
    tier(
        "best",
        {"top": {"metric": "last", "basis_points": 5000, "of": "blue"}},
        keep={"metric": "last", "at_least": 120_000},
    ),
    metrics=[
        {"key": "last", "kind": "points",
         "window": {"kind": "calendar", "span": "month", "back": 1}}
    ],
    period="month",
    up="period_start",
    down={"when": "period_start", "to": "right_level", "whole_periods": 0},
)  # fmt: skip
FEES = {
    0: {2: 250, 13: 30, 39: 110},
    1: {3: 120, 8: 90, 14: 60, 40: 20},
    2: {3: 60, 15: 140, 41: 100},
    3: {9: 199, 12: 1, 31: 60, 41: 60},
    4: {8: 205},
}
"""Yuan that each member pays on which days."""


class Clock:
    """The test's own day, at noon in the club's time zone."""

    day = date(2027, 1, 22)

    def now(self) -> datetime:
        noon = datetime.combine(self.day, time(12), ZoneInfo("Asia/Shanghai"))
        return noon.astimezone(UTC)


@pytest.fixture
def moved(monkeypatch: pytest.MonkeyPatch, app: Flask) -> Clock:
    """Let the test say which day it is."""
    made = Clock()
    monkeypatch.setattr(clock, "now", made.now)
    return made


def live(now: Clock, first: date, *, change: bool) -> list[Member]:
    """Let people pay from a day on, night by night; the rules change meanwhile, or do not."""
    now.day = first
    publish(*BEFORE, begins_on=first)
    members = [make_member(joined_on=first) for _ in FEES]
    for number in range(LAST):
        now.day = first + timedelta(days=number)
        if number == TURN and change:
            publish(*AFTER, begins_on=now.day)
        if number in QUIET:
            continue
        expiring.expire_batch()
        night(now.day, scheme="club")
        if now.day.day == 1:
            night(now.day, scheme="best")
        for member in _who_hears(members, number, now):
            evaluate.evaluate_members([member.id], on=now.day)
        db.session.commit()
    return members


def _who_hears(members: list[Member], number: int, now: Clock) -> Iterator[Member]:
    """Let happen what happens on a day; yield whom events are about."""
    for place, member in enumerate(members):
        if yuan := FEES[place].get(number):
            tell(member, "fee.paid", amount=yuan * 100, business_date=now.day)
            yield member
    if number == 18:
        tell(members[2], "contract.signed", subject=f"c:{members[2].id}", business_date=now.day)
        yield members[2]
    if number == 20:
        withdraw_facts(actor=None, subject=f"c:{members[2].id}", on=now.day)
        qualify(members[1], 25, now.day)
        yield from members[1:3]
    if number == 16:
        maker, other = make_staff("centre"), make_staff("centre")
        by_hand = overrides.propose_override(
            actor=maker, member=members[4], project_id=None, found=found("club", now.day),
            tier="silver", reason="A friend", expires_on=now.day + timedelta(days=90),
        )  # fmt: skip
        overrides.decide_override(actor=other, override=by_hand, member=members[4], approve=True)


def held(members: list[Member]) -> dict[str, list[str | None]]:
    """Return the tiers of members in each scheme."""
    rows = db.session.execute(
        sa.select(Scheme.key, Membership.member_id, Membership.tier).join(
            Scheme, Scheme.id == Membership.scheme_id
        )
    ).all()
    tiers = {(row.key, row.member_id): row.tier for row in rows}
    return {key: [tiers[key, member.id] for member in members] for key in ("best", "club")}


def test_a_draft_leads_to_the_tiers_that_a_live_run_leads_to(moved: Clock) -> None:
    """The same is lived twice, a year apart: once with the new rules, and once as a backtest."""
    install(STEPS, key="club")
    install(BEST, key="best", is_club=False)
    changed = held(live(moved, date(2027, 1, 22), change=True))
    db.session.execute(sa.update(Member).values(state=MemberState.LEFT))
    members = live(moved, date(2029, 1, 22), change=False)
    before = held(members)
    assert all(changed[scheme] != before[scheme] for scheme in before)
    hardly = rule("hardly", "fee.paid", points="0.001", to=TO)
    assert backtest(members, (*BEFORE, hardly), date(2029, 1, 22)) == before
    assert backtest(members, AFTER, date(2029, 1, 22)) == changed


def backtest(members: list[Member], rules: Any, first: date) -> dict[str, list[str | None]]:
    """Replay a draft from the turn on; return the tiers that members would have."""
    draft = drafting.start_draft(actor=None)
    for old in drafting.rules_of(draft):
        drafting.remove_rule(actor=None, draft=draft, key=old.key)
    for each in rules:
        drafting.save_rule(actor=None, draft=draft, definition=each)
    asked = ask_backtest(
        actor=None, draft=draft, since=first + timedelta(days=TURN),
        until=first + timedelta(days=LAST),
    )  # fmt: skip
    db.session.commit()
    asked_id = asked.id
    ids, app = [member.id for member in members], current_app._get_current_object()
    db.session.remove()
    with app.app_context():
        Runner(app, kinds=("earning.backtest",)).run_once()
    result = db.session.get_one(Backtest, asked_id).result
    tiers = held([db.session.get_one(Member, member_id) for member_id in ids])
    for key, scheme in zip(("club", "best"), result["tiers"], strict=True):
        for member_id, was, then in scheme["moved"]:
            place = ids.index(member_id)
            assert tiers[key][place] == was
            tiers[key][place] = then
    drafting.discard_draft(actor=None, draft=queries.draft_book())
    db.session.commit()
    return tiers
