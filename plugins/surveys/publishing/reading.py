"""What was published of a wave, as pages and programs show it: the document beside its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import CodeKind, Item, items
from plugins.surveys.models import Action, Publication, Wave
from plugins.surveys.states import State
from portal.sdk import db

PUBLIC = (State.PUBLISHED, State.ARCHIVED)
_MOST = 20


@dataclass(frozen=True)
class Told:
    """A figure in its unit: percent, points, or a number with one decimal; None is hidden."""

    name: str
    unit: str
    value: str
    low: str
    high: str
    percent: int
    base: int | None
    bootstrap: tuple[str, str] | None
    weighted: str | None


@dataclass(frozen=True)
class Line:
    """A group of answers to a question: its codes or words, and its percent; None is hidden."""

    codes: tuple[int, ...]
    text: Mapping[str, str]
    percent: int | None


@dataclass(frozen=True)
class Question:
    """A question with what may be shown of its answers, the best first."""

    text: Mapping[str, str]
    part: Mapping[str, str] | None
    scale: bool
    lines: Sequence[Line]


@dataclass(frozen=True)
class Done:
    """You said, we did; `done_at`: None while it is planned."""

    public_id: str
    dimension: str
    said: Mapping[str, str]
    did: Mapping[str, str]
    done_at: datetime | None
    withdrawn: bool = False


@dataclass(frozen=True)
class Published:
    """The published results of a wave."""

    released_at: datetime
    signed_at: datetime | None
    asked: int
    answered: int | None
    percent: int | None
    main: Sequence[Told | None]
    figures: Sequence[Told]
    index: Told | None
    dimensions: Sequence[tuple[str, Told | None]]
    questions: Sequence[Question]
    least: int


_MAIN = ("satisfied", "again", "recommend", "loyal")
_MORE = ("nps", "effort", "gap", "recommended", "recommended_cut")


def find_published(project_id: int, public_id: str) -> Wave | None:
    """Return a wave of a project whose results are published."""
    return db.session.scalar(
        sa.select(Wave).where(
            Wave.project_id == project_id, Wave.public_id == public_id, Wave.state.in_(PUBLIC)
        )
    )


def released(project_id: int) -> Sequence[Wave]:
    """Return the waves of a project whose results are published, the newest first."""
    mine = sa.select(Wave).where(Wave.project_id == project_id, Wave.state.in_(PUBLIC))
    return db.session.scalars(
        mine.order_by(Wave.published_at.desc(), Wave.id.desc()).limit(_MOST)
    ).all()


def published(wave: Wave) -> Published | None:
    """Return what was published of a wave, in one statement."""
    row = db.session.scalar(sa.select(Publication).where(Publication.wave_id == wave.id))
    if row is None or not row.figures:
        return None
    said = row.figures
    here = items(read(wave.instrument))
    given, asked = said["answered"], said["asked"]
    return Published(
        row.released_at,
        row.signed_at,
        asked,
        given,
        round(100 * given / asked) if given is not None and asked else None,
        [_told(name, said[name]) for name in _MAIN],
        [told for name in _MORE if (told := _told(name, said[name]))],
        _told("index", said["index"]),
        [(name, _told(name, each)) for name, each in said["dimensions"].items()],
        [
            found
            for item, each in zip(here, said["items"], strict=True)
            if (found := _question(item, each))
        ],
        said["least"],
    )


def actions_of(wave: Wave, *, withdrawn: bool = False) -> list[Done]:
    """Return what the project does about a wave, in its order."""
    mine = sa.select(Action).where(Action.wave_id == wave.id)
    if not withdrawn:
        mine = mine.where(Action.withdrawn_at.is_(None))
    return [
        Done(
            each.public_id,
            each.dimension,
            dict(each.said),
            dict(each.did),
            each.done_at,
            each.withdrawn_at is not None,
        )
        for each in db.session.scalars(mine.order_by(Action.position, Action.id))
    ]


def _told(name: str, said: Mapping[str, Any] | None) -> Told | None:
    if said is None:
        return None
    unit = said["unit"]

    def written(value: int) -> str:
        if unit == "tenths":
            return f"{value / 10:.1f}"
        return f"{round(value / 10)}" if unit == "permille" else f"{value}"

    drawn, weighted = said["bootstrap"], said["weighted"]
    percent = round(said["value"] / 10) if unit == "permille" else said["value"]
    return Told(
        name,
        unit,
        written(said["value"]),
        written(said["low"]),
        written(said["high"]),
        max(0, min(100, percent)),
        said["base"],
        (written(drawn[0]), written(drawn[1])) if drawn else None,
        written(weighted["value"]) if weighted else None,
    )


def _question(item: Item, said: Mapping[str, Any]) -> Question | None:
    """Return what is shown of an item; None of one that has no groups at all."""
    if item.kind == CodeKind.MARK or not said["groups"]:
        return None
    lines = [
        Line(
            tuple(codes),
            item.codes.get(codes[0], {}) if len(codes) == 1 else {},
            None if size is None else round(size / 10),
        )
        for codes, size in said["groups"]
        if not (item.kind == CodeKind.TICK and codes == [0])
    ]
    whole = item.question.text
    part = item.text if item.part and item.kind in (CodeKind.VALUE, CodeKind.TICK) else None
    return Question(whole, part, item.kind == CodeKind.VALUE, lines)
