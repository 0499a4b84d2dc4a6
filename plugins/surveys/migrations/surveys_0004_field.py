"""Drafts of each member's own, no photo in an anonymous wave, and how many answers come at once."""

import sqlalchemy as sa
from alembic import op

revision = "surveys_0004"
down_revision = "surveys_0003"
branch_labels = None
depends_on = None

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_TRIGGER = "surveys_side_answer_photo"
_LINKED = (
    "NEW.file_id IS NOT NULL AND NOT (SELECT named FROM surveys_ballot WHERE id = NEW.ballot_id)"
)


def upgrade() -> None:
    # No trigger hangs on the drafts, so SQLite may copy the table.
    with op.batch_alter_table("surveys_draft", schema=None) as batch_op:
        batch_op.drop_constraint("uq_surveys_draft_participation", type_="unique")
        batch_op.create_unique_constraint(
            "uq_surveys_draft_member", ["participation_id", "member_id"]
        )
    op.create_table(
        "surveys_burst",
        sa.Column("wave_id", _ID, nullable=False),
        sa.Column("named", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=32), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("project_id", _ID, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("named", name=op.f("ck_surveys_burst_never_anonymous")),
        sa.CheckConstraint("count > 0", name=op.f("ck_surveys_burst_count")),
        sa.ForeignKeyConstraint(
            ["wave_id", "named"],
            ["surveys_wave.id", "surveys_wave.named"],
            name="fk_surveys_burst_wave",
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["project_id"],
            ["project.id"],
            name=op.f("fk_surveys_burst_project_id_project"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("wave_id", "origin", "slot", name=op.f("pk_surveys_burst")),
    )
    op.create_index(op.f("ix_surveys_burst_project_id"), "surveys_burst", ["project_id"])
    _guard()


def downgrade() -> None:
    _unguard()
    op.drop_table("surveys_burst")
    # Of several drafts of a household the one saved last stays.
    op.execute(
        "DELETE FROM surveys_draft WHERE EXISTS (SELECT 1 FROM surveys_draft other"
        " WHERE other.participation_id = surveys_draft.participation_id"
        " AND (other.saved_at > surveys_draft.saved_at"
        " OR (other.saved_at = surveys_draft.saved_at AND other.id > surveys_draft.id)))"
    )
    with op.batch_alter_table("surveys_draft", schema=None) as batch_op:
        batch_op.drop_constraint("uq_surveys_draft_member", type_="unique")
        batch_op.create_unique_constraint("uq_surveys_draft_participation", ["participation_id"])


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE TRIGGER {_TRIGGER} BEFORE INSERT ON surveys_side_answer WHEN {_LINKED} "
            "BEGIN SELECT RAISE(ABORT, 'surveys_side_answer: photo'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {_TRIGGER}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN IF {_LINKED} THEN RAISE EXCEPTION 'surveys_side_answer: photo' "
        "USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {_TRIGGER} BEFORE INSERT ON surveys_side_answer "
        f"FOR EACH ROW EXECUTE FUNCTION {_TRIGGER}()"
    )


def _unguard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"DROP TRIGGER {_TRIGGER}")
        return
    op.execute(f"DROP TRIGGER {_TRIGGER} ON surveys_side_answer")
    op.execute(f"DROP FUNCTION {_TRIGGER}()")
