"""One unfinished wave a survey, and the question that was taken out last."""

import sqlalchemy as sa
from alembic import op

revision = "surveys_0002"
down_revision = "surveys_0001"
branch_labels = None
depends_on = None

_UNFROZEN = sa.text("state IN ('draft', 'review')")


def upgrade() -> None:
    # Not in a batch: SQLite would copy the table, and its triggers would be gone.
    op.add_column("surveys_wave", sa.Column("dropped", sa.JSON(), nullable=True))
    op.create_index(
        "uq_surveys_wave_unfinished",
        "surveys_wave",
        ["survey_id"],
        unique=True,
        sqlite_where=_UNFROZEN,
        postgresql_where=_UNFROZEN,
    )


def downgrade() -> None:
    op.drop_index("uq_surveys_wave_unfinished", "surveys_wave")
    op.drop_column("surveys_wave", "dropped")
