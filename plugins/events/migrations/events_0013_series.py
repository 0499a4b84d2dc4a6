"""Series of dates."""

import sqlalchemy as sa
from alembic import op

revision = "events_0013"
down_revision = "events_0012"
branch_labels = None
depends_on = "core_0019"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_PAIR = "(series_id IS NULL) = (series_day IS NULL)"


def upgrade() -> None:
    op.create_table(
        "events_series",
        sa.Column("id", NUMBER, sa.Identity(cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("rule", sa.JSON(), nullable=False),
        sa.Column("skipped", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_series_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_series")),
        sa.UniqueConstraint("public_id", name=op.f("uq_events_series_public_id")),
    )
    op.create_index(op.f("ix_events_series_project_id"), "events_series", ["project_id"])
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.add_column(sa.Column("series_id", NUMBER, nullable=True))
        batch_op.add_column(sa.Column("series_day", sa.Date(), nullable=True))
        batch_op.add_column(
            sa.Column("differs", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.create_foreign_key(
            batch_op.f("fk_events_occurrence_series_id_events_series"),
            "events_series",
            ["series_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        batch_op.create_unique_constraint(
            "uq_events_occurrence_series_day", ["series_id", "series_day"]
        )
        batch_op.create_check_constraint(batch_op.f("ck_events_occurrence_day_of_series"), _PAIR)


def downgrade() -> None:
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_events_occurrence_day_of_series"), type_="check")
        batch_op.drop_constraint("uq_events_occurrence_series_day", type_="unique")
        batch_op.drop_constraint(
            batch_op.f("fk_events_occurrence_series_id_events_series"), type_="foreignkey"
        )
        batch_op.drop_column("differs")
        batch_op.drop_column("series_day")
        batch_op.drop_column("series_id")
    op.drop_index(op.f("ix_events_series_project_id"), "events_series")
    op.drop_table("events_series")
