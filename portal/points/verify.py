"""Proving the ledger: each invariant is a named query that returns the accounts where it fails."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.points.models import Note, Transaction
from portal.points.rules import RULES

_MONTHS = {
    "sqlite": "substr(t.booked_on, 1, 7)",
    "postgresql": "to_char(t.booked_on, 'YYYY-MM')",
}
NOTES_RULE = "note_is_its_digest"
_MOST = 100


@dataclass(frozen=True)
class Fault:
    """An account at which a rule does not hold, and the figures that say so."""

    rule: str
    account_id: int
    text: str


def verify() -> list[Fault]:
    """Return where the ledger breaks its rules, at most a hundred faults a rule."""
    found = [fault for rule in RULES for fault in check(rule)]
    return found + list(_blotted_notes())


def check(rule: str) -> list[Fault]:
    """Return where one rule is broken."""
    connection = db.session.connection()
    text = RULES[rule].replace("{month}", _MONTHS[connection.dialect.name])
    rows = connection.execute(sa.text(text)).mappings().fetchmany(_MOST)
    return [Fault(rule, row["account_id"], _figures(row)) for row in rows]


def _figures(row: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if name != "account_id")


def _blotted_notes() -> Iterator[Fault]:
    """Yield notes that say something else than was written; a blanked one is no fault."""
    rows = db.session.execute(
        sa.select(Transaction.account_id, Transaction.id, Transaction.note_digest, Note.text)
        .outerjoin(Note, Note.transaction_id == Transaction.id)
        .where(sa.or_(Note.text != "", Transaction.note_digest.is_not(None)))
        .execution_options(yield_per=1000)
    )
    for row in rows:
        blanked = row.text == "" and row.note_digest is not None
        right = row.text and hashlib.sha256(row.text.encode()).digest() == row.note_digest
        if not blanked and not right:
            yield Fault(NOTES_RULE, row.account_id, f"posting {row.id}")
