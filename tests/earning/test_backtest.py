"""A draft on past facts comes to what a live run came to, to the milli-point."""

from datetime import timedelta
from typing import Any

from flask import current_app
from flask.testing import FlaskClient

from portal.earning import drafting
from portal.earning.backtesting import ask_backtest
from portal.earning.models import Backtest
from portal.earning.service import withdraw_facts
from portal.extensions import db
from portal.jobs.runner import Runner
from tests.earning.helpers import TODAY, available, publish, rule, tell
from tests.factories import make_member, make_staff, sign_in

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


def backtest(*rules: Any) -> Backtest:
    """Replay a draft of these rules on all facts."""
    draft = drafting.start_draft(actor=None)
    for old in drafting.rules_of(draft):
        drafting.remove_rule(actor=None, draft=draft, key=old.key)
    for each in rules:
        drafting.save_rule(actor=None, draft=draft, definition=each)
    found = ask_backtest(actor=None, draft=draft, since=TODAY - timedelta(days=9), until=TODAY)
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
    assert "Nobody gets more or less" in client.get(answer.location, headers=english).text
    assert client.get("/centre/earning/backtests", headers=english).status_code == 200
    assert client.get("/centre/earning/backtests/nothing").status_code == 404
    assert client.post("/centre/earning/draft/discard").status_code == 303
    assert db.session.query(Backtest).count() == 0
