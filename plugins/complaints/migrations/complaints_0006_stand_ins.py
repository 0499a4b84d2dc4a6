"""Who stands in for a colleague who is away."""

import sqlalchemy as sa
from alembic import op

revision = "complaints_0006"
down_revision = "complaints_0005"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "complaints_stand_in",
        sa.Column("id", BIG, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("absent_id", BIG, nullable=False),
        sa.Column("absent", sa.String(length=80), nullable=False),
        sa.Column("taker_id", BIG, nullable=False),
        sa.Column("taker", sa.String(length=80), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("absent_id <> taker_id", name=op.f("ck_complaints_stand_in_two")),
        sa.CheckConstraint("until >= since", name=op.f("ck_complaints_stand_in_days")),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_complaints_stand_in_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints_stand_in")),
        sa.UniqueConstraint("public_id", name=op.f("uq_complaints_stand_in_public_id")),
        sa.UniqueConstraint("project_id", "absent_id", name="uq_complaints_stand_in_absent"),
    )


def downgrade() -> None:
    op.drop_table("complaints_stand_in")
