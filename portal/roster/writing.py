"""Good rows into buildings, homes and entries: a few statements for many rows."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.columns import new_public_id
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.phones import phone_tail
from portal.projects.models import Building, Unit
from portal.roster.bulk import insert_new
from portal.roster.checking import Entry
from portal.roster.known import Known, KnownUnit
from portal.roster.models import RosterEntry
from portal.roster.progress import Progress


def write_entries(job: Progress, known: Known, entries: Sequence[Entry]) -> Counter[str]:
    """Add what the entries name; return how many people, homes and buildings are new."""
    made_buildings = _add_buildings(job, known, entries)
    made_units = _add_units(job, known, entries)
    added = _add_people(job, known, entries, made_units)
    return Counter(new=added, units=len(made_units), buildings=made_buildings)


def _add_buildings(job: Progress, known: Known, entries: Sequence[Entry]) -> int:
    names: dict[str, str] = {}
    for entry in entries:
        if entry.building_key not in known.buildings:
            names.setdefault(entry.building_key, entry.building)
    if not names:
        return 0
    table = _table(Building)
    made = insert_new(
        table,
        [{"name": name, "key": key} for key, name in names.items()],
        constants={"project_id": job.project_id},
        returning=("key", "id"),
    )
    found = dict(tuple(row) for row in made)
    job.made_buildings += found.values()
    if len(found) < len(names):  # somebody else made one in the meantime
        rows = db.session.execute(
            sa.select(Building.key, Building.id).where(Building.project_id == job.project_id)
        )
        found.update((key, id_) for key, id_ in rows)
    known.buildings.update(found)
    return len(made)


def _add_units(job: Progress, known: Known, entries: Sequence[Entry]) -> set[int]:
    """Add the homes that are missing and fill in what the others lack; return the new ones."""
    new: dict[tuple[int, str], dict[str, Any]] = {}
    lacking: dict[int, dict[str, Any]] = {}
    for entry in entries:
        building_id = known.buildings[entry.building_key]
        unit = known.units_of(building_id).get(entry.place)
        if unit is None:
            facts = new.setdefault(
                (building_id, entry.place),
                {
                    "public_id": new_public_id(),
                    "building_id": building_id,
                    "entrance": entry.entrance,
                    "number": entry.number,
                    "place": entry.place,
                    "area": entry.area,
                    "handover_on": entry.handover_on,
                },
            )
            facts["area"] = facts["area"] or entry.area
            facts["handover_on"] = facts["handover_on"] or entry.handover_on
        elif (entry.area and unit.area is None) or (entry.handover_on and unit.handover_on is None):
            lacking.setdefault(
                unit.id,
                {"unit": unit.id, "new_area": entry.area, "new_handover": entry.handover_on},
            )
    _fill_in(list(lacking.values()))
    made = insert_new(
        _table(Unit),
        list(new.values()),
        constants={"project_id": job.project_id, "created_at": clock.now()},
        returning=("id", "building_id", "place"),
    )
    for id_, building_id, place in made:
        facts = new.pop((building_id, place))
        known.units_of(building_id)[place] = KnownUnit(id_, facts["area"], facts["handover_on"])
    for building_id, place in new:  # somebody else made it in the meantime
        id_ = db.session.scalars(
            sa.select(Unit.id).where(Unit.building_id == building_id, Unit.place == place)
        ).one()
        known.units_of(building_id)[place] = KnownUnit(id_, None, None)
    return {row[0] for row in made}


def _fill_in(rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    table = _table(Unit)
    db.session.connection().execute(
        sa.update(table)
        .where(table.c.id == sa.bindparam("unit"))
        .values(
            area=sa.func.coalesce(table.c.area, sa.bindparam("new_area", type_=table.c.area.type)),
            handover_on=sa.func.coalesce(
                table.c.handover_on, sa.bindparam("new_handover", type_=table.c.handover_on.type)
            ),
        ),
        rows,
    )


def _add_people(job: Progress, known: Known, entries: Sequence[Entry], made_units: set[int]) -> int:
    rows = []
    unflagged = set(made_units)
    for entry in entries:
        unit = known.unit(entry)
        assert unit is not None
        rows.append(
            {
                "public_id": new_public_id(),
                "unit_id": unit.id,
                "name": entry.name,
                "phone": entry.phone,
                "phone_hash": lookup_hash("phone", entry.phone),
                "phone_tail_hash": lookup_hash("phone_tail", phone_tail(entry.phone)),
                "id_tail": entry.id_tail,
                "role": entry.role,
                "note": entry.note,
                # One entry of a home carries the mark that the home came with it.
                "made_unit": unit.id in unflagged,
            }
        )
        unflagged.discard(unit.id)
    constants = {
        "project_id": job.project_id,
        "import_id": job.import_id,
        "created_at": clock.now(),
    }
    inserted = insert_new(_table(RosterEntry), rows, constants=constants)
    return inserted[0][0] if inserted else 0


def _table(model: Any) -> sa.Table:
    table = model.__table__
    assert isinstance(table, sa.Table)
    return table
