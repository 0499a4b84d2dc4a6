"""A backtest lives through tiers in memory: the table that it once wrote meanwhile is dropped."""

import sqlalchemy as sa
from alembic import op

revision = "core_0021"
down_revision = "core_0020"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE = "earning_backtest_day"


def upgrade() -> None:
    """Drop the table, which is empty unless a backtest runs."""
    op.drop_table(_TABLE)


def downgrade() -> None:
    """Make the table again."""
    op.create_table(
        _TABLE,
        sa.Column("backtest_id", _BIG, nullable=False),
        sa.Column("member_id", _BIG, nullable=False),
        sa.Column("currency", sa.String(length=20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount", _BIG, nullable=False),
        sa.ForeignKeyConstraint(
            ["backtest_id"],
            ["earning_backtest.id"],
            name=op.f("fk_earning_backtest_day_backtest_id_earning_backtest"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["member_id"],
            ["member.id"],
            name=op.f("fk_earning_backtest_day_member_id_member"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint(
            "backtest_id", "member_id", "currency", "day", name=op.f("pk_earning_backtest_day")
        ),
    )
