"""Drafts of the rules that were tried, and stages in the order of their days."""

import sqlalchemy as sa
from alembic import op


revision = "referrals_0009"
down_revision = "referrals_0008"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "referrals_trial",
        sa.Column("id", BIG, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("today", sa.Date(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("found", sa.JSON(), nullable=False),
        sa.Column("made_by", BIG, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("done >= 0 AND total >= 0", name=op.f("ck_referrals_trial_counts")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_referrals_trial_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals_trial")),
        sa.UniqueConstraint("public_id", name=op.f("uq_referrals_trial_public_id")),
    )
    op.create_index(
        "ix_referrals_trial_list", "referrals_trial", ["project_id", "created_at", "id"]
    )
    op.create_index(
        "ix_referrals_step_day",
        "referrals_step",
        ["project_id", "on_day", "created_at", "id"],
        sqlite_where=sa.text("stage"),
        postgresql_where=sa.text("stage"),
    )


def downgrade() -> None:
    op.drop_index("ix_referrals_step_day", "referrals_step")
    op.drop_table("referrals_trial")
