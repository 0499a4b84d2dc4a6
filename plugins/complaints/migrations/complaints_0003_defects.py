"""The defect behind a case, the channel that it came by, and indexes for figures."""

import sqlalchemy as sa
from alembic import op

revision = "complaints_0003"
down_revision = "complaints_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "complaints_case",
        sa.Column("defect", sa.String(length=20), server_default="", nullable=False),
    )
    op.add_column(
        "complaints_case",
        sa.Column("channel", sa.String(length=10), server_default="forum", nullable=False),
    )
    op.create_index(
        "ix_complaints_case_handed", "complaints_case", ["project_id", "created_at", "id"]
    )
    op.create_index(
        "ix_complaints_case_defect", "complaints_case", ["project_id", "defect", "building"]
    )


def downgrade() -> None:
    op.drop_index("ix_complaints_case_defect", table_name="complaints_case")
    op.drop_index("ix_complaints_case_handed", table_name="complaints_case")
    op.drop_column("complaints_case", "channel")
    op.drop_column("complaints_case", "defect")
