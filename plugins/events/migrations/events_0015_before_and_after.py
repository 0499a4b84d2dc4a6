"""When members are told of an activity, what they find afterwards; who was told of what."""

import sqlalchemy as sa
from alembic import op


revision = "events_0015"
down_revision = "events_0014"
branch_labels = None
depends_on = "core_0021"


def upgrade() -> None:
    op.create_table(
        "events_care",
        sa.Column(
            "occurrence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("thanks", sa.Integer(), nullable=True),
        sa.Column("survey", sa.String(length=300), nullable=False),
        sa.CheckConstraint("thanks >= 0", name=op.f("ck_events_care_thanks_not_negative")),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["events_occurrence.id"],
            name=op.f("fk_events_care_occurrence_id_events_occurrence"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_care_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_events_care")),
    )
    with op.batch_alter_table("events_care", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_events_care_project_id"), ["project_id"], unique=False)

    op.create_table(
        "events_reminded",
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_reminded_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"],
            ["events_seat.id"],
            name=op.f("fk_events_reminded_seat_id_events_seat"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("seat_id", "kind", name=op.f("pk_events_reminded")),
    )
    with op.batch_alter_table("events_reminded", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_events_reminded_project_id"), ["project_id"], unique=False
        )

    # Who was reminded is not reminded again.
    op.execute(
        "INSERT INTO events_reminded (seat_id, kind, project_id, at) "
        "SELECT id, 'before:1', project_id, reminded_at FROM events_seat "
        "WHERE reminded_at IS NOT NULL"
    )
    with op.batch_alter_table("events_seat", schema=None) as batch_op:
        batch_op.drop_column("reminded_at")


def downgrade() -> None:
    with op.batch_alter_table("events_seat", schema=None) as batch_op:
        batch_op.add_column(sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True))

    with op.batch_alter_table("events_reminded", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_reminded_project_id"))

    op.drop_table("events_reminded")
    with op.batch_alter_table("events_care", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_care_project_id"))

    op.drop_table("events_care")
