"""The walls of the ledger: what the database itself refuses, and whether it still does."""

from collections.abc import Iterator

import sqlalchemy as sa

from portal.extensions import db
from portal.points.faults import Fault

RULE = "walls_are_there"
_KEPT = (
    "points_policy",
    "points_transaction",
    "points_entry",
    "points_sealed_month",
    "points_statement",
    "points_seal",
    "points_sealed_transaction",
    "points_move",
    "points_proof",
    "points_proof_fault",
)
"""Tables to which rows are only added."""
TRIGGERS = frozenset(
    [
        *(f"{table}_no_{act}" for table in _KEPT for act in ("update", "delete")),
        "points_note_only_blanked",
        "points_note_no_delete",
        "points_hold_ends_once",
        "points_hold_no_delete",
        "points_month_is_sealed",
        "points_reversal_is_final",
        "points_proposal_decided_once",
    ]
)
_OTHERS = {"points_event", "points_subject"}
"""Tables of another feature under the same prefix."""
_STANDING = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger'",
    # A trigger that somebody switched off refuses nothing.
    "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D'",
}


def tables() -> list[sa.Table]:
    """Return the ledger's tables, by name."""
    return [
        table
        for name, table in sorted(db.metadata.tables.items())
        if name.startswith("points_") and name not in _OTHERS
    ]


def faults() -> Iterator[Fault]:
    """Yield each CHECK, key and trigger of the ledger that the database lacks."""
    connection = db.session.connection()
    standing = set(connection.scalars(sa.text(_STANDING[connection.dialect.name])))
    inspector = sa.inspect(connection)
    for table in tables():
        standing |= {each["name"] for each in inspector.get_check_constraints(table.name)}
        standing |= {each["name"] for each in inspector.get_foreign_keys(table.name)}
        standing |= {each["name"] for each in inspector.get_unique_constraints(table.name)}
        standing |= {each["name"] for each in inspector.get_indexes(table.name) if each["unique"]}
    for name in sorted(expected() - standing):
        yield Fault(RULE, 0, f"{name} is missing")


def expected() -> frozenset[str]:
    """Return the names of what has to stand."""
    return TRIGGERS | {str(wall.name) for table in tables() for wall in _walls(table)}


def _walls(table: sa.Table) -> list[sa.Constraint | sa.Index]:
    kinds = sa.CheckConstraint | sa.UniqueConstraint | sa.ForeignKeyConstraint
    constraints = [each for each in table.constraints if isinstance(each, kinds)]
    return [*constraints, *(index for index in table.indexes if index.unique)]
