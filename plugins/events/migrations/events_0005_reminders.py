"""When somebody was reminded of an activity."""

import sqlalchemy as sa
from alembic import op

revision = "events_0005"
down_revision = "events_0004"
branch_labels = None
depends_on = "core_0019"


def upgrade() -> None:
    with op.batch_alter_table("events_seat") as batch_op:
        batch_op.add_column(sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("events_seat") as batch_op:
        batch_op.drop_column("reminded_at")
