"""A series: the rule that made its dates, and the days that staff left out."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.sdk import Identified, db, foreign_key


class Series(Identified, db.Model):
    """What several dates of an activity belong to; `rule`: rules.Rule, as it was used last."""

    __tablename__ = "events_series"

    project_id: Mapped[int] = foreign_key("project.id")
    rule: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    # Days (ISO) of the rule that staff took out of the preview.
    skipped: Mapped[list[str]] = mapped_column(sa.JSON)
