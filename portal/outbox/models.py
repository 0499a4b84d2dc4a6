"""What happened, written in the transaction in which it happened."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.columns import UtcDateTime, created_at, foreign_key, primary_key
from portal.extensions import db

_NEW = sa.text("relayed_at IS NULL")


class DomainEventRow(db.Model):
    """A fact that others may act on; `relayed_at`: when each subscriber got its job for it."""

    __tablename__ = "domain_event"
    __table_args__ = (
        sa.Index("ix_domain_event_new", "id", sqlite_where=_NEW, postgresql_where=_NEW),
        sa.Index("ix_domain_event_relayed_at", "relayed_at"),
    )

    id: Mapped[primary_key]
    kind: Mapped[str] = mapped_column(sa.String(60))
    project_id: Mapped[int | None] = foreign_key("project.id")
    subject_kind: Mapped[str] = mapped_column(sa.String(40))
    subject_key: Mapped[str] = mapped_column(sa.String(64))
    data: Mapped[Mapping[str, Any]] = mapped_column(sa.JSON)
    relayed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    created_at: Mapped[created_at]
