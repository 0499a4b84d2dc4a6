"""What an undo of a roster takes: entries that nobody claimed, homes that nothing else uses."""

import sqlalchemy as sa

from portal.extensions import db
from portal.projects.models import Building, Unit
from portal.roster.kinds import Undone
from portal.roster.models import RosterEntry, RosterImport
from portal.search.service import refresh

_PART = 1000
DECIDABLE = frozenset(
    {"two_owners", "changed_role", "changed_phone", "changed_name", "changed_owner"}
)
"""Faults of rows that are good in themselves: a person may let them take the place of the other."""


def take_back(job: RosterImport) -> Undone:
    """Remove what an import of a roster added and nobody has claimed or used since."""
    removed = db.session.execute(
        sa.delete(RosterEntry)
        .where(RosterEntry.import_id == job.id, RosterEntry.claimed_by_id.is_(None))
        .returning(RosterEntry.unit_id, RosterEntry.made_unit, RosterEntry.id)
        .execution_options(synchronize_session=False)
    ).all()
    made_units = sorted({unit for unit, made, _entry in removed if made})
    refresh("roster_entry", [entry for _unit, _made, entry in removed])
    refresh("home", made_units)
    kept = db.session.scalar(
        sa.select(sa.func.count()).select_from(RosterEntry).where(RosterEntry.import_id == job.id)
    )
    return Undone(
        entries=len(removed),
        units=_remove_unused(Unit, made_units),
        buildings=_remove_unused(Building, job.made_buildings),
        kept=kept or 0,
    )


def _remove_unused(model: type[Unit] | type[Building], ids: list[int]) -> int:
    """Delete those rows that no other row of any table refers to; return their number."""
    table = model.__table__
    assert isinstance(table, sa.Table)
    used = [
        sa.exists().where(column == table.c.id)
        for other in db.metadata.sorted_tables
        for column in other.columns
        if any(key.column is table.c.id for key in column.foreign_keys)
    ]
    removed = 0
    for start in range(0, len(ids), _PART):
        part = ids[start : start + _PART]
        result = db.session.execute(sa.delete(table).where(table.c.id.in_(part), ~sa.or_(*used)))
        removed += result.rowcount  # type: ignore[attr-defined]
    return removed
