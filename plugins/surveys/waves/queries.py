"""What the staff's pages of waves show."""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from plugins.surveys.models import Participation, Survey, Wave
from plugins.surveys.states import State
from portal.sdk import Page, db, page_of


@dataclass(frozen=True)
class WaveFilter:
    """What a list is narrowed to, read from an address; what is unknown counts as not given."""

    search: str = ""
    state: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "WaveFilter":
        """Read `?q=` and `?state=`."""
        state = args.get("state", "")
        search = args.get("q", "").strip()[:60].replace("\0", "")
        return cls(search, state if state in tuple(State) else "")

    def args(self) -> dict[str, str]:
        """Return the filter as an address' arguments."""
        mine = {"q": self.search, "state": self.state}
        return {key: value for key, value in mine.items() if value}


@dataclass(frozen=True)
class Rate:
    """How many of how many have answered, were invited, were reminded at least once."""

    asked: int = 0
    answered: int = 0
    invited: int = 0
    reminded: int = 0

    def __add__(self, other: "Rate") -> "Rate":
        """Return both together."""
        return Rate(
            self.asked + other.asked,
            self.answered + other.answered,
            self.invited + other.invited,
            self.reminded + other.reminded,
        )

    @property
    def percent(self) -> int | None:
        """The share in whole percent; None where nobody is asked."""
        return round(100 * self.answered / self.asked) if self.asked else None


def find(project_id: int, public_id: str) -> Wave | None:
    """Return a wave of this project."""
    return db.session.scalar(
        sa.select(Wave).where(Wave.public_id == public_id, Wave.project_id == project_id)
    )


def series_of(wave: Wave) -> str:
    """Return the series of a wave's survey."""
    return db.session.scalar(sa.select(Survey.series).where(Survey.id == wave.survey_id)) or ""


def listed(
    project_id: int, wanted: WaveFilter, states: Collection[State] = tuple(State)
) -> Page[Any]:
    """Return a page of (wave, its survey's series) in some states, the newest first."""
    mine = _narrowed(project_id, wanted)
    if len(states) < len(State):
        mine = mine.where(Wave.state.in_(states))
    return page_of(mine, Wave.created_at, Wave.id, descending=True)


def exported(project_id: int, wanted: WaveFilter) -> Iterator[tuple[Wave, str]]:
    """Yield every wave as filtered with its series, the newest first."""
    newest = (Wave.created_at.desc(), Wave.id.desc())
    for row in db.session.execute(_narrowed(project_id, wanted).order_by(*newest)):
        yield row[0], row[1]


def _narrowed(project_id: int, wanted: WaveFilter) -> sa.Select[Any]:
    statement = sa.select(Wave, Survey.series).join(Survey, Survey.id == Wave.survey_id)
    statement = statement.where(Wave.project_id == project_id)
    if wanted.state:
        statement = statement.where(Wave.state == wanted.state)
    # A title is kept as JSON writes it, other letters than ASCII as \\uXXXX.
    text = sa.func.lower(sa.cast(Wave.title, sa.Text))
    for word in wanted.search.lower().split():
        statement = statement.where(text.contains(json.dumps(word)[1:-1], autoescape=True))
    return statement


def rates(waves: Collection[int]) -> dict[int, Rate]:
    """Return the response rate of each of these waves, in one statement."""
    rows = db.session.execute(
        sa.select(Participation.wave_id, *_COUNTS)
        .where(Participation.wave_id.in_(waves))
        .group_by(Participation.wave_id)
    )
    return {row[0]: Rate(*row[1:]) for row in rows}


def rates_by(wave_id: int) -> dict[str, dict[str, Rate]]:
    """Return the response rate of a wave by stage and by building, in one statement."""
    rows = db.session.execute(
        sa.select(Participation.stage, Participation.building, *_COUNTS)
        .where(Participation.wave_id == wave_id)
        .group_by(Participation.stage, Participation.building)
    )
    found: dict[str, dict[str, Rate]] = {"stage": {}, "building": {}}
    for stage, building, *counts in rows:
        for name, value in (("stage", stage), ("building", building)):
            found[name][value] = found[name].get(value, Rate()) + Rate(*counts)
    return found


def _many(what: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((what, 1), else_=0))


_COUNTS = (
    sa.func.count(Participation.id),
    _many(Participation.answered.is_(True)),
    _many(Participation.invited_at.is_not(None)),
    _many(Participation.reminded > 0),
)
