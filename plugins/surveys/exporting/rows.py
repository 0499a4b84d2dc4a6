"""The answers of a sealed wave as rows: a column for each item, with words in place of codes."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from plugins.surveys.answering.pressure import Sign, signs_on
from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.items import (
    DOES_NOT_APPLY,
    NOT_SHOWN,
    SKIPPED,
    CodeKind,
    Item,
    items,
)
from plugins.surveys.models import Ballot, SideAnswer, Wave
from plugins.surveys.states import SideKind
from plugins.surveys.words import SIGNS, STAGES
from portal.sdk import db, gettext, localized

_AT_ONCE = 500
_MILLIONTHS = 1_000_000
FIELDS = ("stage", "building", "tier")


@dataclass(frozen=True)
class Cell:
    """The group that is asked for; "" does not narrow."""

    stage: str = ""
    building: str = ""
    tier: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str]) -> "Cell":
        """Read `stage`, `building` and `tier`."""
        return cls(*(args.get(name, "")[:40].replace("\0", "") for name in FIELDS))

    def args(self) -> dict[str, str]:
        """Return what narrows."""
        return {name: getattr(self, name) for name in FIELDS if getattr(self, name)}


def count(wave: Wave, cell: Cell) -> int:
    """Return how many answers a group has."""
    return db.session.scalar(sa.select(sa.func.count(Ballot.id)).where(*_mine(wave, cell))) or 0


def header(wave: Wave) -> list[str]:
    """Return the titles of the columns, in the reader's language."""
    first = [gettext("Answer sheet"), gettext("Stage of the home"), gettext("Building")]
    first += [gettext("Tier"), gettext("Signals")]
    return [*first, *(_title(each) for each in items(read(wave.instrument)))]


def answers(wave: Wave, cell: Cell) -> Iterator[list[object]]:
    """Yield a row for each answer, in words."""
    found = items(read(wave.instrument))
    words = [_words(each) for each in found]
    for row, sides in read_out(wave, cell):
        stage = str(STAGES[row.stage]) if row.stage else ""
        told: list[object] = [str(row.id), stage, row.building, row.tier]
        told.append(", ".join(str(SIGNS[each][0]) for each in signs(row, found)))
        for item, known, code in zip(found, words, row.positions, strict=True):
            side = sides.get((row.id, item.position))
            told.append(known.get(code, code) if side is None else side)
        yield told


def read_out(wave: Wave, cell: Cell) -> Iterator[tuple[Any, dict[tuple[int, int], object]]]:
    """Yield each answer with what was said beside it, by (id, position): two statements for 500.

    The order is that of the ids, which are random.
    """
    after = 0
    mine = sa.select(
        Ballot.id, Ballot.positions, Ballot.stage, Ballot.building, Ballot.tier,
        Ballot.named, Ballot.flags,
    )  # fmt: skip
    mine = mine.where(*_mine(wave, cell)).order_by(Ballot.id).limit(_AT_ONCE)
    while some := db.session.execute(mine.where(Ballot.id > after)).all():
        sides = _sides([row.id for row in some])
        for row in some:
            yield row, sides
        after = some[-1].id


def signs(row: Any, found: Sequence[Item]) -> list[Sign]:
    """Return the signs of pressure of an answer, one by one."""
    return list(signs_on(row, found))


def codes(wave: Wave) -> list[dict[str, Any]]:
    """Return what stands at each position of an answer, and what its codes mean."""
    return [
        {
            "position": item.position,
            "key": item.key,
            "part": item.part,
            "kind": item.kind.value,
            "text": dict(item.text),
            "codes": {str(code): dict(texts) for code, texts in item.codes.items()},
        }
        for item in items(read(wave.instrument))
    ]


def _mine(wave: Wave, cell: Cell) -> list[sa.ColumnElement[bool]]:
    narrowed = [getattr(Ballot, name) == value for name, value in cell.args().items()]
    return [Ballot.wave_id == wave.id, *narrowed]


def _sides(ballots: list[int]) -> dict[tuple[int, int], object]:
    rows = db.session.scalars(sa.select(SideAnswer).where(SideAnswer.ballot_id.in_(ballots)))
    return {(each.ballot_id, each.item): _side(each) for each in rows}


def _side(side: SideAnswer) -> object:
    if side.kind == SideKind.NUMBER and side.number is not None:
        whole, rest = divmod(side.number, _MILLIONTHS)
        return side.number / _MILLIONTHS if rest else whole
    if side.kind == SideKind.PHOTO:
        return f"/files/{side.value}" if side.value else ""
    return side.value


def _title(item: Item) -> str:
    text = localized(item.question.text)
    if item.kind == CodeKind.PLACE:
        return gettext("%(question)s: place %(place)s", question=text, place=item.part)
    return f"{text}: {localized(item.text)}" if item.part else text


def _words(item: Item) -> dict[int, object]:
    missing: dict[int, object] = {
        NOT_SHOWN: gettext("(not shown)"),
        SKIPPED: gettext("(skipped)"),
        DOES_NOT_APPLY: gettext("(does not apply)"),
    }
    if item.kind in (CodeKind.CHOICE, CodeKind.PLACE):
        return missing | {code: localized(texts) for code, texts in item.codes.items()}
    return missing
