"""Which tiers members would have by other points than theirs; nothing is written."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.extensions import db
from portal.tiers.metrics import Batch
from portal.tiers.pipeline import changes
from portal.tiers.rounds import Round
from portal.tiers.versions import InForce


def tiers_by_points(
    found: InForce, *, on: date, batch: Batch, extra: Any = None
) -> dict[int, str | None]:
    """Return the tier that each member of a batch reaches on a day by the figures alone, as if
    nobody had one yet.

    `extra`: points besides those of the ledger, see portal.tiers.rounds.Round.
    """
    this = Round(
        found.scheme_id,
        found.version_id,
        found.terms,
        on,
        batch,
        opening=True,
        live=True,
        extra=extra,
        anew=True,
    )
    rows = changes(this).subquery()
    reached = db.session.execute(sa.select(rows.c.member_id, rows.c.to_tier))
    return {row.member_id: row.to_tier for row in reached}
