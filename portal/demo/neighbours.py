"""The background: any number of neighbours with their homes, written in bulk."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice, product
from typing import Any

import sqlalchemy as sa

from portal.accounts.models import Account, Consent
from portal.crypto import lookup_hash
from portal.demo.cast import MEMBERS
from portal.demo.names import card_numbers, make_name, neighbour_phone
from portal.demo.stage import Stage
from portal.demo.texts import PROJECTS, DemoProject
from portal.extensions import db
from portal.members.models import Household, HouseholdStay, Member
from portal.phones import phone_tail
from portal.projects.models import Building, Ownership, ProjectInterest, Role, Unit

CHUNK = 1000
SHARES = {"binjiang": 0.55, "siji": 0.85, "shanju": 0.95}
"""Below which draw a neighbour owns in the project; above the last they follow one only."""
MOVES_IN = 0.12
"""How many share the home of the neighbour before them."""


@dataclass
class Neighbour:
    """One background member, decided before anything is written."""

    number: int
    name: str
    salutation: str
    card: str
    joined_on: date
    project: str
    role: Role | None
    """What they are to a home; None for those who only follow the project."""
    host: int | None = None
    """The index in the chunk of the neighbour whose home they moved into."""


def add_neighbours(stage: Stage, number: int, done: Callable[[int], None]) -> None:
    """Add `number` members with homes; `done` hears how many each chunk added."""
    people = _decide(stage.rng, stage.today, number)
    homes = {project.slug: _HomeSource(stage, project) for project in PROJECTS}
    while chunk := list(islice(people, CHUNK)):
        _Chunk(stage, chunk, homes).write()
        done(len(chunk))


def _decide(rng: random.Random, today: date, number: int) -> Iterator[Neighbour]:
    cards = card_numbers(frozenset(player.card for player in MEMBERS))
    host: tuple[int, str] | None = None
    for place in range(number):
        index = place % CHUNK
        salutation = rng.choice(("ms", "mr"))
        person = Neighbour(
            number=place,
            name=make_name(rng, salutation),
            salutation=salutation,
            card=next(cards),
            joined_on=today - timedelta(days=rng.randint(3, 365 * 5)),
            project="",
            role=None,
        )
        if index and host and rng.random() < MOVES_IN:
            person.host, person.project = host
            person.role = rng.choice((Role.SPOUSE, Role.SPOUSE, Role.CO_OWNER, Role.TENANT))
            host = None
        else:
            person.project, person.role = _draw_home(rng)
            host = (index, person.project) if person.role else None
        yield person


def _draw_home(rng: random.Random) -> tuple[str, Role | None]:
    draw = rng.random()
    for slug, below in SHARES.items():
        if draw < below:
            return slug, Role.OWNER
    return rng.choice(list(SHARES)), None


class _HomeSource:
    """Hands out a project's homes one after the other, building by building."""

    def __init__(self, stage: Stage, project: DemoProject) -> None:
        self.stage, self.project = stage, project
        self.project_id = stage.projects[project.slug].id
        self.opened = stage.day(365 * project.age_in_years)
        self.addresses = self._all()

    def _all(self) -> Iterator[tuple[int, str, str]]:
        number = self.project.first_building
        while True:
            building = self._building(f"{number}{self.project.building_word}")
            floors = range(1, self.project.floors + 1)
            doors = range(1, self.project.homes_a_floor + 1)
            for entrance, floor, door in product(self.project.entrances or ("",), floors, doors):
                if (number, f"{floor}{door:02d}") not in _TAKEN.get(self.project.slug, ()):
                    yield building, entrance, f"{floor}{door:02d}"
            number += 1

    def _building(self, name: str) -> int:
        known = self.stage.buildings.get((self.project_id, name))
        if known:
            return known.id
        building = Building(project_id=self.project_id, name=name)
        db.session.add(building)
        db.session.flush()
        return building.id

    def take(self, joined_on: date, household_id: int) -> dict[str, Any]:
        """Return the row of the next home."""
        building_id, entrance, number = next(self.addresses)
        handed = max(self.opened + timedelta(days=400), joined_on - timedelta(days=120))
        return {
            "project_id": self.project_id,
            "building_id": building_id,
            "entrance": entrance,
            "number": number,
            "area": self.stage.rng.choice(self.project.areas),
            "handover_on": min(handed, self.stage.today),
            "household_id": household_id,
        }


