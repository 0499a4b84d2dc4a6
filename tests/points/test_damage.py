"""A damaged ledger: what the database itself refuses, and what verify says of the rest."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal import clock
from portal.extensions import db
from portal.points import chain, months, service
from portal.points.errors import PointsError
from portal.points.models import Balance, Lot, Transaction
from portal.points.rebuild import rebuild
from portal.points.rules import RULES
from portal.points.terms import Terms, Why
from portal.points.verify import verify
from tests.factories import add, make_member
from tests.points.helpers import WHY, damage, earn, figures, hold, noon, reverse, spend

TODAY = clock.business_date("Asia/Shanghai")


@pytest.fixture
def ledger(app):
    """A ledger in which everything has happened, its last month sealed; returns ids by name."""
    from portal.points.models import Budget

    add(Budget(code="spring", total=50_000))
    member, day = make_member(), TODAY.replace(day=1) - timedelta(days=12)
    old = earn(member, 30_000, expires_on=TODAY - timedelta(days=2), at=noon(day))
    earn(member, 10_000, at=noon(day))
    spend(member, 4_000, at=noon(day))
    months.seal_month(
        actor=None, month=f"{day:%Y-%m}", at=noon(TODAY.replace(day=1) + timedelta(days=40))
    )
    db.session.commit()
    earned = earn(member, 100_000, why=Why("manual", note="helped at the fair"))
    spent = spend(member, 20_000)
    reverse(spent, amount=5_000)
    kept = hold(member, 7_000)
    service.capture(actor=None, hold_id=hold(member, 3_000).id, why=WHY)
    earn(member, 9_000, terms=Terms(waits=True))
    earn(member, 6_000, terms=Terms(budget="spring"))
    earn(member, 8_000, currency="qualifying")
    db.session.commit()
    chain.seal_batch(everything=True)
    db.session.commit()
    assert damage() == []
    account = db.session.scalars(
        sa.select(Transaction.account_id).where(Transaction.id == old.id)
    ).one()
    return {
        "account": account,
        "old": old.id,
        "earned": earned.id,
        "spent": spent.id,
        "hold": kept.id,
        "member": member,
    }


def forget_walls():
    """Take every trigger and CHECK of the ledger out: what is left is verify."""
    connection = db.session.connection()
    tables = [name for name in db.metadata.tables if name.startswith("points_")]
    if connection.dialect.name == "sqlite":
        for name in connection.scalars(
            sa.text(
                "SELECT name FROM sqlite_master WHERE type='trigger' AND tbl_name LIKE 'points_%'"
            )
        ).all():
            connection.execute(sa.text(f"DROP TRIGGER {name}"))
        connection.execute(sa.text("PRAGMA ignore_check_constraints=ON"))
        connection.execute(sa.text("PRAGMA defer_foreign_keys=ON"))
        return
    for table in tables:
        connection.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
        for check in sa.inspect(connection).get_check_constraints(table):
            connection.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {check['name']}"))
        for unique in sa.inspect(connection).get_unique_constraints(table):
            if unique["column_names"] == ["key"] and table == "points_transaction":
                connection.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {unique['name']}"))


DAMAGE = {
    "entry_has_two_sides_of_one_currency": [
        "UPDATE points_entry SET amount = -amount WHERE transaction_id = :spent",
        "UPDATE points_entry SET currency_id = (SELECT max(id) FROM points_currency)"
        " WHERE transaction_id = :spent",
    ],
    "currency_sums_to_zero": [
        "UPDATE points_balance SET available = available + 1 WHERE account_id = :account",
    ],
    "balance_is_in_lots": [
        "UPDATE points_balance SET held = held - 1 WHERE account_id = :account",
        "UPDATE points_lot SET held = held + 1 WHERE account_id = :account AND NOT pending"
        " AND remaining > held",
    ],
    "lot_is_original_less_uses": [
        "UPDATE points_lot SET remaining = remaining - 1, original = original - 1"
        " WHERE account_id = :account AND remaining > 0",
        "DELETE FROM points_entry WHERE transaction_id = :spent",
    ],
    "lot_holds_what_it_says": [
        "UPDATE points_lot SET remaining = -1 WHERE account_id = :account",
        "UPDATE points_lot SET remaining = original + 1 WHERE account_id = :account",
        "UPDATE points_lot SET held = remaining + 1 WHERE account_id = :account",
    ],
    "used_while_alive": [
        "UPDATE points_entry SET expires_on = '2001-01-01', effective_on = '2001-01-01'"
        " WHERE transaction_id = :spent",
        "UPDATE points_balance SET due_on = '9999-12-31' WHERE account_id = :account",
    ],
    "hold_ends_once": [
        "UPDATE points_hold SET state = 'voided' WHERE id = :hold",
        "UPDATE points_hold SET amount = amount + 1 WHERE id = :hold",
    ],
    "reversed_within_posting": [
        "UPDATE points_transaction SET amount = 4000 WHERE id = :spent",
        "UPDATE points_reversed SET reversed = reversed - 1 WHERE transaction_id = :spent",
        "UPDATE points_transaction SET kind = 'reverse' WHERE id = :spent",
    ],
    "lot_keeps_its_days": [
        "UPDATE points_lot SET expires_on = '9999-12-30' WHERE account_id = :account"
        " AND remaining > 0",
        "UPDATE points_entry SET expires_on = NULL WHERE transaction_id = :spent",
    ],
    "sealed_month_is_closed": [
        "UPDATE points_transaction SET booked_on = (SELECT booked_on FROM points_transaction"
        " WHERE id = :old), created_at = '2999-01-01 00:00:00' WHERE id = :spent",
    ],
    "statements_tie": [
        "UPDATE points_statement SET closing = closing + 1 WHERE account_id = :account",
        "UPDATE points_statement SET gained = gained + 1, closing = closing + 1"
        " WHERE account_id = :account",
    ],
    "moves_are_entries": [
        "UPDATE points_move SET spent = spent + 1",
        "DELETE FROM points_move",
    ],
    "outstanding_is_issued_less_gone": [
        "UPDATE points_transaction SET amount = amount + 1 WHERE id = :earned",
        "UPDATE points_balance SET owed = owed + 1 WHERE account_id = :account",
    ],
    "qualifying_is_never_spent": [
        "UPDATE points_currency SET kind = 'qualifying' WHERE key = 'redeemable'",
    ],
    "campaign_within_budget": [
        "UPDATE points_budget SET used = used + 1",
        "UPDATE points_budget SET total = used - 1",
    ],
    "rebuild_is_equal": [
        "UPDATE points_balance SET pending = pending + 1 WHERE account_id = :account",
        "UPDATE points_lot SET pending = NOT pending WHERE account_id = :account AND pending",
        "DELETE FROM points_lot WHERE account_id = :account AND remaining = 0",
    ],
    "note_is_its_digest": [
        "UPDATE points_note SET text = 'something else'",
        "DELETE FROM points_note",
    ],
    "chain_is_unbroken": [
        "UPDATE points_transaction SET source = 'x' WHERE id = :old",
        "UPDATE points_entry SET bonus = NOT bonus WHERE transaction_id = :spent",
        "UPDATE points_seal SET digest = previous",
        "DELETE FROM points_sealed_transaction WHERE transaction_id = :old",
    ],
}
CLUB_WIDE = {
    "campaign_within_budget",
    "currency_sums_to_zero",
    "chain_is_unbroken",
    "moves_are_entries",
}


@pytest.mark.parametrize(
    ("rule", "statement"), [(rule, text) for rule, texts in DAMAGE.items() for text in texts]
)
def test_verify_names_the_account_and_the_rule(app, ledger, rule, statement) -> None:
    """Damage one thing with every wall taken out; the transaction is rolled back."""
    forget_walls()
    parameters = {name: value for name, value in ledger.items() if f":{name}" in statement}
    done = db.session.connection().execute(sa.text(statement), parameters)
    assert done.rowcount > 0
    found = [(fault.rule, fault.account_id) for fault in verify()]
    db.session.rollback()
    if db.engine.dialect.name == "sqlite":
        db.session.connection().execute(sa.text("PRAGMA ignore_check_constraints=OFF"))
        db.session.rollback()
    assert rule in [name for name, _account in found]
    if rule not in CLUB_WIDE:
        assert (rule, ledger["account"]) in found


def test_every_rule_has_a_damage_that_it_finds() -> None:
    # Two postings under one key: the unique index cannot be taken out of SQLite's table.
    assert set(RULES) - set(DAMAGE) == {"key_is_one_posting"}


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE points_transaction SET amount = amount",
        "UPDATE points_move SET spent = 0",
        "DELETE FROM points_move",
        "DELETE FROM points_transaction",
        "UPDATE points_entry SET amount = amount",
        "DELETE FROM points_entry",
        "UPDATE points_sealed_month SET month = '2001-01'",
        "DELETE FROM points_sealed_month",
        "UPDATE points_statement SET closing = closing",
        "DELETE FROM points_statement",
        "UPDATE points_seal SET transactions = transactions",
        "DELETE FROM points_seal",
        "UPDATE points_sealed_transaction SET position = position",
        "DELETE FROM points_sealed_transaction",
        "UPDATE points_note SET text = 'other'",
        "DELETE FROM points_note",
        "UPDATE points_hold SET state = 'held', captured = 0 WHERE state = 'captured'",
        "DELETE FROM points_hold",
        "UPDATE points_balance SET available = -1",
        "UPDATE points_balance SET pending = -1",
        "UPDATE points_balance SET held = -1",
        "UPDATE points_balance SET owed = -1",
        "UPDATE points_lot SET remaining = -1",
        "UPDATE points_lot SET remaining = original + 1",
        "UPDATE points_lot SET held = remaining + 1",
        "UPDATE points_lot SET held = -1",
        "UPDATE points_lot SET expires_on = '2001-01-01'",
        "UPDATE points_reversed SET reversed = amount + 1",
        "UPDATE points_budget SET used = total + 1",
        "UPDATE points_account SET system = 'spent' WHERE system = 'issued'"
        " AND currency_kind = 'qualifying'",
        "UPDATE points_account SET member_id = NULL WHERE member_id IS NOT NULL",
        "UPDATE points_currency SET kind = 'qualifying' WHERE key = 'redeemable'",
        "INSERT INTO points_transaction (public_id, kind, account_id, amount, key, body_hash,"
        " business_date, booked_at, booked_on, source, source_key, facts, reverses_id, created_at)"
        " SELECT 'x', 'reverse', account_id, 1, 'again', body_hash, business_date, booked_at,"
        " booked_on, source, source_key, facts, id, created_at FROM points_transaction"
        " WHERE kind = 'reverse'",
        "INSERT INTO points_transaction (public_id, kind, account_id, amount, key, body_hash,"
        " business_date, booked_at, booked_on, source, source_key, facts, created_at)"
        " SELECT 'x', 'earn', account_id, 1, 'late', body_hash, business_date, booked_at,"
        " booked_on, source, source_key, facts, created_at FROM points_transaction"
        " ORDER BY booked_on LIMIT 1",
        "INSERT INTO points_transaction (public_id, kind, account_id, amount, key, body_hash,"
        " business_date, booked_at, booked_on, source, source_key, facts, created_at)"
        " SELECT 'x', 'earn', account_id, 1, key, body_hash, business_date, booked_at,"
        " booked_on, source, source_key, facts, created_at FROM points_transaction"
        " WHERE kind = 'spend' ORDER BY booked_on DESC LIMIT 1",
    ],
)
def test_the_database_itself_refuses(app, ledger, statement) -> None:
    with pytest.raises(DBAPIError):
        db.session.connection().execute(sa.text(statement))
    db.session.rollback()
    assert damage() == []


def test_a_note_may_be_blanked_and_the_ledger_still_verifies(app, ledger) -> None:
    db.session.execute(sa.text("UPDATE points_note SET text = ''"))
    db.session.commit()
    assert damage() == []


def test_nothing_is_posted_into_a_sealed_month(app, ledger) -> None:
    with pytest.raises(PointsError, match="sealed_month"):
        earn(ledger["member"], 1_000, at=noon(TODAY.replace(day=1) - timedelta(days=12)))
    db.session.rollback()
    assert damage() == []


@pytest.mark.parametrize("month", ["2026-13", "november", "", "2026-11-01"])
def test_a_month_is_written_as_year_and_month(app, month) -> None:
    with pytest.raises(PointsError, match="month_invalid"):
        months.seal_month(actor=None, month=month)


def test_a_month_that_is_not_over_is_not_sealed(app) -> None:
    with pytest.raises(PointsError, match="month_not_over"):
        months.seal_month(actor=None, month=f"{TODAY:%Y-%m}")


def test_a_rebuild_puts_damaged_lots_and_balances_right(app, ledger) -> None:
    member = ledger["member"]
    before = figures(member)
    lots = db.session.execute(sa.select(Lot.__table__).order_by(Lot.id)).all()
    db.session.execute(sa.update(Balance).values(available=1, held=2, pending=3, owed=4))
    db.session.execute(sa.text("UPDATE points_lot SET remaining = held"))
    db.session.execute(sa.text("DELETE FROM points_lot WHERE held = 0"))
    db.session.commit()
    assert damage() != []
    done = rebuild()
    db.session.commit()
    assert done.lots > 0
    assert done.balances > 0
    assert figures(member) == before
    assert db.session.execute(sa.select(Lot.__table__).order_by(Lot.id)).all() == lots
    assert damage() == []
