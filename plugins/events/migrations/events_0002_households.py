"""Seats of households, and the age that an activity asks for."""

import sqlalchemy as sa
from alembic import op


revision = "events_0002"
down_revision = "events_0001"
branch_labels = None
depends_on = "core_0017"


def upgrade() -> None:
    op.create_table(
        "events_share",
        sa.Column(
            "occurrence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "household_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("most", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "most IS NULL OR seats <= most", name=op.f("ck_events_share_never_over")
        ),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_events_share_seats_not_negative")),
        sa.ForeignKeyConstraint(
            ["household_id"],
            ["household.id"],
            name=op.f("fk_events_share_household_id_household"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["events_occurrence.id"],
            name=op.f("fk_events_share_occurrence_id_events_occurrence"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_share_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("occurrence_id", "household_id", name=op.f("pk_events_share")),
    )
    with op.batch_alter_table("events_share", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_events_share_household_id"), ["household_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_events_share_project_id"), ["project_id"], unique=False
        )

    with op.batch_alter_table("events_occurrence", schema=None) as batch_op:
        batch_op.add_column(sa.Column("household_most", sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column("least_age", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_events_occurrence_household_most_positive"), "household_most > 0"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_events_occurrence_least_age_not_negative"), "least_age >= 0"
        )

    with op.batch_alter_table("events_seat", schema=None) as batch_op:
        batch_op.add_column(sa.Column("person", sa.String(length=22), nullable=True))
        batch_op.create_index(
            "uq_events_seat_person",
            ["occurrence_id", "person"],
            unique=True,
            sqlite_where=sa.text(
                "state IN ('held', 'confirmed', 'attended', 'no_show', 'excused')"
            ),
            postgresql_where=sa.text(
                "state IN ('held', 'confirmed', 'attended', 'no_show', 'excused')"
            ),
        )
    # What is taken already counts.
    op.execute(
        "INSERT INTO events_share (occurrence_id, household_id, project_id, seats) "
        "SELECT occurrence_id, household_id, project_id, sum(seats) FROM events_registration "
        "WHERE state IN ('held', 'confirmed', 'attended', 'no_show', 'excused') "
        "GROUP BY occurrence_id, household_id, project_id"
    )


def downgrade() -> None:
    with op.batch_alter_table("events_seat", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_events_seat_person",
            sqlite_where=sa.text(
                "state IN ('held', 'confirmed', 'attended', 'no_show', 'excused')"
            ),
            postgresql_where=sa.text(
                "state IN ('held', 'confirmed', 'attended', 'no_show', 'excused')"
            ),
        )
        batch_op.drop_column("person")

    with op.batch_alter_table("events_occurrence", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_events_occurrence_least_age_not_negative"))
        batch_op.drop_constraint(batch_op.f("ck_events_occurrence_household_most_positive"))
        batch_op.drop_column("least_age")
        batch_op.drop_column("household_most")

    with op.batch_alter_table("events_share", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_share_project_id"))
        batch_op.drop_index(batch_op.f("ix_events_share_household_id"))

    op.drop_table("events_share")
