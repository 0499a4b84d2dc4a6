"""Who follows a complaint; who joined one follows it."""

import sqlalchemy as sa
from alembic import op

revision = "complaints_0005"
down_revision = "complaints_0004"
branch_labels = None
depends_on = None

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _foreign(column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_complaints_follow_{column}_{target}")
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "complaints_follow",
        sa.Column("id", BIG, sa.Identity(always=False, cache=100), nullable=False),
        sa.Column("public_id", sa.String(length=22), nullable=False),
        sa.Column("case_id", BIG, nullable=False),
        sa.Column("project_id", BIG, nullable=False),
        sa.Column("member_id", BIG, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        _foreign("case_id", "complaints_case"),
        _foreign("project_id", "project"),
        _foreign("member_id", "member"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_complaints_follow")),
        sa.UniqueConstraint("public_id", name=op.f("uq_complaints_follow_public_id")),
        sa.UniqueConstraint("case_id", "member_id", name="uq_complaints_follow_member"),
    )
    for column in ("project_id", "member_id"):
        op.create_index(op.f(f"ix_complaints_follow_{column}"), "complaints_follow", [column])
    # The page promised it to who joined: they hear of every answer from now on.
    op.execute(
        "INSERT INTO complaints_follow (public_id, case_id, project_id, member_id, created_at) "
        "SELECT too.public_id, too.case_id, too.project_id, too.member_id, too.created_at "
        "FROM complaints_me_too AS too JOIN complaints_case AS own ON own.id = too.case_id "
        "WHERE too.member_id <> own.member_id"
    )


def downgrade() -> None:
    op.drop_table("complaints_follow")
