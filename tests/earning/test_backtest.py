"""A draft on past facts comes to what a live run came to, to the milli-point."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import current_app
from flask.testing import FlaskClient

from portal.earning import backtesting, drafting, queries
from portal.earning.backtesting import ask_backtest
from portal.earning.models import Backtest
from portal.earning.replaying import Replay
from portal.earning.service import withdraw_facts
from portal.extensions import db
from portal.jobs.runner import Runner
from tests.earning.helpers import TODAY, available, publish, rule, tell
from tests.factories import make_member, make_staff, sign_in
from tests.points.helpers import earn, spend
from tests.tiers.helpers import form as scheme_form
from tests.tiers.helpers import install, night, state, tier

RULES = (
    rule("welcome", points="12.5", budget={"code": "opening", "points": "60"}),
    rule(
        "fee",
        "fee.paid",
        amount={"kind": "per_amount", "divisor": "3", "points": "0.125", "rounding": "half_up"},
        to=["redeemable", "qualifying"],
        limits=[{"per": "household", "period": "month", "points": "40"}],
    ),
    rule("ladder", "contract.signed", amount={"kind": "ladder", "steps": ["100", "50"]}),
    rule(
        "once",
        "contract.signed",
        points="7",
        limits=[{"per": "member", "period": "ever", "times": 1}],
    ),
    rule("breach", "contract.paid", effect="forfeit", points="30"),
)


def live() -> list[Any]:
    """Let half a year happen to five members."""
    members = [make_member() for _ in range(5)]
    for number, member in enumerate(members):
        tell(member)
        for day in range(4):
            tell(member, "fee.paid", amount=12_345 * (number + day + 1))
        tell(member, "contract.signed", subject=f"contract:{number}a")
        tell(member, "contract.signed", subject=f"contract:{number}b")
    withdraw_facts(actor=None, subject="contract:1a", on=TODAY)
    withdraw_facts(actor=None, subject="contract:2b", on=TODAY)
    db.session.commit()
    tell(members[1], "contract.signed", subject="contract:1c")
    tell(members[3], "contract.paid")
    return members


def reckon() -> None:
    """Let the jobs of backtests run."""
    app = current_app._get_current_object()
    db.session.remove()
    with app.app_context():
        Runner(app, kinds=("earning.backtest",)).run_once()


def backtest(*rules: Any, since: date = TODAY - timedelta(days=9)) -> Backtest:
    """Replay a draft of these rules on the facts since a day."""
    draft = drafting.start_draft(actor=None)
    for old in drafting.rules_of(draft):
        drafting.remove_rule(actor=None, draft=draft, key=old.key)
    for each in rules:
        drafting.save_rule(actor=None, draft=draft, definition=each)
    found = ask_backtest(actor=None, draft=draft, since=since, until=TODAY)
    db.session.commit()
    reckon()
    return db.session.get_one(Backtest, found.id)


def test_a_backtest_of_the_same_rules_is_equal_to_the_live_run(app: Any) -> None:
    publish(*RULES)
    members = live()
    result = backtest(*RULES).result
    total = sum(available(member) for member in members)
    assert result["totals"]["redeemable"] == [total, total]
    assert (result["winners"], result["losers"]) == (0, 0)
    assert result["totals"]["qualifying"][0] == sum(
        available(member, "qualifying") for member in members
    )


def test_a_window_begins_with_what_was_used_before(app: Any) -> None:
    """Limits and budgets go on from the days before, and are freed by what is withdrawn."""
    rules = (
        rule("once", "contract.signed", limits=[{"per": "member", "period": "ever", "times": 1}]),
        rule(
            "fest",
            "fee.paid",
            points="10",
            budget={"code": "fest", "points": "60"},
            limits=[{"per": "club", "period": "ever", "times": 5}],
        ),
        rule("day", "fee.paid", limits=[{"per": "household", "period": "day", "times": 1}]),
    )
    publish(
        *rules,
        begins_on=TODAY - timedelta(days=30),
        correction=True,
        note="new",
        maker=make_staff("centre"),
        actor=make_staff("centre"),
    )
    members = [make_member() for _ in range(3)]
    before = TODAY - timedelta(days=1)
    for member in members:
        tell(member, "contract.signed", subject=f"contract:{member.id}", business_date=before)
    for number in range(3):
        tell(members[0], "fee.paid", subject=f"fee:{number}", business_date=before)
    withdraw_facts(actor=None, subject=f"contract:{members[1].id}", on=TODAY)
    db.session.commit()
    for member in members:
        tell(member, "contract.signed")
        tell(member, "fee.paid")
    withdraw_facts(actor=None, subject="fee:0", on=TODAY)
    db.session.commit()
    tell(members[2], "fee.paid")
    result = backtest(*rules, since=TODAY).result
    assert (result["winners"], result["losers"]) == (0, 0), result
    assert result["totals"]["redeemable"] == [(100 + 3 * 10 + 3 * 100) * 1000] * 2


def test_a_backtest_names_who_gets_more_and_less(app: Any) -> None:
    publish(*RULES)
    members = live()
    found = backtest(RULES[0], rule("ladder", "contract.signed", points="80"))
    result = found.result
    assert found.facts == 37
    assert result["losers"] == 5
    first = next(each for each in result["losses"] if each[:2] == [members[0].id, "redeemable"])
    assert first[2] == available(members[0])
    assert first[3] == 12_500 + 160_000


def test_the_centre_asks_and_reads(client: FlaskClient) -> None:
    publish(*RULES)
    install(LADDER)
    live()
    sign_in(client, make_staff("centre"))
    client.post("/centre/earning/draft/start")
    day = TODAY.isoformat()
    bad = {"since": day, "until": (TODAY - timedelta(days=1)).isoformat()}
    assert client.post("/centre/earning/backtests", data=bad).status_code == 422
    answer = client.post("/centre/earning/backtests", data={"since": day, "until": day})
    assert answer.status_code == 303
    english = {"Accept-Language": "en"}
    assert "Being reckoned" in client.get(answer.location, headers=english).text
    reckon()
    page = client.get(answer.location, headers=english).text
    assert "Nobody gets more or less" in page
    assert "Nobody would have another tier" in page
    assert client.get("/centre/earning/backtests", headers=english).status_code == 200
    assert client.get("/centre/earning/backtests/nothing").status_code == 404
    assert client.post("/centre/earning/draft/discard").status_code == 303
    assert db.session.query(Backtest).count() == 0


LADDER = scheme_form(
    tier("blue"),
    tier("silver", {"metric": "points", "at_least": 100_000}),
    tier("gold", {"metric": "points", "at_least": 200_000}),
)


def test_moves_are_those_of_a_live_run(app: Any) -> None:
    """The tiers that a draft leads to are those that the same rules really led to."""
    install(LADDER)
    bought = rule("bought", "contract.signed", points="100", to=["qualifying"])
    publish(bought)
    members = [make_member() for _ in range(4)]
    for number, member in enumerate(members):
        for count in range(number):
            tell(member, "contract.signed", subject=f"contract:{number}:{count}")
    withdraw_facts(actor=None, subject="contract:3:0", on=TODAY)
    db.session.commit()
    night(TODAY)
    lived = [state(member).tier for member in members]
    assert lived == ["blue", "silver", "gold", "gold"]
    same = backtest(bought).result["tiers"][0]
    assert same["people"] == 0
    assert {row[0]: row[1] for row in same["steps"] if row[1]} == {
        "blue": 1,
        "silver": 1,
        "gold": 2,
    }
    drafting.discard_draft(actor=None, draft=queries.draft_book())
    half = backtest(rule("bought", "contract.signed", points="50", to=["qualifying"]))
    moves = half.result["tiers"][0]
    assert {row[0]: row[1:] for row in moves["steps"]} == {
        "gold": [2, 0, 0, 0],
        "silver": [1, 2, 0, 2],
        "blue": [1, 2, 0, 1],
        None: [0, 0, 0, 0],
    }
    assert [members[1].id, "silver", "blue"] in moves["moved"]
    assert half.kept is None
    assert [state(member).tier for member in members] == lived


def test_points_that_wait_count_neither_for_tiers_nor_for_a_breach(app: Any) -> None:
    install(LADDER)
    pending = {"until": "contract.paid", "percent": 30}
    rules = (
        rule("bought", "contract.signed", points="100", to=["qualifying"], pending=pending),
        rule("later", "unit.verified", points="40", pending={"days": 5}),
        rule("breach", "fee.paid", effect="forfeit", amount={"kind": "all"}),
    )
    publish(*rules)
    members = [make_member() for _ in range(3)]
    for member in members:
        tell(member, "contract.signed", subject=f"contract:{member.id}")
        tell(member, "unit.verified")
        tell(member, "fee.paid")
    tell(members[0], "contract.paid", subject=f"contract:{members[0].id}", facts={"percent": 30})
    night(TODAY)
    assert [state(member).tier for member in members] == ["silver", "blue", "blue"]
    result = backtest(*rules).result
    assert (result["winners"], result["losers"]) == (0, 0)
    assert {row[0]: row[1:3] for row in result["tiers"][0]["steps"]}["silver"] == [1, 1]


def test_a_breach_takes_what_spending_has_left(app: Any) -> None:
    rules = (rule("welcome", points="100"), rule("late", "fee.paid", effect="forfeit", points="90"))
    publish(*rules)
    members = [make_member() for _ in range(3)]
    for member in members:
        tell(member)
    spend(members[0], 70_000)
    earn(members[1], 5_000)
    spend(members[1], 95_000)
    db.session.commit()
    for member in members:
        tell(member, "fee.paid")
    assert [available(member) for member in members] == [0, 0, 10_000]
    result = backtest(*rules).result
    assert result["totals"]["redeemable"] == [300_000 - 130_000] * 2
    assert (result["winners"], result["losers"]) == (0, 0)


def test_a_restart_goes_on_where_the_replay_was_kept(
    app: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(*RULES)
    live()
    whole = backtest(*RULES).result
    drafting.discard_draft(actor=None, draft=queries.draft_book())
    monkeypatch.setattr(backtesting, "BATCH", 3)
    monkeypatch.setattr(backtesting, "KEPT_EVERY", 2)
    added: list[int] = []
    add = Replay.add

    def stumble(self: Replay, fact: Any) -> None:
        added.append(fact.id)
        if len(added) == 20:
            raise RuntimeError("the power fails")
        add(self, fact)

    monkeypatch.setattr(Replay, "add", stumble)
    found = backtest(*RULES)
    assert found.result is None
    assert found.kept["done"] == 18
    db.session.execute(sa.text("UPDATE job SET due_at = created_at WHERE state <> 'done'"))
    db.session.commit()
    reckon()
    found = db.session.get_one(Backtest, found.id, populate_existing=True)
    assert found.result == whole
    assert found.facts == 37
    assert len(added) == 20 + 37 - 18
