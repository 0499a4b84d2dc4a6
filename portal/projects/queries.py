"""Reading projects, homes and who lives in them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import get_locale
from sqlalchemy.orm import contains_eager, joinedload

from portal.club.queries import current_club
from portal.extensions import db
from portal.i18n import DEFAULT_LANGUAGE, gettext
from portal.members.models import Member, MemberState, Person
from portal.projects.addresses import address_key, part_key, place_key, split_address, split_part
from portal.projects.models import Building, Invitation, Ownership, Project, Role, Unit

LIST_LIMIT = 200
"""A member's homes and a home's people are few; a list never grows beyond this."""
OWNING_ROLES = (Role.OWNER, Role.CO_OWNER, Role.SPOUSE)
"""The roles that share the home's household; a tenant keeps their own."""

__all__ = [
    "OWNING_ROLES",
    "address_key",
    "building_names",
    "find_project",
    "find_unit",
    "home_of",
    "homes_of",
    "unit_title",
]


@dataclass(frozen=True)
class HouseholdShape:
    """What else a member's household holds: it decides whether they may move without a question."""

    members: int
    persons: int
    units: int

    @property
    def alone(self) -> bool:
        """Nobody and nothing but the member."""
        return self.members <= 1 and not self.persons and not self.units


def find_project(slug: str) -> Project | None:
    """Return a project by the name in its address."""
    return db.session.scalar(sa.select(Project).where(Project.slug == slug))


def all_projects() -> Sequence[Project]:
    """Return the club's projects in the order they were made."""
    return db.session.scalars(sa.select(Project).order_by(Project.id).limit(LIST_LIMIT)).all()


def time_zones() -> dict[int | None, str]:
    """Return every project's time zone by its id, and the club's under None."""
    zones: dict[int | None, str] = {None: current_club().time_zone}
    for project in db.session.execute(sa.select(Project.id, Project.time_zone)):
        zones[project.id] = project.time_zone
    return zones


def building_names(project_id: int) -> list[str]:
    """Return the names of a project's buildings, as people count them."""
    statement = sa.select(Building.name).where(Building.project_id == project_id)
    return list(db.session.scalars(statement.order_by(Building.key).limit(LIST_LIMIT)))


def find_unit(project_id: int, building: str, entrance: str, number: str) -> Unit | None:
    """Return a home by its address in any writing, with its building.

    Without an entrance (typed or registered), the home is taken when its number is the only such
    one in the building.
    """
    building, entrance, number = split_address(building, entrance, number)
    found = db.session.scalars(
        sa.select(Unit)
        .join(Unit.building)
        .options(contains_eager(Unit.building))
        .where(
            Building.project_id == project_id,
            Building.key == part_key(building),
            Unit.place.endswith(f"/{part_key(number)}", autoescape=True),
        )
        .limit(20)
    ).all()
    place = place_key(entrance, number)
    for unit in found:
        if unit.place == place:
            return unit
    if len(found) == 1 and not (entrance and found[0].entrance):
        return found[0]
    return None


def unit_by_public_id(project_id: int, public_id: str) -> Unit | None:
    """Return a home of the project, with its building."""
    return db.session.scalar(
        sa.select(Unit)
        .options(joinedload(Unit.building, innerjoin=True))
        .where(Unit.public_id == public_id, Unit.project_id == project_id)
    )


def address_title(building: str, entrance: str, number: str) -> str:
    """Return an address as the reader writes it: "2 栋 1 单元 1502", "Building 2, 1502"."""
    parts = [_part_title(building, gettext("Building %(name)s", name="{}"))]
    if entrance.strip():
        parts.append(_part_title(entrance, gettext("Entrance %(name)s", name="{}")))
    parts.append(split_part(number)[0])
    return (", " if str(get_locale()) == "en" else " ").join(parts)


def unit_title(unit: Unit) -> str:
    """Return a home's address as the reader writes it; its building must be loaded."""
    return address_title(unit.building.name, unit.entrance, unit.number)


def homes_of(member_id: int) -> Sequence[Ownership]:
    """Return what a member owns or lives in now, unit, building and project loaded."""
    return db.session.scalars(
        _with_home()
        .where(Ownership.member_id == member_id, Ownership.until.is_(None))
        .order_by(Ownership.since, Ownership.id)
        .limit(LIST_LIMIT)
    ).all()


