"""Rules with a past date, proposed by one person and confirmed by another."""

import sqlalchemy as sa
from alembic import op


revision = "referrals_0008"
down_revision = "referrals_0007"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "referrals_correction",
        sa.Column("id", BIG, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("draft", sa.JSON(), nullable=False),
        sa.Column("words", sa.String(length=400), nullable=False),
        sa.Column("effect", sa.JSON(), nullable=False),
        sa.Column("made_by", BIG, nullable=False),
        sa.Column("decided_by", BIG, nullable=True),
        sa.Column("campaign_id", BIG, nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('proposed', 'confirmed', 'dropped')",
            name=op.f("ck_referrals_correction_state_known"),
        ),
        sa.CheckConstraint(
            "state <> 'confirmed' OR (decided_by IS NOT NULL AND decided_by <> made_by)",
            name=op.f("ck_referrals_correction_two_persons"),
        ),
        sa.CheckConstraint(
            "(state = 'confirmed') = (campaign_id IS NOT NULL)",
            name=op.f("ck_referrals_correction_version_when_confirmed"),
        ),
        sa.ForeignKeyConstraint(
            ["campaign_id"],
            ["referrals_campaign.id"],
            name=op.f("fk_referrals_correction_campaign_id_referrals_campaign"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_referrals_correction_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_referrals_correction")),
        sa.UniqueConstraint("public_id", name=op.f("uq_referrals_correction_public_id")),
    )
    op.create_index(
        op.f("ix_referrals_correction_campaign_id"), "referrals_correction", ["campaign_id"]
    )
    op.create_index(
        "ix_referrals_correction_list",
        "referrals_correction",
        ["project_id", "state", "created_at", "id"],
    )


def downgrade() -> None:
    op.drop_table("referrals_correction")
