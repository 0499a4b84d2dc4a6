"""Seats that are drawn: how, who entered, what was frozen and what came out; the waiting rule
"hold"; the diaries that are locked so that nobody is at two places at once."""

import sqlalchemy as sa
from alembic import op

revision = "events_0014"
down_revision = "events_0013"
branch_labels = None
depends_on = "core_0019"

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FOR_EVER = ("events_freeze", "events_draw")
RULE = "ck_events_occurrence_queue_rule_known"


def _foreign(
    table: str, column: str, target: str, key: str = "id", short: str = ""
) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{short or target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.{key}"], name=name, ondelete="RESTRICT")


def _moment(name: str, *, empty: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=empty)


def upgrade() -> None:
    op.create_table(
        "events_ballot",
        sa.Column("occurrence_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=True),
        _moment("draw_at", empty=True),
        sa.Column("source", sa.JSON(), nullable=False),
        sa.Column("tiers", sa.JSON(), nullable=False),
        sa.Column("missed", sa.Integer(), nullable=False),
        sa.Column("missed_most", sa.Integer(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        _moment("frozen_at", empty=True),
        sa.Column("digest", sa.String(length=64), nullable=True),
        _moment("drawn_at", empty=True),
        sa.CheckConstraint(
            "mode IN ('shuffled', 'ballot')", name=op.f("ck_events_ballot_mode_known")
        ),
        sa.CheckConstraint(
            "(mode = 'shuffled' AND minutes > 0 AND draw_at IS NULL) OR "
            "(mode = 'ballot' AND minutes IS NULL AND draw_at IS NOT NULL)",
            name=op.f("ck_events_ballot_minutes_or_day"),
        ),
        sa.CheckConstraint(
            "missed >= 0 AND missed_most >= 0", name=op.f("ck_events_ballot_lots_not_negative")
        ),
        sa.CheckConstraint(
            "(frozen_at IS NULL) = (digest IS NULL)", name=op.f("ck_events_ballot_frozen_with_hash")
        ),
        sa.CheckConstraint(
            "drawn_at IS NULL OR frozen_at IS NOT NULL", name=op.f("ck_events_ballot_frozen_first")
        ),
        _foreign("events_ballot", "occurrence_id", "events_occurrence"),
        _foreign("events_ballot", "project_id", "project"),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_events_ballot")),
    )
    op.create_table(
        "events_entry",
        sa.Column("id", NUMBER, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("registration_id", NUMBER, nullable=False),
        sa.Column("occurrence_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("lots", sa.Integer(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=True),
        sa.Column("won", sa.Boolean(), nullable=True),
        _moment("created_at"),
        sa.CheckConstraint("lots > 0", name=op.f("ck_events_entry_lots_positive")),
        sa.CheckConstraint(
            "(place IS NULL) = (won IS NULL)", name=op.f("ck_events_entry_place_with_outcome")
        ),
        _foreign("events_entry", "registration_id", "events_registration"),
        _foreign("events_entry", "occurrence_id", "events_occurrence"),
        _foreign("events_entry", "project_id", "project"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_events_entry")),
        sa.UniqueConstraint("public_id", name=op.f("uq_events_entry_public_id")),
        sa.UniqueConstraint("registration_id", name=op.f("uq_events_entry_registration_id")),
        sa.UniqueConstraint("occurrence_id", "place", name=op.f("uq_events_entry_place")),
    )
    op.create_table(
        "events_freeze",
        sa.Column("occurrence_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("entries", sa.Text(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        _moment("at"),
        _foreign("events_freeze", "occurrence_id", "events_occurrence"),
        _foreign("events_freeze", "project_id", "project"),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_events_freeze")),
    )
    op.create_table(
        "events_draw",
        sa.Column("occurrence_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("project_id", NUMBER, nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("number", sa.String(length=40), nullable=False),
        sa.Column("room", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.JSON(), nullable=False),
        sa.Column("by", NUMBER, nullable=True),
        _moment("at"),
        _foreign("events_draw", "occurrence_id", "events_freeze", "occurrence_id"),
        _foreign("events_draw", "project_id", "project"),
        sa.PrimaryKeyConstraint("occurrence_id", name=op.f("pk_events_draw")),
    )
    op.create_table(
        "events_diary",
        sa.Column("household_id", NUMBER, nullable=False),
        sa.Column("project_id", NUMBER, nullable=False),
        _foreign("events_diary", "household_id", "household"),
        _foreign("events_diary", "project_id", "project"),
        sa.PrimaryKeyConstraint("household_id", "project_id", name=op.f("pk_events_diary")),
    )
    for table in ("ballot", "entry", "freeze", "draw", "diary"):
        name = op.f(f"ix_events_{table}_project_id")
        op.create_index(name, f"events_{table}", ["project_id"])
    _rules("'none', 'strict', 'skip', 'hold'")
    for table in FOR_EVER:
        _never_changes(table)


def _rules(known: str) -> None:
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.drop_constraint(batch_op.f(RULE), type_="check")
        batch_op.create_check_constraint(batch_op.f(RULE), f"queue_rule IN ({known})")


def _never_changes(table: str) -> None:
    if op.get_bind().dialect.name == "sqlite":
        refuse = f"BEGIN SELECT RAISE(ABORT, '{table} never changes'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {refuse}")
        return
    op.execute(
        f"CREATE FUNCTION {table}_no_update() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} never changes'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} "
        f"FOR EACH ROW EXECUTE FUNCTION {table}_no_update()"
    )


def downgrade() -> None:
    op.execute("UPDATE events_occurrence SET queue_rule = 'strict' WHERE queue_rule = 'hold'")
    _rules("'none', 'strict', 'skip'")
    for table in ("diary", "draw", "freeze", "entry", "ballot"):
        op.drop_table(f"events_{table}")
    if op.get_bind().dialect.name != "sqlite":
        for table in FOR_EVER:
            op.execute(f"DROP FUNCTION {table}_no_update()")
