"""Questions and answers, guests of a party, the club's approval, rules that staff set aside."""

import sqlalchemy as sa
from alembic import op

revision = "events_0011"
down_revision = "events_0010"
branch_labels = None
depends_on = "core_0019"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def _made() -> list[sa.Column[object]]:
    return [
        sa.Column("id", NUMBER, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
    ]


def _identified(table: str) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("public_id", name=op.f(f"uq_{table}_public_id")),
    )


def _answers() -> None:
    op.create_table(
        "events_answer",
        *_made(),
        sa.Column("registration_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("seat_id", NUMBER, nullable=True),
        sa.Column("question", sa.String(length=20), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        _foreign("events_answer", "registration_id", "events_registration"),
        _foreign("events_answer", "project_id", "project"),
        _foreign("events_answer", "seat_id", "events_seat"),
        *_identified("events_answer"),
    )
    for column in ("registration_id", "project_id", "seat_id", "question"):
        op.create_index(op.f(f"ix_events_answer_{column}"), "events_answer", [column])
    for name, first, where in (
        ("party", "registration_id", "seat_id IS NULL"),
        ("person", "seat_id", "seat_id <> 0"),
    ):
        op.create_index(
            f"uq_events_answer_{name}",
            "events_answer",
            [first, "question"],
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )


def upgrade() -> None:
    _answers()
    with op.batch_alter_table("events_event") as batch_op:
        batch_op.add_column(
            sa.Column("questions", sa.JSON(), nullable=False, server_default=sa.text("'[]'"))
        )
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.add_column(
            sa.Column("by_approval", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(
            sa.Column("guests_most", sa.Integer(), nullable=False, server_default=sa.text("0"))
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_events_occurrence_guests_most_not_negative"), "guests_most >= 0"
        )
    with op.batch_alter_table("events_registration") as batch_op:
        for name, length in (("overruled", 200), ("asked_under", 80), ("decided_why", 200)):
            batch_op.add_column(
                sa.Column(name, sa.String(length=length), nullable=False, server_default="")
            )
        batch_op.add_column(sa.Column("decided_by", NUMBER, nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_events_registration_overruled_by_staff"),
            "overruled = '' OR entered_by IS NOT NULL",
        )
    with op.batch_alter_table("events_seat") as batch_op:
        batch_op.add_column(
            sa.Column("guest", sa.Boolean(), nullable=False, server_default=sa.false())
        )
        batch_op.add_column(sa.Column("age", sa.Integer(), nullable=True))
        batch_op.create_check_constraint(
            batch_op.f("ck_events_seat_guest_has_no_account"),
            "NOT guest OR (member_id IS NULL AND person IS NULL)",
        )


def downgrade() -> None:
    with op.batch_alter_table("events_seat") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_events_seat_guest_has_no_account"), type_="check")
        batch_op.drop_column("age")
        batch_op.drop_column("guest")
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.drop_constraint(
            batch_op.f("ck_events_registration_overruled_by_staff"), type_="check"
        )
        for name in ("decided_by", "decided_why", "asked_under", "overruled"):
            batch_op.drop_column(name)
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.drop_constraint(
            batch_op.f("ck_events_occurrence_guests_most_not_negative"), type_="check"
        )
        batch_op.drop_column("guests_most")
        batch_op.drop_column("by_approval")
    op.drop_table("events_answer")
    with op.batch_alter_table("events_event") as batch_op:
        batch_op.drop_column("questions")
