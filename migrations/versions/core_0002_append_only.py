"""Forbid changing and deleting the rows of append-only tables."""

from alembic import op

revision = "core_0002"
down_revision = "core_0001"
branch_labels = None
depends_on = None

# table -> the column that an erasure may blank
APPEND_ONLY = {"audit_entry": "reason", "claim_event": "note"}
BLANK = {"audit_entry": "NEW.reason IS NULL", "claim_event": "NEW.note = ''"}
COLUMNS = {
    "audit_entry": (
        "id, action, actor_id, project_id, subject_kind, subject_key, facts, created_at"
    ),
    "claim_event": "id, claim_id, to_state, reason, actor_id, created_at",
}


def upgrade() -> None:
    for table in APPEND_ONLY:
        if op.get_bind().dialect.name == "sqlite":
            _forbid_on_sqlite(table)
        else:
            _forbid_on_postgresql(table)


def downgrade() -> None:
    for table in APPEND_ONLY:
        for what in ("update", "delete", "blank"):
            suffix = "" if op.get_bind().dialect.name == "sqlite" else f" ON {table}"
            op.execute(f"DROP TRIGGER {table}_no_{what}{suffix}")
        if op.get_bind().dialect.name != "sqlite":
            op.execute(f"DROP FUNCTION {table}_append_only()")


def _forbid_on_sqlite(table: str) -> None:
    refuse = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {COLUMNS[table]} ON {table} {refuse}"
    )
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {refuse}")
    op.execute(
        f"CREATE TRIGGER {table}_no_blank BEFORE UPDATE OF {APPEND_ONLY[table]} ON {table} "
        f"WHEN NOT ({BLANK[table]}) {refuse}"
    )


def _forbid_on_postgresql(table: str) -> None:
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
    )
    call = f"FOR EACH ROW EXECUTE FUNCTION {table}_append_only()"
    blank = f"FOR EACH ROW WHEN (NOT ({BLANK[table]})) EXECUTE FUNCTION {table}_append_only()"
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE OF {COLUMNS[table]} ON {table} {call}"
    )
    op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {call}")
    op.execute(
        f"CREATE TRIGGER {table}_no_blank BEFORE UPDATE OF {APPEND_ONLY[table]} ON {table} {blank}"
    )
