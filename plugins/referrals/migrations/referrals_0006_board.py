"""Aliases of owners who chose to be on the board."""

import sqlalchemy as sa
from alembic import op


revision = "referrals_0006"
down_revision = "referrals_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("referrals_referrer", schema=None) as batch_op:
        batch_op.add_column(sa.Column("alias", sa.String(length=12), nullable=True))
        batch_op.create_index(
            "uq_referrals_referrer_alias",
            ["project_id", "alias"],
            unique=True,
            sqlite_where=sa.text("alias IS NOT NULL"),
            postgresql_where=sa.text("alias IS NOT NULL"),
        )


def downgrade() -> None:
    with op.batch_alter_table("referrals_referrer", schema=None) as batch_op:
        batch_op.drop_index("uq_referrals_referrer_alias")
        batch_op.drop_column("alias")
