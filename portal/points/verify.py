"""Proving the ledger: each invariant is a named query that returns the accounts where it fails."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.points import chain, walls
from portal.points.faults import Fault
from portal.points.keys import note_digest
from portal.points.models import Note, Transaction
from portal.points.months import MONTH
from portal.points.rules import RULES

NOTES_RULE = "note_is_its_digest"
_MOST = 100


def verify() -> list[Fault]:
    """Return where the ledger breaks its rules, at most a hundred faults a rule."""
    found = [fault for rule in RULES for fault in check(rule)]
    return [*found, *_blotted_notes(), *chain.faults(), *walls.faults()]


def check(rule: str) -> list[Fault]:
    """Return where one rule is broken."""
    connection = db.session.connection()
    text = RULES[rule].replace("{month}", MONTH[connection.dialect.name])
    rows = connection.execute(sa.text(text)).mappings().fetchmany(_MOST)
    return [Fault(rule, row["account_id"], _figures(row)) for row in rows]


def _figures(row: Any) -> str:
    return ", ".join(f"{name} {value}" for name, value in row.items() if name != "account_id")


def _blotted_notes() -> Iterator[Fault]:
    """Yield notes that say something else than was written; a blanked one is no fault."""
    rows = db.session.execute(
        sa.select(
            Transaction.account_id, Transaction.id, Transaction.note_digest, Note.text, Note.salt
        )
        .outerjoin(Note, Note.transaction_id == Transaction.id)
        .where(sa.or_(Note.text != "", Transaction.note_digest.is_not(None)))
        .execution_options(yield_per=1000)
    )
    for row in rows:
        blanked = row.text == "" and row.note_digest is not None
        right = row.text and note_digest(row.salt, row.text) == row.note_digest
        if not blanked and not right:
            yield Fault(NOTES_RULE, row.account_id, f"posting {row.id}")