# What the cast lives in or waits for, among the homes that are handed out.
_TAKEN = {"siji": {(8, "1203"), (6, "804"), (6, "301")}}


class _Chunk:
    """Writes the rows of up to a thousand neighbours in a handful of statements."""

    def __init__(
        self, stage: Stage, people: list[Neighbour], homes: dict[str, _HomeSource]
    ) -> None:
        self.stage, self.people, self.homes = stage, people, homes

    def write(self) -> None:
        """Insert accounts, members, homes and everything between them."""
        self.created = [_at(self.stage, person) for person in self.people]
        self.account_ids = _insert(Account, [self._account(each) for each in self.people])
        self._write_consents()
        self.households = self._write_households()
        self.member_ids = _insert(Member, [self._member(i) for i in range(len(self.people))])
        _insert_only(
            HouseholdStay,
            [
                {
                    "member_id": self.member_ids[i],
                    "household_id": self.households[i],
                    "since": person.joined_on,
                }
                for i, person in enumerate(self.people)
            ],
        )
        self._write_homes()

    def _account(self, person: Neighbour) -> dict[str, Any]:
        phone = neighbour_phone(person.number)
        return {
            "phone": phone,
            "phone_hash": lookup_hash("phone", phone),
            "phone_tail_hash": lookup_hash("phone_tail", phone_tail(phone)),
            "display_name": person.name,
            "password_hash": self.stage.password_hash,
            "is_demo": True,
            "created_at": _at(self.stage, person),
        }

    def _write_consents(self) -> None:
        _insert_only(
            Consent,
            [
                {"account_id": id_, "legal_text_id": text.id, "created_at": created}
                for id_, created in zip(self.account_ids, self.created, strict=True)
                for text in self.stage.legal_texts
            ],
        )

    def _write_households(self) -> list[int]:
        """Return the household of each neighbour: their own, or the host's for spouse and
        co-owner."""
        own = [i for i in range(len(self.people)) if not self._shares(i)]
        ids = _insert(Household, [{"created_at": self.created[i]} for i in own])
        households = dict(zip(own, ids, strict=True))
        for i, person in enumerate(self.people):
            if i not in households:
                assert person.host is not None
                households[i] = households[person.host]
        return [households[i] for i in range(len(self.people))]

    def _shares(self, i: int) -> bool:
        person = self.people[i]
        return person.host is not None and person.role != Role.TENANT

    def _member(self, i: int) -> dict[str, Any]:
        person = self.people[i]
        return {
            "account_id": self.account_ids[i],
            "household_id": self.households[i],
            "card_number": person.card,
            "name": person.name,
            "salutation": person.salutation,
            "joined_on": person.joined_on,
            "created_at": self.created[i],
        }

    def _write_homes(self) -> None:
        owners = [i for i, each in enumerate(self.people) if each.role and each.host is None]
        unit_ids = _insert(
            Unit,
            [
                self.homes[self.people[i].project].take(
                    self.people[i].joined_on, self.households[i]
                )
                for i in owners
            ],
        )
        units = dict(zip(owners, unit_ids, strict=True))
        owned, followed = [], []
        for i, person in enumerate(self.people):
            project_id = self.homes[person.project].project_id
            common = {
                "member_id": self.member_ids[i],
                "project_id": project_id,
                "created_at": self.created[i],
            }
            if person.role is None:
                followed.append(common)
                continue
            host = i if person.host is None else person.host
            since = max(person.joined_on, self.people[host].joined_on)
            owned.append({**common, "unit_id": units[host], "role": person.role, "since": since})
        _insert_only(Ownership, owned)
        _insert_only(ProjectInterest, followed)


def _at(stage: Stage, person: Neighbour) -> Any:
    return stage.moment((stage.today - person.joined_on).days, 8 + person.number % 13)


def _insert(model: Any, rows: list[dict[str, Any]]) -> list[int]:
    """Insert rows and return their ids in the same order."""
    if not rows:
        return []
    statement = sa.insert(model).returning(model.id, sort_by_parameter_order=True)
    return list(db.session.scalars(statement, rows))


def _insert_only(model: Any, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.session.execute(sa.insert(model), rows)
