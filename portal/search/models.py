"""One row for everything that can be found."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import BIG, UtcDateTime, foreign_key, primary_key, unique_where
from portal.database.owners import BY_HAND
from portal.extensions import db
from portal.search.columns import KEYS, TERMS


class SearchDocument(db.Model):
    """What is found and shown of one thing, and who may find it.

    On SQLite triggers keep the FTS5 table `search_index` beside it; on PostgreSQL there are GIN
    indexes of `terms`, `title_terms` and `audiences` (the revisions make all of them).
    """

    __tablename__ = "search_document"
    __table_args__ = (
        unique_where(
            "uq_search_document_project",
            "kind",
            "key",
            "project_id",
            where="project_id IS NOT NULL",
        ),
        unique_where("uq_search_document_club", "kind", "key", where="project_id IS NULL"),
        sa.Index("ix_search_document_kind_row_id", "kind", "row_id"),
        {
            "info": {
                BY_HAND: (
                    "ix_search_document_terms",
                    "ix_search_document_title_terms",
                    "ix_search_document_audiences",
                )
            }
        },
    )

    id: Mapped[primary_key]
    kind: Mapped[str] = mapped_column(sa.String(60))
    key: Mapped[str] = mapped_column(sa.String(60))
    row_id: Mapped[int | None] = mapped_column(BIG)
    """The primary key of the row that a source describes; None for what `put` was given."""
    plugin: Mapped[str | None] = mapped_column(sa.String(20))
    """The plugin whose document this is: it must be on in the project to be found."""
    project_id: Mapped[int | None] = foreign_key("project.id")
    title: Mapped[Any] = mapped_column(sa.JSON)
    body: Mapped[Any] = mapped_column(sa.JSON)
    url: Mapped[Any] = mapped_column(sa.JSON)
    """An address of this portal, or an endpoint and its arguments."""
    audiences: Mapped[Any] = mapped_column(KEYS, deferred=True)
    title_terms: Mapped[Any] = mapped_column(TERMS, deferred=True)
    terms: Mapped[Any] = mapped_column(TERMS, deferred=True)
    """Title, names and body."""
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
