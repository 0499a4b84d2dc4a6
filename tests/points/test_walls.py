"""Every CHECK and unique of the ledger by name: take one out of the schema and a line goes red."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.extensions import db
from portal.points import walls
from portal.points.faults import Fault
from portal.points.models import Currency, Policy, Proof, Proposal
from portal.points.models.currencies import RULE_FIELDS
from portal.points.verify import verify
from tests.factories import make_account, make_project
from tests.points.test_damage import ledger

__all__ = ["ledger"]
_RULES = {
    "spend_order_known": {"spend_order": "'x'"},
    "expiry_rounding_known": {"expiry_rounding": "'x'"},
    "negative_policy_known": {"negative_policy": "'x'"},
    "expiry_months_in_range": {"expiry_months": "0"},
    "expiry_day_in_year": {"expiry_day": "1301"},
    "decay_parts_in_range": {"decay_parts": "25"},
    "reinstate_days_in_range": {"reinstate_days": "-1"},
    "negative_limit_positive": {"negative_limit": "-1"},
    "transfer_limit_positive": {"transfer_limit": "-1"},
    "alone_limit_positive": {"alone_limit": "-1"},
    "cost_positive": {"cost_fen": "-1"},
    "extends_or_decays": {"decay_parts": "2", "activity_extends": "true"},
}
# table -> constraint without its prefix -> what makes a copy of a row break it and no other
CHECKS: dict[str, dict[str, dict[str, str]]] = {
    "points_currency": {
        **_RULES,
        "kind_known": {"kind": "'x'"},
        "qualifying_is_plain": {"kind": "'qualifying'", "reinstate_days": "1"},
        "since_before_until": {"since": "until"},
    },
    "points_policy": _RULES,
    "points_account": {
        "one_holder": {"household_id": "1", "member_id": "1"},
        "system_known": {"system": "'x'"},
        "qualifying_never_spent": {"currency_kind": "'qualifying'", "system": "'spent'"},
        "holder_kind_known": {"holder_kind": "'x'", "system": "NULL"},
    },
    "points_balance": {
        f"{part}_positive": {part: "-1"} for part in ("available", "pending", "held", "owed")
    },
    "points_budget": {"used_within_total": {"used": "total + 1"}},
    "points_transaction": {
        "kind_known": {"kind": "'x'"},
        "amount_positive": {"amount": "0"},
        "key_given": {"key": "''"},
        "reverse_of": {"reverses_id": "id"},
        "ends_a_hold": {"ends_hold_id": "id"},
    },
    "points_entry": {
        "debit_part_known": {"debit_part": "'x'"},
        "credit_part_known": {"credit_part": "'x'"},
        "amount_positive": {"amount": "0"},
        "two_sides": {
            "credit_account_id": "debit_account_id", "credit_part": "debit_part",
        },
        "days_in_order": {"effective_on": "'2026-02-02'", "expires_on": "'2026-02-01'"},
        "takes_from_a_lot": {"debit_part": "'held'", "lot_id": "NULL"},
        "root_of_an_opened_lot": {"root_id": "id", "lot_id": "id"},
    },
    "points_lot": {
        "original_positive": {"original": "0", "remaining": "0", "held": "0"},
        "held_positive": {"held": "-1"},
        "held_is_there": {"held": "remaining + 1"},
        "remaining_was_there": {"remaining": "original + 1"},
        "effective_known": {"effective_on": "NULL"},
        "pending_not_held": {"pending": "true", "held": "1", "remaining": "1"},
        "days_in_order": {"effective_on": "'2026-02-02'", "expires_on": "'2026-02-01'"},
    },
    "points_hold": {
        "state_known": {"state": "'x'", "ended_at": "'2026-01-01 00:00:00'", "captured": "0"},
        "amount_positive": {"amount": "0", "captured": "0"},
        "captured_was_held": {
            "state": "'captured'", "captured": "amount + 1", "ended_at": "'2026-01-01 00:00:00'",
        },
        "captured_when_captured": {
            "state": "'voided'", "captured": "1", "ended_at": "'2026-01-01 00:00:00'",
        },
        "ended_has_moment": {"state": "'voided'", "captured": "0", "ended_at": "NULL"},
    },
    "points_reversed": {"reversed_within_amount": {"reversed": "amount + 1"}},
    "points_sealed_month": {"month_form": {"month": "'2026'"}},
    "points_statement": {"ties": {"closing": "closing + 1"}},
    "points_seal": {"not_empty": {"transactions": "0"}},
    "points_move": {
        "month_form": {"month": "'2026'"},
        "cohort_form": {"cohort": "'2026'"},
        "ends_form": {"ends": "'2026'"},
    },
    "points_proof": {
        "rules_positive": {"rules": "-1"},
        "faults_positive": {"faults": "-1"},
        "moments_in_order": {"ended_at": "'2001-01-01 00:00:00'"},
    },
    "points_proposal": {
        "kind_known": {"kind": "'x'"},
        "state_known": {"state": "'x'", "decided_by_id": "made_by_id + 1"},
        "amount_positive": {"amount": "0"},
        "second_person": {"state": "'refused'", "decided_by_id": "made_by_id"},
        "decided_by_somebody": {"state": "'refused'"},
        "posted": {"state": "'approved'", "decided_by_id": "made_by_id + 1"},
        "one_deed": {"reverses_id": "1", "fact": "'{}'"},
    },
}  # fmt: skip
# table -> the columns of a unique; a copy of a row with all other uniques' columns changed
UNIQUES: dict[str, list[tuple[str, ...]]] = {
    "points_currency": [("key",)],
    "points_account": [
        (column, "currency_id")
        for column in ("member_id", "household_id", "unit_id", "project_id", "system")
    ],
    "points_budget": [("code",)],
    "points_transaction": [("key",), ("ends_hold_id",)],
    "points_seal": [("previous",)],
    "points_proposal": [("reverses_id",)],
}
_HANDLES = {"public_id", "id"}
"""Columns that are unique everywhere and guard nothing of the ledger: addresses and keys."""
WHERE = {
    "points_account": "system = 'issued'",
    "points_transaction": "kind = 'earn' AND booked_on = (SELECT max(booked_on) FROM"
    " points_transaction)",
    "points_entry": "debit_part = 'system' AND credit_part = 'available'",
    "points_lot": "NOT pending AND remaining > held",
    "points_hold": "state = 'held'",
}


def prefixed(table: str, name: str) -> str:
    """Return the constraint's name in the database."""
    return f"ck_{table}_{name}"


