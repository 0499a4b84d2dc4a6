"""The waiting list: parties that wait, offers with an end, the rule of an activity."""

import sqlalchemy as sa
from alembic import op

revision = "events_0003"
down_revision = "events_0002"
branch_labels = None
depends_on = "core_0019"

BEFORE = (
    "state IN ('held', 'confirmed', 'attended', 'no_show', 'excused', 'expired', "
    "'cancelled_free', 'cancelled_late', 'cancelled_by_club')"
)
KNOWN = (
    "state IN ('waitlisted', 'held', 'confirmed', 'attended', 'no_show', 'excused', 'expired', "
    "'declined', 'not_reached', 'cancelled_free', 'cancelled_late', 'cancelled_by_club')"
)
LIVE_BEFORE = "state IN ('held', 'confirmed', 'attended', 'no_show', 'excused')"
LIVE = "state IN ('waitlisted', 'held', 'confirmed', 'attended', 'no_show', 'excused')"
RULES = "queue_rule IN ('none', 'strict', 'skip')"
UNIQUE = {
    "events_registration": [("uq_events_registration_live", ["occurrence_id", "member_id"])],
    "events_seat": [
        ("uq_events_seat_live", ["occurrence_id", "member_id"]),
        ("uq_events_seat_person", ["occurrence_id", "person"]),
    ],
}


def _states(known: str, live: str) -> None:
    for table, indexes in UNIQUE.items():
        with op.batch_alter_table(table) as batch_op:
            for name, _columns in indexes:
                batch_op.drop_index(name)
            name = batch_op.f(f"ck_{table}_state_known")
            batch_op.drop_constraint(name, type_="check")
            batch_op.create_check_constraint(name, known)
        for name, columns in indexes:
            where = sa.text(live)
            op.create_index(
                name, table, columns, unique=True, sqlite_where=where, postgresql_where=where
            )


def upgrade() -> None:
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.add_column(
            sa.Column("queue_rule", sa.String(length=20), nullable=False, server_default="none")
        )
        batch_op.create_check_constraint(batch_op.f("ck_events_occurrence_queue_rule_known"), RULES)
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.add_column(sa.Column("queued_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("offer_until", sa.DateTime(timezone=True), nullable=True))
    # Nothing was held before there were offers, but by hand.
    op.execute(
        "UPDATE events_registration SET offer_until = created_at "
        "WHERE state = 'held' AND offer_until IS NULL"
    )
    _states(KNOWN, LIVE)
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_events_registration_offer_ends"),
            "state <> 'held' OR offer_until IS NOT NULL",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_events_registration_place_in_queue"),
            "state <> 'waitlisted' OR queued_at IS NOT NULL",
        )
    waits, held = sa.text("state = 'waitlisted'"), sa.text("state = 'held'")
    op.create_index(
        "ix_events_registration_queue",
        "events_registration",
        ["occurrence_id", "queued_at", "id"],
        sqlite_where=waits,
        postgresql_where=waits,
    )
    op.create_index(
        "ix_events_registration_offers",
        "events_registration",
        ["offer_until"],
        sqlite_where=held,
        postgresql_where=held,
    )


def downgrade() -> None:
    op.drop_index("ix_events_registration_offers", "events_registration")
    op.drop_index("ix_events_registration_queue", "events_registration")
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_events_registration_place_in_queue"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_events_registration_offer_ends"), type_="check")
    for table in UNIQUE:
        op.execute(
            f"UPDATE {table} SET state = 'expired' "
            "WHERE state IN ('waitlisted', 'declined', 'not_reached')"
        )
    _states(BEFORE, LIVE_BEFORE)
    with op.batch_alter_table("events_registration") as batch_op:
        batch_op.drop_column("offer_until")
        batch_op.drop_column("queued_at")
    with op.batch_alter_table("events_occurrence") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_events_occurrence_queue_rule_known"), type_="check")
        batch_op.drop_column("queue_rule")
