"""Whom an activity is for."""

import sqlalchemy as sa
from alembic import op

revision = "events_0008"
down_revision = "events_0006"
branch_labels = None
depends_on = "core_0019"


def upgrade() -> None:
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.add_column(
            sa.Column("rules", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
        )


def downgrade() -> None:
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.drop_column("rules")
