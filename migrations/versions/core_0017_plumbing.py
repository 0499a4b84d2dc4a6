"""Titles of search documents can be looked up by themselves."""

from alembic import op

revision = "core_0017"
down_revision = "core_0016"
branch_labels = None
depends_on = None

_INDEX = "ix_search_document_title_terms"


def upgrade() -> None:
    """Index the titles' words on PostgreSQL; FTS5 has an index of each of its columns."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE INDEX {_INDEX} ON search_document USING gin (title_terms)")


def downgrade() -> None:
    """Drop the index."""
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"DROP INDEX {_INDEX}")