def copy_of(table: str, changes: dict[str, str], where: str) -> str:
    """Return the statement that adds a copy of one row with some columns changed."""
    columns = db.metadata.tables[table].c
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(
        _typed(columns[column.name], changes[column.name])
        if column.name in changes
        else f'"{column.name}"'
        for column in columns
    )
    return f"INSERT INTO {table} ({names}) SELECT {values} FROM {table} WHERE {where} LIMIT 1"  # noqa: S608


def _typed(column: Any, text: str) -> str:
    kind = column.type.compile(dialect=db.engine.dialect)
    quoted = text.startswith("'") or text == "NULL"
    return f"CAST({text} AS {kind})" if quoted and db.engine.dialect.name != "sqlite" else text


@pytest.fixture
def full(ledger) -> None:
    """The ledger in which everything has happened, with a row in every table."""
    maker, project = make_account(), make_project()
    currency = db.session.scalars(sa.select(Currency).where(Currency.key == "redeemable")).one()
    rules = {name: getattr(currency, name) for name in RULE_FIELDS}
    now = clock.now()
    db.session.add_all(
        [
            Policy(currency_id=currency.id, valid_from=now.date(), **rules),
            Proof(started_at=now, ended_at=now, rules=1, faults=0),
            Proposal(
                member_id=ledger["member"].id, project_id=project.id, kind="award", amount=1,
                reason="x", made_by_id=maker.id,
            ),
        ]
    )  # fmt: skip
    db.session.commit()


