"""The PIN of a date's doors, and the scans that phones bring in."""

import sqlalchemy as sa
from alembic import op


revision = "events_0007"
down_revision = "events_0008"
branch_labels = None
depends_on = "core_0019"


def upgrade() -> None:
    op.create_table(
        "events_door_pin",
        sa.Column(
            "occurrence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("pin", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["events_occurrence.id"],
            name=op.f("fk_events_door_pin_occurrence_id_events_occurrence"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_door_pin_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_events_door_pin")),
    )
    with op.batch_alter_table("events_door_pin", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_events_door_pin_project_id"), ["project_id"], unique=False
        )

    op.create_table(
        "events_scan",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            sa.Identity(always=False, cache=100),
            nullable=False,
        ),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column(
            "occurrence_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column(
            "project_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False
        ),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("ticket", sa.String(length=12), nullable=False),
        sa.Column("seat_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("scanned_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=30), nullable=False),
        sa.Column("by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["occurrence_id"],
            ["events_occurrence.id"],
            name=op.f("fk_events_scan_occurrence_id_events_occurrence"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_events_scan_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["seat_id"],
            ["events_seat.id"],
            name=op.f("fk_events_scan_seat_id_events_seat"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_scan")),
        sa.UniqueConstraint("occurrence_id", "key", name="uq_events_scan_key"),
        sa.UniqueConstraint("public_id", name=op.f("uq_events_scan_public_id")),
    )
    with op.batch_alter_table("events_scan", schema=None) as batch_op:
        batch_op.create_index(
            "ix_events_scan_list", ["occurrence_id", "scanned_at", "id"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_events_scan_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_events_scan_seat_id"), ["seat_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("events_scan", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_scan_seat_id"))
        batch_op.drop_index(batch_op.f("ix_events_scan_project_id"))
        batch_op.drop_index("ix_events_scan_list")

    op.drop_table("events_scan")
    with op.batch_alter_table("events_door_pin", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_events_door_pin_project_id"))

    op.drop_table("events_door_pin")
