"""Anonymous waves are shuffled: a narrow permit to rewrite the frame's lines, and when it was."""

import sqlalchemy as sa
from alembic import op

revision = "surveys_0003"
down_revision = "surveys_0002"
branch_labels = None
depends_on = None

_NEW = "(SELECT state FROM surveys_wave WHERE id = NEW.wave_id)"
_OLD = "(SELECT state FROM surveys_wave WHERE id = OLD.wave_id)"
_PURGING = "(SELECT purging FROM surveys_wave WHERE id = OLD.wave_id)"
_PERMIT = (
    "EXISTS (SELECT 1 FROM surveys_wave WHERE id = {}.wave_id AND shuffling AND NOT named"
    " AND state = 'closed' AND shuffled_at IS NULL)"
)
_BEFORE = [
    ("participation", "INSERT", "drawn", f"{_NEW} <> 'review'"),
    ("participation", "DELETE", "kept", f"{_OLD} <> 'review' AND NOT {_PURGING}"),
]
_CHANGED = [
    ("participation", "INSERT", "drawn", f"{_NEW} <> 'review' AND NOT {_PERMIT.format('NEW')}"),
    (
        "participation",
        "DELETE",
        "kept",
        f"{_OLD} <> 'review' AND NOT {_PURGING} AND NOT {_PERMIT.format('OLD')}",
    ),
]
_ADDED = [
    (
        "ballot",
        "INSERT",
        "unshuffled",
        "(SELECT shuffled_at FROM surveys_wave WHERE id = NEW.wave_id) IS NOT NULL",
    ),
    (
        "wave",
        "UPDATE",
        "shuffled",
        "(NEW.state = 'sealed' AND OLD.state = 'closed' AND NOT NEW.named"
        " AND (NEW.shuffled_at IS NULL OR NEW.shuffling))"
        " OR (OLD.shuffled_at IS NOT NULL AND NEW.shuffled_at IS NULL)"
        " OR (NEW.shuffling AND NEW.named)",
    ),
]


def _guard(table: str, act: str, name: str, when: str) -> None:
    full, trigger = f"surveys_{table}", f"surveys_{table}_{name}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {trigger} BEFORE {act} ON {full} WHEN {when} "
            f"BEGIN SELECT RAISE(ABORT, '{full}: {name}'); END"
        )
        return
    row = "OLD" if act == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {trigger}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {when} THEN RAISE EXCEPTION '{full}: {name}' "
        f"USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {row}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {trigger} BEFORE {act} ON {full} FOR EACH ROW EXECUTE FUNCTION {trigger}()"
    )


def _unguard(table: str, name: str) -> None:
    trigger = f"surveys_{table}_{name}"
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {trigger}")
        return
    op.execute(f"DROP TRIGGER {trigger} ON surveys_{table}")
    op.execute(f"DROP FUNCTION {trigger}()")


def upgrade() -> None:
    # Not in a batch: SQLite would copy the table, and its triggers would be gone.
    op.add_column(
        "surveys_wave",
        sa.Column("shuffling", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.add_column(
        "surveys_wave", sa.Column("shuffled_at", sa.DateTime(timezone=True), nullable=True)
    )
    for table, _, name, _ in _CHANGED:
        _unguard(table, name)
    for rule in (*_CHANGED, *_ADDED):
        _guard(*rule)


def downgrade() -> None:
    for table, _, name, _ in (*_CHANGED, *_ADDED):
        _unguard(table, name)
    for rule in _BEFORE:
        _guard(*rule)
    op.drop_column("surveys_wave", "shuffled_at")
    op.drop_column("surveys_wave", "shuffling")