@pytest.mark.parametrize(
    ("table", "name"), [(table, name) for table, names in CHECKS.items() for name in names]
)
def test_the_check_itself_refuses(full, table: str, name: str) -> None:
    statement = copy_of(table, CHECKS[table][name], WHERE.get(table, "true"))
    with pytest.raises(IntegrityError, match=rf"\b{prefixed(table, name)}\b"):
        db.session.connection().execute(sa.text(statement))
    db.session.rollback()


@pytest.mark.parametrize(
    ("table", "columns"), [(table, each) for table, found in UNIQUES.items() for each in found]
)
def test_the_unique_itself_refuses(full, table: str, columns: tuple[str, ...]) -> None:
    unique = [
        each
        for each in sa.inspect(db.session.connection()).get_unique_constraints(table)
        if tuple(each["column_names"]) == columns
    ] + [
        each
        for each in sa.inspect(db.session.connection()).get_indexes(table)
        if each["unique"] and tuple(each["column_names"]) == columns
    ]
    assert unique, f"{table}: nothing keeps {columns} unique"


def test_every_check_of_the_ledger_is_tried() -> None:
    checks = {
        constraint.name
        for table in walls.tables()
        for constraint in table.constraints
        if isinstance(constraint, sa.CheckConstraint)
    }
    assert checks == {prefixed(table, name) for table, names in CHECKS.items() for name in names}


def test_every_unique_of_the_ledger_is_tried() -> None:
    found = {
        (table.name, tuple(column.name for column in each.columns))
        for table in walls.tables()
        for each in [*table.constraints, *(index for index in table.indexes if index.unique)]
        if isinstance(each, sa.UniqueConstraint | sa.Index)
        and not _HANDLES & {column.name for column in each.columns}
    }
    assert found == {(table, each) for table, columns in UNIQUES.items() for each in columns}


def test_every_trigger_of_the_ledger_is_known(app) -> None:
    connection = db.session.connection()
    text = {
        "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal",
    }[connection.dialect.name]
    others = ("points_event_", "points_subject_")
    found = {
        name
        for name in connection.scalars(sa.text(text))
        if name.startswith("points_") and not name.startswith(others)
    }
    assert found == walls.TRIGGERS


def test_a_trigger_that_was_taken_out_is_named(app) -> None:
    assert verify() == []
    on_table = " ON points_entry" if db.engine.dialect.name == "postgresql" else ""
    db.session.execute(sa.text(f"DROP TRIGGER points_entry_no_update{on_table}"))
    assert verify() == [Fault(walls.RULE, 0, "points_entry_no_update is missing")]
    db.session.rollback()


def test_constraints_that_were_taken_out_are_named(app) -> None:
    db.session.execute(sa.text("ALTER TABLE points_reversed RENAME TO elsewhere"))
    db.session.execute(sa.text("CREATE TABLE points_reversed AS SELECT * FROM elsewhere"))
    assert verify() == [
        Fault(walls.RULE, 0, f"{name} is missing")
        for name in (
            "ck_points_reversed_reversed_within_amount",
            "fk_points_reversed_transaction_id_points_transaction",
        )
    ]
    db.session.rollback()


@pytest.mark.parametrize("table", ["points_policy", "points_proof", "points_move"])
@pytest.mark.parametrize("act", ["UPDATE {} SET id = id", "DELETE FROM {}"])
def test_what_was_written_down_stays(full, table: str, act: str) -> None:
    with pytest.raises(IntegrityError, match=r"no (update|delete)"):
        db.session.connection().execute(sa.text(act.format(table)))
    db.session.rollback()
