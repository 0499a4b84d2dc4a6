"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "keeper_0001"
down_revision = None
branch_labels = ("keeper",)
depends_on = "core_0001"


def upgrade():
    op.create_table(
        "keeper_note",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("project_id", sa.BigInteger, sa.ForeignKey("project.id"), nullable=False),
        sa.Column("text", sa.String(20), nullable=False),
    )
    op.create_index("ix_keeper_note_project_id", "keeper_note", ["project_id"])
    op.create_table(
        "keeper_line",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("note_id", sa.Integer, sa.ForeignKey("keeper_note.id"), nullable=False),
    )
    op.create_table("keeper_word", sa.Column("id", sa.Integer, primary_key=True))


def downgrade():
    for table in ("keeper_word", "keeper_line", "keeper_note"):
        op.drop_table(table)
