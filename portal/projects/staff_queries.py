"""Reading a project's homes for staff: searched, filtered, counted, exported."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.extensions import db
from portal.members.models import Member
from portal.projects.addresses import part_key, parts_of
from portal.projects.models import Building, Ownership, Role, Unit

BATCH = 500
PEOPLE_LIMIT = 500
SEARCH_LENGTH = 60
_BUILDING_ID = re.compile(r"[0-9]{1,18}")
"""What the database takes for an id."""


@dataclass(frozen=True)
class HomeFilter:
    """The conditions of the list of homes, as its address has them."""

    search: str = ""
    building: str = ""
    state: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "HomeFilter":
        """Read the conditions from an address; what is not known is left out."""
        state = args.get("state", "")
        building = args.get("building", "")
        return cls(
            search=args.get("q", "").strip()[:SEARCH_LENGTH],
            building=building if _BUILDING_ID.fullmatch(building) else "",
            state=state if state in ("claimed", "unclaimed") else "",
        )

    def args(self, **changed: str | None) -> dict[str, str]:
        """Return the conditions for an address, with some changed; empty ones are left out."""
        values = {"q": self.search, "building": self.building, "state": self.state, **changed}
        return {key: value for key, value in values.items() if value}


@dataclass(frozen=True)
class HomeRow:
    """A home of the list and who owns it."""

    unit: Unit
    owner: str | None
    since: Any


def homes_in(project_id: int, wanted: HomeFilter) -> sa.Select[tuple[Unit, str, Any]]:
    """Return the statement of a project's homes with the owner's name and since when."""
    statement = (
        sa.select(Unit, Member.name, Ownership.since)
        .join(Unit.building)
        .outerjoin(
            Ownership,
            sa.and_(
                Ownership.unit_id == Unit.id,
                Ownership.role == Role.OWNER,
                Ownership.until.is_(None),
            ),
        )
        .outerjoin(Member, Member.id == Ownership.member_id)
        .options(contains_eager(Unit.building))
        .where(Building.project_id == project_id)
    )
    return statement.where(*_conditions(wanted))


@dataclass(frozen=True)
class BuildingCount:
    """A building, how many of its homes match, and how many of those have a household."""

    id: int
    name: str
    homes: int
    claimed: int


def count_homes(project_id: int, wanted: HomeFilter) -> list[BuildingCount]:
    """Count what matches in each building, whichever building is chosen; one statement."""
    found = (
        homes_in(project_id, replace(wanted, building=""))
        .with_only_columns(
            Building.id, Building.name, sa.func.count(), sa.func.count(Unit.household_id)
        )
        .group_by(Building.id, Building.name, Building.key)
        .order_by(Building.key)
    )
    return [BuildingCount(*row) for row in db.session.execute(found)]


def chosen(counts: Sequence[BuildingCount], wanted: HomeFilter) -> Sequence[BuildingCount]:
    """Return the counts of the chosen building, or of all."""
    return [each for each in counts if wanted.building in ("", str(each.id))]


@dataclass(frozen=True)
class HomeWithPeople:
    """A home, who lives there now (owners first) and who did before (the latest first)."""

    unit: Unit
    people: Sequence[Ownership]
    past: Sequence[Ownership]


def home_with_people(project_id: int, public_id: str) -> HomeWithPeople | None:
    """Return a home of the project and its people, building and members loaded; one statement."""
    rows = db.session.execute(
        sa.select(Unit, Ownership)
        .join(Unit.building)
        .outerjoin(Ownership, Ownership.unit_id == Unit.id)
        .outerjoin(Ownership.member)
        .options(contains_eager(Unit.building), contains_eager(Ownership.member))
        .where(Unit.public_id == public_id, Unit.project_id == project_id)
        .order_by(Ownership.id)
        .limit(PEOPLE_LIMIT)
    ).all()
    if not rows:
        return None
    people = [person for _unit, person in rows if person is not None]
    return HomeWithPeople(rows[0][0], living(people), past(people))


def living(people: Sequence[Ownership]) -> list[Ownership]:
    """Return those who live in a home now, owners first."""
    now = [person for person in people if person.until is None]
    return sorted(now, key=lambda person: list(Role).index(Role(person.role)))


def past(people: Sequence[Ownership]) -> list[Ownership]:
    """Return those who lived in a home before, the latest first."""
    before = [person for person in people if person.until is not None]
    return sorted(before, key=lambda person: (person.until or date.min, person.id), reverse=True)


def all_homes(project_id: int, wanted: HomeFilter) -> Iterator[HomeRow]:
    """Yield every home that matches, building by building, in batches."""
    keys = (Building.key, Unit.place, Unit.id)
    statement = homes_in(project_id, wanted).order_by(*keys).limit(BATCH)
    last: Sequence[Any] | None = None
    while True:
        batch = statement if last is None else statement.where(sa.tuple_(*keys) > last)
        rows = db.session.execute(batch).all()
        for unit, name, since in rows:
            yield HomeRow(unit, name, since)
        if len(rows) < BATCH:
            return
        unit = rows[-1][0]
        last = (unit.building.key, unit.place, unit.id)
        db.session.expunge_all()


def _conditions(wanted: HomeFilter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.building:
        yield Building.id == int(wanted.building)
    if wanted.state:
        claimed = Unit.household_id.is_not(None)
        yield claimed if wanted.state == "claimed" else ~claimed
    if wanted.search:
        yield matches(wanted.search)


def matches(search: str) -> sa.ColumnElement[bool]:
    """Find "1502", "2-1502", "2栋1单元1502" by address, and any other text by the owner's name."""
    keys = [part_key(part) for part in parts_of(search)]
    by_name = Member.name.contains(search, autoescape=True)
    if not keys or len(keys) > 3:
        return by_name
    number = Unit.place.endswith(f"/{keys[-1]}", autoescape=True)
    if len(keys) == 1:
        building = Building.key == keys[0]
        return sa.or_(by_name, number, building)
    if len(keys) == 2:
        return sa.or_(
            by_name, sa.and_(Building.key == keys[0], number), Unit.place == "/".join(keys)
        )
    return sa.and_(Building.key == keys[0], Unit.place == f"{keys[1]}/{keys[2]}")
