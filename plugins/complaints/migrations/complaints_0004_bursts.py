"""Bursts of complaints."""

import sqlalchemy as sa
from alembic import op

revision = "complaints_0004"
down_revision = "complaints_0003"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "complaints_burst",
        sa.Column("id", BIG, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("category_id", BIG, nullable=False),
        sa.Column("building", sa.String(length=40), nullable=False),
        sa.Column("contractor", sa.String(length=60), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("households", sa.Integer(), nullable=False),
        sa.Column("expected", sa.Float(), nullable=False),
        sa.Column("chance", sa.Float(), nullable=False),
        sa.Column("calm_since", sa.Date(), nullable=True),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("account_id", BIG, nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("planned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "stage IN ('watch', 'alert', 'plan', 'stood_down')",
            name=op.f("ck_complaints_burst_stage_known"),
        ),
        sa.CheckConstraint(
            "households >= 0 AND chance BETWEEN 0 AND 1", name=op.f("ck_complaints_burst_reading")
        ),
        sa.CheckConstraint(
            "(stage = 'stood_down') = (ended_at IS NOT NULL)",
            name=op.f("ck_complaints_burst_ended"),
        ),
        sa.ForeignKeyConstraint(
            ["category_id"],
            ["complaints_category.id"],
            name=op.f("fk_complaints_burst_category_id_complaints_category"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_complaints_burst_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints_burst")),
        sa.UniqueConstraint("public_id", name=op.f("uq_complaints_burst_public_id")),
    )
    op.create_index(op.f("ix_complaints_burst_category_id"), "complaints_burst", ["category_id"])
    op.create_index(
        "ix_complaints_burst_project", "complaints_burst", ["project_id", "stage", "created_at"]
    )
    op.create_index(
        "uq_complaints_burst_cell",
        "complaints_burst",
        ["project_id", "category_id", "building", "contractor"],
        unique=True,
        sqlite_where=sa.text("stage <> 'stood_down'"),
        postgresql_where=sa.text("stage <> 'stood_down'"),
    )


def downgrade() -> None:
    op.drop_table("complaints_burst")