def homes_here(member_ids: Collection[int], project_id: int) -> Sequence[Ownership]:
    """Return what some members own or live in now in a project, the earliest first of each."""
    return db.session.scalars(
        _with_home()
        .where(
            Ownership.member_id.in_(member_ids),
            Ownership.project_id == project_id,
            Ownership.until.is_(None),
        )
        .order_by(Ownership.since, Ownership.id)
    ).all()


def past_homes_of(member_id: int) -> Sequence[Ownership]:
    """Return what a member owned or lived in before, the latest first."""
    return db.session.scalars(
        _with_home()
        .where(Ownership.member_id == member_id, Ownership.until.is_not(None))
        .order_by(Ownership.until.desc(), Ownership.id.desc())
        .limit(LIST_LIMIT)
    ).all()


def home_of(member_id: int, public_id: str) -> Ownership | None:
    """Return a member's present place in one home, by the unit's public id."""
    return db.session.scalar(
        _with_home().where(
            Ownership.member_id == member_id,
            Ownership.until.is_(None),
            Ownership.unit.has(Unit.public_id == public_id),
        )
    )


def people_of(unit_id: int, *, now: bool = True) -> Sequence[Ownership]:
    """Return who lives in a home now, owners first; or, with `now=False`, who did before."""
    order = sa.case({role: place for place, role in enumerate(Role)}, value=Ownership.role)
    statement = (
        sa.select(Ownership)
        .join(Ownership.member)
        .options(contains_eager(Ownership.member))
        .where(Ownership.unit_id == unit_id)
        .limit(LIST_LIMIT)
    )
    if now:
        statement = statement.where(Ownership.until.is_(None)).order_by(order, Ownership.id)
    else:
        statement = statement.where(Ownership.until.is_not(None)).order_by(
            Ownership.until.desc(), Ownership.id.desc()
        )
    return db.session.scalars(statement).all()


def home_with_people(member_id: int, public_id: str) -> tuple[Ownership | None, list[Ownership]]:
    """Return a member's present place in one home, and who lives there, owners first: one
    statement."""
    order = sa.case({role: place for place, role in enumerate(Role)}, value=Ownership.role)
    people = db.session.scalars(
        _with_home()
        .join(Ownership.member)
        .options(contains_eager(Ownership.member))
        .where(Ownership.until.is_(None), Ownership.unit.has(Unit.public_id == public_id))
        .order_by(order, Ownership.id)
        .limit(LIST_LIMIT)
    ).all()
    place = next((person for person in people if person.member_id == member_id), None)
    return place, list(people)


def owner_of(unit_id: int) -> Ownership | None:
    """Return a home's present owner, the member loaded."""
    return db.session.scalar(
        sa.select(Ownership)
        .join(Ownership.member)
        .options(contains_eager(Ownership.member))
        .where(
            Ownership.unit_id == unit_id, Ownership.role == Role.OWNER, Ownership.until.is_(None)
        )
    )


def household_shape(household_id: int) -> HouseholdShape:
    """Count the members, persons and homes of a household, in one statement."""

    def count(model: type, *conditions: sa.ColumnElement[bool]) -> sa.ScalarSelect[int]:
        statement = sa.select(sa.func.count()).select_from(model)
        return statement.where(model.household_id == household_id, *conditions).scalar_subquery()  # type: ignore[attr-defined]

    row = db.session.execute(
        sa.select(count(Member, Member.state == MemberState.ACTIVE), count(Person), count(Unit))
    ).one()
    return HouseholdShape(*row)


def invitations_of(unit_id: int) -> Sequence[Invitation]:
    """Return the invitations into a home that are neither used nor withdrawn, newest first."""
    return db.session.scalars(
        sa.select(Invitation)
        .where(
            Invitation.unit_id == unit_id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .order_by(Invitation.created_at.desc(), Invitation.id.desc())
        .limit(LIST_LIMIT)
    ).all()


def _with_home() -> sa.Select[tuple[Ownership]]:
    return sa.select(Ownership).options(
        joinedload(Ownership.unit, innerjoin=True).options(
            joinedload(Unit.building, innerjoin=True), joinedload(Unit.project, innerjoin=True)
        )
    )


def _part_title(text: str, pattern: str) -> str:
    """Return "2栋" as "2 栋" or "Building 2"; a name such as 观澜阁 stays as it is."""
    name, word = split_part(text)
    if not name.isascii():
        return text.strip()
    name = name.lstrip("0") or name
    if word not in ("", "#") and str(get_locale()) == DEFAULT_LANGUAGE:
        # The reader knows the project's own word: 栋, 幢 or 号楼.
        return f"{name} {word}"
    return pattern.format(name)
