"""What an import leaves for later: its people and homes become things to find."""

import sqlalchemy as sa

from portal.extensions import db
from portal.jobs.registry import JobRun, job
from portal.roster import lists
from portal.roster.models import RosterEntry
from portal.search.keeping import BATCH, replace, sources

__all__ = ["index_import", "lists"]


@job("roster.index", long=True)
def index_import(run: JobRun) -> None:
    """Describe what an import wrote; in its own transactions it would take twice the time."""
    last, done = run.payload.get("after", 0), run.done
    while rows := _rows_after(run.payload["import"], last):
        replace(sources()["roster_entry"], [entry for entry, _unit in rows])
        replace(sources()["home"], sorted({unit for _entry, unit in rows}))
        last, done = rows[-1][0], done + len(rows)
        run.checkpoint(done=done, payload={**run.payload, "after": last})


def _rows_after(import_id: int, last: int) -> list[tuple[int, int]]:
    rows = db.session.execute(
        sa.select(RosterEntry.id, RosterEntry.unit_id)
        .where(RosterEntry.import_id == import_id, RosterEntry.id > last)
        .order_by(RosterEntry.id)
        .limit(BATCH)
    )
    return [row._tuple() for row in rows]
