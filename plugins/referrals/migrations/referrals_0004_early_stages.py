"""Stages of the sales system that come before their turn."""

import sqlalchemy as sa
from alembic import op


revision = "referrals_0004"
down_revision = "referrals_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "referrals_early_stage",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("lead_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column("on_day", sa.Date(), nullable=False),
        sa.Column("buyer", sa.String(length=20), nullable=False),
        sa.Column("building", sa.String(length=40), nullable=False),
        sa.Column("paper", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "stage IN ('pre_registered', 'subscribed', 'signed', 'paid', 'closed')",
            name=op.f("ck_referrals_early_stage_stage_of_a_sale"),
        ),
        sa.ForeignKeyConstraint(
            ["lead_id"],
            ["referrals_lead.id"],
            name=op.f("fk_referrals_early_stage_lead_id_referrals_lead"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_referrals_early_stage_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals_early_stage")),
        sa.UniqueConstraint("lead_id", "stage", name="uq_referrals_early_stage_lead"),
        sa.UniqueConstraint("public_id", name=op.f("uq_referrals_early_stage_public_id")),
    )
    with op.batch_alter_table("referrals_early_stage", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_referrals_early_stage_project_id"), ["project_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("referrals_early_stage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_referrals_early_stage_project_id"))

    op.drop_table("referrals_early_stage")
