"""Registrations that take no seat yet: asked for, or in a draw; and how those end."""

import sqlalchemy as sa
from alembic import op

revision = "events_0010"
down_revision = "events_0009"
branch_labels = None
depends_on = "core_0019"

_BEFORE = (
    "'waitlisted', 'held', 'confirmed', 'attended', 'no_show', 'excused', 'expired', "
    "'declined', 'not_reached', 'cancelled_free', 'cancelled_late', 'cancelled_by_club'"
)
_KNOWN = (
    "'pending_approval', 'ballot_entered', 'waitlisted', 'held', 'confirmed', 'attended', "
    "'no_show', 'excused', 'expired', 'declined', 'not_reached', 'rejected', 'not_drawn', "
    "'cancelled_free', 'cancelled_late', 'cancelled_by_club'"
)
_LIVE_BEFORE = "'waitlisted', 'held', 'confirmed', 'attended', 'no_show', 'excused'"
_LIVE = f"'pending_approval', 'ballot_entered', {_LIVE_BEFORE}"
UNIQUE = {
    "events_registration": [("uq_events_registration_live", ["occurrence_id", "member_id"])],
    "events_seat": [
        ("uq_events_seat_live", ["occurrence_id", "member_id"]),
        ("uq_events_seat_person", ["occurrence_id", "person"]),
    ],
}


def _states(known: str, live: str) -> None:
    where = sa.text(f"state IN ({live})")
    for table, indexes in UNIQUE.items():
        with op.batch_alter_table(table) as batch_op:
            for name, _columns in indexes:
                batch_op.drop_index(name)
            name = batch_op.f(f"ck_{table}_state_known")
            batch_op.drop_constraint(name, type_="check")
            batch_op.create_check_constraint(name, f"state IN ({known})")
        for name, columns in indexes:
            op.create_index(
                name, table, columns, unique=True, sqlite_where=where, postgresql_where=where
            )


def upgrade() -> None:
    _states(_KNOWN, _LIVE)


def downgrade() -> None:
    for table in UNIQUE:
        op.execute(
            f"UPDATE {table} SET state = 'expired' "
            "WHERE state IN ('pending_approval', 'ballot_entered', 'rejected', 'not_drawn')"
        )
    _states(_BEFORE, _LIVE_BEFORE)
