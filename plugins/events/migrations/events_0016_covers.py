"""Covers that staff upload."""

import sqlalchemy as sa
from alembic import op

revision = "events_0016"
down_revision = "events_0015"
branch_labels = None
depends_on = "core_0019"


def upgrade() -> None:
    with op.batch_alter_table("events_event") as batch_op:
        batch_op.add_column(sa.Column("picture_key", sa.String(length=22), nullable=True))
        batch_op.add_column(
            sa.Column("picture_url", sa.String(length=200), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("picture_alt", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
        )
    op.create_index(op.f("ix_events_event_picture_key"), "events_event", ["picture_key"])


def downgrade() -> None:
    op.drop_index(op.f("ix_events_event_picture_key"), "events_event")
    with op.batch_alter_table("events_event") as batch_op:
        batch_op.drop_column("picture_alt")
        batch_op.drop_column("picture_url")
        batch_op.drop_column("picture_key")
