"""When somebody came in, and who let them in."""

import sqlalchemy as sa
from alembic import op

revision = "events_0004"
down_revision = "events_0003"
branch_labels = None
depends_on = "core_0019"


def upgrade() -> None:
    with op.batch_alter_table("events_seat") as batch_op:
        batch_op.add_column(sa.Column("checked_in_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(
            sa.Column(
                "checked_in_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )


def downgrade() -> None:
    with op.batch_alter_table("events_seat") as batch_op:
        batch_op.drop_column("checked_in_by")
        batch_op.drop_column("checked_in_at")
