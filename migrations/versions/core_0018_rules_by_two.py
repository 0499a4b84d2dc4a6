"""Rules and awards by two people; backtests that go on and tell of tiers; budgets refilled."""

import sqlalchemy as sa
from alembic import op

revision = "core_0018"
down_revision = "core_0017"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_LEFT = """
    UPDATE points_budget SET used = (
        SELECT coalesce(sum(t.amount - coalesce(r.reversed, 0)), 0)
        FROM points_transaction t LEFT JOIN points_reversed r ON r.transaction_id = t.id
        WHERE t.budget_id = points_budget.id)
"""
_GIVEN = """
    UPDATE points_budget SET used = given, total = CASE WHEN given > total THEN given ELSE total END
    FROM (
        SELECT t.budget_id, sum(t.amount) AS given FROM points_transaction t
        WHERE t.budget_id IS NOT NULL GROUP BY t.budget_id
    ) AS g WHERE g.budget_id = points_budget.id
"""


def upgrade() -> None:
    """Add the tables and columns; let what was reversed flow back into its campaign's budget."""
    op.create_table(
        "earning_proposal",
        sa.Column("book_id", _BIG, autoincrement=False, nullable=False),
        sa.Column("begins_on", sa.Date(), nullable=False),
        sa.Column("is_correction", sa.Boolean(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("made_by_id", _BIG, nullable=False),
        sa.Column("decided_by_id", _BIG, nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "decided_by_id <> made_by_id", name=op.f("ck_earning_proposal_second_person")
        ),
        sa.CheckConstraint(
            "(decided_by_id IS NULL) = (decided_at IS NULL)",
            name=op.f("ck_earning_proposal_decided_has_moment"),
        ),
        sa.ForeignKeyConstraint(
            ["book_id"],
            ["earning_book.id"],
            name=op.f("fk_earning_proposal_book_id_earning_book"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["decided_by_id"],
            ["account.id"],
            name=op.f("fk_earning_proposal_decided_by_id_account"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["made_by_id"],
            ["account.id"],
            name=op.f("fk_earning_proposal_made_by_id_account"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("book_id", name=op.f("pk_earning_proposal")),
    )
    for column in ("decided_by_id", "made_by_id"):
        op.create_index(op.f(f"ix_earning_proposal_{column}"), "earning_proposal", [column])
    op.create_table(
        "earning_backtest_day",
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
    op.add_column("earning_backtest", sa.Column("kept", sa.JSON(), nullable=True))
    op.add_column("points_proposal", sa.Column("fact", sa.JSON(), nullable=True))
    op.execute(_LEFT)


def downgrade() -> None:
    """Drop them again, and count what was reversed as given."""
    op.execute(_GIVEN)
    op.drop_column("points_proposal", "fact")
    op.drop_column("earning_backtest", "kept")
    op.drop_table("earning_backtest_day")
    op.drop_table("earning_proposal")
