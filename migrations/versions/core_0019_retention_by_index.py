"""Retention finds old keys and links by index."""

from alembic import op

revision = "core_0019"
down_revision = "core_0018"
branch_labels = None
depends_on = None

TABLES = ("idempotency_key", "plugin_token")


def upgrade() -> None:
    """Index when the rows were made."""
    for table in TABLES:
        op.create_index(op.f(f"ix_{table}_created_at"), table, ["created_at"])


def downgrade() -> None:
    """Scan the tables again."""
    for table in TABLES:
        op.drop_index(op.f(f"ix_{table}_created_at"), table_name=table)
