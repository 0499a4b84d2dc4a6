"""`portal points`."""

import sqlalchemy as sa

from portal.cli import main
from portal.extensions import db
from tests.factories import make_member
from tests.points.helpers import earn


def run(app, *words):
    """Run the command in the test's application."""
    db.session.commit()
    return app.test_cli_runner().invoke(main, ["points", *words], obj=None)


def test_a_sound_ledger_verifies(app) -> None:
    earn(make_member(), 1_000)
    result = run(app, "verify")
    assert (result.exit_code, result.output) == (0, "Every rule holds.\n")


def test_a_damaged_one_names_account_and_rule(app) -> None:
    posting = earn(make_member(), 1_000)
    db.session.execute(sa.text("UPDATE points_balance SET available = 2000"))
    result = run(app, "verify")
    assert result.exit_code == 1
    assert f"balance_is_in_lots: account {posting.account_id} (member " in result.output


def test_a_broken_file_is_said_in_a_line(app, monkeypatch) -> None:
    def broken() -> None:
        raise sa.exc.DatabaseError("", {}, Exception("database disk image is malformed"))

    monkeypatch.setattr("portal.points.cli.verify_ledger", broken)
    result = run(app, "verify")
    assert (result.exit_code, "The database's file is damaged" in result.output) == (1, True)


def test_a_rebuild_says_what_it_does(app) -> None:
    earn(make_member(), 1_000)
    db.session.execute(sa.text("UPDATE points_balance SET available = 2000"))
    assert run(app, "rebuild", "--dry-run").output == "0 lots and 1 balances differ.\n"
    assert run(app, "rebuild").output == "0 lots and 1 balances put right.\n"
    assert run(app, "verify").exit_code == 0


def test_expiring_and_sealing_can_be_run_by_hand(app) -> None:
    earn(make_member(), 1_000)
    assert "0.000 points in 0 lots" in run(app, "expire", "--dry-run").output
    assert "0.000 points in 0 lots" in run(app, "expire").output
    assert run(app, "seal").output == "1 postings sealed.\n"
    assert run(app, "seal-month", "2020-01").output == "2020-01 is sealed: 0 statements.\n"
    assert run(app, "seal-month", "2020-01").exit_code == 1
