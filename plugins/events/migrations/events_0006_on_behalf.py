"""Who of the staff entered a registration, why, and how many seats went over the capacity."""

import sqlalchemy as sa
from alembic import op

revision = "events_0006"
down_revision = "events_0005"
branch_labels = None
depends_on = "core_0019"


def upgrade() -> None:
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.add_column(
            sa.Column(
                "entered_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True
            )
        )
        batch_op.add_column(
            sa.Column("entered_why", sa.String(length=200), nullable=False, server_default="")
        )
        batch_op.add_column(
            sa.Column("forced", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_events_registration_forced_by_staff"),
            "forced = 0 OR (forced > 0 AND forced <= seats AND entered_by IS NOT NULL)",
        )


def downgrade() -> None:
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.drop_constraint(
            batch_op.f("ck_events_registration_forced_by_staff"), type_="check"
        )
        batch_op.drop_column("forced")
        batch_op.drop_column("entered_why")
        batch_op.drop_column("entered_by")
