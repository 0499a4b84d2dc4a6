"""Changes of many dates of a series, passed on by a job."""

import sqlalchemy as sa
from alembic import op

revision = "events_0017"
down_revision = "events_0016"
branch_labels = None
depends_on = "core_0019"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_GOING = sa.text("finished_at IS NULL")


def upgrade() -> None:
    op.create_table(
        "events_series_change",
        sa.Column("id", NUMBER, sa.Identity(cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("series_id", NUMBER, nullable=False),
        sa.Column("occurrence_id", NUMBER, nullable=False),
        sa.Column("act", sa.JSON(), nullable=False),
        sa.Column("targets", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("passed_over", sa.Integer(), nullable=False),
        sa.Column("by", NUMBER, nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "done >= 0 AND passed_over >= 0", name=op.f("ck_events_series_change_counts")
        ),
        *(
            sa.ForeignKeyConstraint(
                [column],
                [f"{table}.id"],
                name=op.f(f"fk_events_series_change_{column}_{table}"),
                ondelete="RESTRICT",
            )
            for column, table in (
                ("project_id", "project"),
                ("series_id", "events_series"),
                ("occurrence_id", "events_occurrence"),
            )
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_series_change")),
        sa.UniqueConstraint("public_id", name=op.f("uq_events_series_change_public_id")),
    )
    for column in ("project_id", "series_id", "occurrence_id"):
        op.create_index(op.f(f"ix_events_series_change_{column}"), "events_series_change", [column])
    op.create_index(
        "uq_events_series_change_one",
        "events_series_change",
        ["series_id"],
        unique=True,
        sqlite_where=_GOING,
        postgresql_where=_GOING,
    )


def downgrade() -> None:
    op.drop_table("events_series_change")
