"""A large reversal waits for a second person, as a large adjustment does."""

import sqlalchemy as sa
from alembic import op

revision = "core_0020"
down_revision = "core_0019"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TABLE = "points_proposal"
_RULE = "points_proposal_decided_once"
_BEFORE = (
    "NEW.made_by_id <> OLD.made_by_id OR NEW.amount <> OLD.amount OR (OLD.state <> 'proposed' "
    "AND (NEW.state <> OLD.state OR NEW.decided_by_id <> OLD.decided_by_id))"
)
_NOW = (
    f"{_BEFORE} OR NEW.kind <> OLD.kind"
    " OR coalesce(NEW.reverses_id, 0) <> coalesce(OLD.reverses_id, 0)"
)
_OPEN = sa.text("state = 'proposed' AND reverses_id IS NOT NULL")
_GIVEN = sa.text("reverses_id IS NOT NULL")


def upgrade() -> None:
    """Let a proposal name the posting that it reverses, which waits once."""
    _drop_rule()
    with op.batch_alter_table(_TABLE) as batch:
        batch.add_column(sa.Column("reverses_id", _BIG, nullable=True))
        batch.create_foreign_key(
            op.f("fk_points_proposal_reverses_id_points_transaction"),
            "points_transaction",
            ["reverses_id"],
            ["id"],
            ondelete="RESTRICT",
        )
        batch.create_check_constraint(
            op.f("ck_points_proposal_one_deed"), "reverses_id IS NULL OR fact IS NULL"
        )
    op.create_index(
        "ix_points_proposal_reverses_id",
        _TABLE,
        ["reverses_id"],
        sqlite_where=_GIVEN,
        postgresql_where=_GIVEN,
    )
    op.create_index(
        "uq_points_proposal_reverses_id",
        _TABLE,
        ["reverses_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )
    _add_rule(_NOW)


def downgrade() -> None:
    """Forget which proposals were for reversals: those that wait are refused by hand before."""
    _drop_rule()
    op.drop_index("uq_points_proposal_reverses_id", table_name=_TABLE)
    op.drop_index("ix_points_proposal_reverses_id", table_name=_TABLE)
    with op.batch_alter_table(_TABLE) as batch:
        batch.drop_constraint(op.f("ck_points_proposal_one_deed"), type_="check")
        batch.drop_constraint(
            op.f("fk_points_proposal_reverses_id_points_transaction"), type_="foreignkey"
        )
        batch.drop_column("reverses_id")
    _add_rule(_BEFORE)


def _drop_rule() -> None:
    # SQLite makes the table anew, which takes its triggers along.
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {_RULE}")
    else:
        op.execute(f"DROP TRIGGER {_RULE} ON {_TABLE}")
        op.execute(f"DROP FUNCTION {_RULE}()")


def _add_rule(condition: str) -> None:
    refuse = _RULE.removeprefix("points_").replace("_", " ")
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {_RULE} BEFORE UPDATE ON {_TABLE} WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{refuse}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {_RULE}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {condition} THEN RAISE EXCEPTION '{refuse}' USING ERRCODE = 'check_violation'; "
        "END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {_RULE} BEFORE UPDATE ON {_TABLE} FOR EACH ROW EXECUTE FUNCTION {_RULE}()"
    )
