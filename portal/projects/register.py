"""Writing projects, their buildings and their homes."""

import re
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Account
from portal.audit.service import record
from portal.columns import Texts
from portal.extensions import db
from portal.projects.addresses import part_key, place_key, split_address
from portal.projects.errors import HomeError
from portal.projects.models import Building, Project, Unit

_SLUG = re.compile(r"[a-z][a-z0-9-]{1,38}[a-z0-9]")


def create_project(
    *,
    actor: Account | None,
    slug: str,
    name: Texts,
    welcome: Texts | None = None,
    city: Texts | None = None,
    opened_on: date | None = None,
    time_zone: str = "Asia/Shanghai",
    contact_phone: str | None = None,
) -> Project:
    """Add a project. Raises HomeError("bad_slug") or HomeError("slug_taken")."""
    if not _SLUG.fullmatch(slug):
        raise HomeError("bad_slug")
    project = Project(
        slug=slug,
        name=dict(name),
        welcome=dict(welcome or {}),
        city=dict(city or {}),
        opened_on=opened_on,
        time_zone=time_zone,
        contact_phone=contact_phone,
    )
    try:
        with db.session.begin_nested():
            db.session.add(project)
    except IntegrityError as error:
        raise HomeError("slug_taken") from error
    record(
        actor=actor,
        action="project.created",
        subject=("project", project.public_id),
        project_id=project.id,
    )
    return project


def update_project(*, actor: Account, project: Project, **values: object) -> None:
    """Change a project's texts, day of opening, contact or time zone; the slug stays."""
    changed = [name for name, value in values.items() if getattr(project, name) != value]
    for name in changed:
        setattr(project, name, values[name])
    if changed:
        record(
            actor=actor,
            action="project.changed",
            subject=("project", project.public_id),
            project_id=project.id,
            facts={"fields": sorted(changed)},
        )


def ensure_building(*, project: Project, name: str) -> Building:
    """Return the project's building of this name in any writing, adding it when it is new."""
    wanted = sa.select(Building).where(
        Building.project_id == project.id, Building.key == part_key(name)
    )
    found = db.session.scalar(wanted)
    if found is not None:
        return found
    building = Building(project_id=project.id, name=name.strip())
    try:
        with db.session.begin_nested():
            db.session.add(building)
    except IntegrityError:
        return db.session.scalars(wanted).one()
    return building


def ensure_unit(
    *,
    project: Project,
    building: str,
    entrance: str = "",
    number: str,
    area: int | None = None,
    handover_on: date | None = None,
) -> Unit:
    """Return the home of this address in any writing, adding building and home when new.

    `area`: hundredths of a square metre. Facts of a home that is there already are kept; those it
    lacks are filled in.
    """
    building, entrance, number = split_address(building, entrance, number)
    house = ensure_building(project=project, name=building)
    wanted = sa.select(Unit).where(
        Unit.building_id == house.id, Unit.place == place_key(entrance, number)
    )
    unit = db.session.scalar(wanted)
    if unit is None:
        unit = Unit(
            project_id=project.id,
            building_id=house.id,
            entrance=entrance.strip(),
            number=number.strip(),
        )
        try:
            with db.session.begin_nested():
                db.session.add(unit)
        except IntegrityError:
            unit = db.session.scalars(wanted).one()
    unit.area = unit.area or area
    unit.handover_on = unit.handover_on or handover_on
    unit.building = house
    return unit
