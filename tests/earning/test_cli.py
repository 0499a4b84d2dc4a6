"""`portal earning`: what the rules would make of something."""

from typing import Any

from portal.cli import main
from tests.earning.helpers import available, publish, rule
from tests.factories import make_member


def run(app: Any, words: list[str]) -> Any:
    """Run a command, and return how it ended."""
    return app.test_cli_runner().invoke(main, words, obj=None)


def test_the_command_tells_what_the_rules_would_make_of_it(app: Any) -> None:
    member = make_member()
    publish(rule("fee", "fee.paid", when={"field": "days_late", "op": "at_most", "value": 0}))
    asked = ["earning", "try", "--card", member.card_number, "--source", "fee.paid"]
    told = run(app, [*asked, "--amount", "12.50", "--facts", "days_late=0"]).output
    assert told == "fee: 100.000 redeemable\n"
    assert "nothing" in run(app, [*asked, "--facts", "days_late=4"]).output
    assert run(app, [*asked, "--amount", "much"]).exit_code == 1
    assert run(app, [*asked, "--draft"]).exit_code == 1
    assert run(app, ["earning", "try", "--card", "1", "--source", "fee.paid"]).exit_code == 1
    assert available(member) == 0
    assert '"$defs"' in run(app, ["earning", "schema"]).output
