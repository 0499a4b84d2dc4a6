"""Windows of tiers, and several quotas, each with what it counts of a party."""

import sqlalchemy as sa
from alembic import op

revision = "events_0009"
down_revision = "events_0007"
branch_labels = None
depends_on = "core_0019"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "events_window",
        sa.Column("occurrence_id", NUMBER, nullable=False),
        sa.Column("tier", sa.String(length=30), nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("price", NUMBER, nullable=False),
        sa.CheckConstraint("price >= 0", name=op.f("ck_events_window_price_not_negative")),
        _foreign("events_window", "occurrence_id", "events_occurrence"),
        _foreign("events_window", "project_id", "project"),
        sa.PrimaryKeyConstraint("occurrence_id", "tier", name=op.f("pk_events_window")),
    )
    op.create_index(op.f("ix_events_window_project_id"), "events_window", ["project_id"])
    op.create_table(
        "events_counted",
        sa.Column("registration_id", NUMBER, nullable=False),
        sa.Column("quota_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.CheckConstraint("seats > 0", name=op.f("ck_events_counted_seats_positive")),
        _foreign("events_counted", "registration_id", "events_registration"),
        _foreign("events_counted", "quota_id", "events_quota"),
        _foreign("events_counted", "project_id", "project"),
        sa.PrimaryKeyConstraint("registration_id", "quota_id", name=op.f("pk_events_counted")),
    )
    for column in ("quota_id", "project_id"):
        op.create_index(op.f(f"ix_events_counted_{column}"), "events_counted", [column])
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.add_column(sa.Column("first_opens_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_events_occurrence_first_before_opening"), "first_opens_at < opens_at"
        )
    with op.batch_alter_table("events_quota") as batch_op:
        batch_op.alter_column("key", type_=sa.String(40), existing_type=sa.String(20))
        batch_op.add_column(
            sa.Column("counts", sa.String(length=20), nullable=False, server_default="all")
        )
        batch_op.add_column(
            sa.Column("title", sa.JSON(), nullable=False, server_default=sa.text("'{}'"))
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_events_quota_counts_known"),
            "counts IN ('all', 'tier', 'children', 'chosen')",
        )
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.add_column(
            sa.Column("tier", sa.String(length=30), nullable=False, server_default="")
        )
    # There was one quota, of all seats.
    op.execute(
        "INSERT INTO events_counted (registration_id, quota_id, project_id, seats) "
        "SELECT party.id, quota.id, party.project_id, party.seats "
        "FROM events_registration AS party "
        "JOIN events_quota AS quota ON quota.occurrence_id = party.occurrence_id"
    )


def downgrade() -> None:
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.drop_column("tier")
    op.drop_index(op.f("ix_events_counted_project_id"), "events_counted")
    op.drop_index(op.f("ix_events_counted_quota_id"), "events_counted")
    op.drop_table("events_counted")
    op.execute("DELETE FROM events_quota WHERE counts <> 'all'")
    with op.batch_alter_table("events_quota") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_events_quota_counts_known"), type_="check")
        batch_op.drop_column("title")
        batch_op.drop_column("counts")
        batch_op.alter_column("key", type_=sa.String(20), existing_type=sa.String(40))
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.drop_constraint(
            batch_op.f("ck_events_occurrence_first_before_opening"), type_="check"
        )
        batch_op.drop_column("first_opens_at")
    op.drop_index(op.f("ix_events_window_project_id"), "events_window")
    op.drop_table("events_window")
