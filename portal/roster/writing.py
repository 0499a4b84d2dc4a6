"""Good rows into buildings, homes and entries: a few statements for many rows."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.columns import new_public_id
from portal.crypto import encrypt, lookup_hash
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
        {"name": list(names.values()), "key": list(names)},
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
        _columns(list(new.values())),
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
    units = []
    marks = []
    unmarked = set(made_units)
    for entry in entries:
        unit = known.unit(entry)
        assert unit is not None
        units.append(unit.id)
        # One entry of a home carries the mark that the home came with it.
        marks.append(unit.id in unmarked)
        unmarked.discard(unit.id)
    phones = [entry.phone for entry in entries]
    inserted = insert_new(
        _table(RosterEntry),
        {
            "public_id": [new_public_id() for _ in entries],
            "unit_id": units,
            "name": [entry.name for entry in entries],
            "phone": [encrypt(phone) for phone in phones],
            "phone_hash": [lookup_hash("phone", phone) for phone in phones],
            "phone_tail_hash": [lookup_hash("phone_tail", phone_tail(phone)) for phone in phones],
            "id_tail": [entry.id_tail and encrypt(entry.id_tail) for entry in entries],
            "role": [entry.role for entry in entries],
            "note": [entry.note for entry in entries],
            "made_unit": marks,
        },
        constants={
            "project_id": job.project_id,
            "import_id": job.import_id,
            "created_at": clock.now(),
        },
        returning=("id",),
    )
    return len(inserted)


def _columns(rows: list[dict[str, Any]]) -> dict[str, list[Any]]:
    names = rows[0] if rows else ()
    return {name: [row[name] for row in rows] for name in names}


def _table(model: Any) -> sa.Table:
    table = model.__table__
    assert isinstance(table, sa.Table)
    return table
