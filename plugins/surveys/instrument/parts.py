"""The instrument: blocks of questions as frozen facts, written as and read from JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

from plugins.surveys.instrument.conditions import Condition

Texts: TypeAlias = Mapping[str, str]
FORMAT = 1
END = "end"
"""Where a jump leads that ends the questions; no block is called so."""


class Kind(StrEnum):
    """The types of questions."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    MATRIX = "matrix"
    RATING = "rating"
    NPS = "nps"
    RANKING = "ranking"
    NUMBER = "number"
    DATE = "date"
    SHORT = "short"
    LONG = "long"
    PHOTO = "photo"
    TEXT = "text"


WITH_OPTIONS = frozenset({Kind.SINGLE, Kind.MULTIPLE, Kind.RANKING})
IN_WORDS = frozenset({Kind.SHORT, Kind.LONG})
MOST_PHOTOS = 4
"""Photos of one screen."""
MAY_NOT_APPLY = frozenset(Kind) - IN_WORDS - {Kind.PHOTO, Kind.TEXT}


class Role(StrEnum):
    """What a question means to the figures."""

    SATISFACTION = "satisfaction"
    EXPECTATION = "expectation"
    AGAIN = "again"
    RECOMMEND = "recommend"
    RECOMMENDED_COUNT = "recommended_count"
    EFFORT = "effort"
    OVERALL = "overall"


class ScaleKind(StrEnum):
    """How a scale looks."""

    STARS = "stars"
    FACES = "faces"
    FIVE = "1-5"
    ELEVEN = "0-10"


@dataclass(frozen=True)
class Scale:
    """A scale with words at its ends."""

    kind: ScaleKind = ScaleKind.FIVE
    low: Texts | None = None
    high: Texts | None = None

    @property
    def values(self) -> range:
        """Return what may be answered."""
        return range(11) if self.kind == ScaleKind.ELEVEN else range(1, 6)


@dataclass(frozen=True)
class Option:
    """Something to choose; `fixed` keeps its place in random order, `alone` shuts out others."""

    key: str
    text: Texts
    other: bool = False
    fixed: bool = False
    alone: bool = False


@dataclass(frozen=True)
class MatrixRow:
    """A line of a matrix."""

    key: str
    text: Texts
    dimension: str = ""


@dataclass(frozen=True)
class Jump:
    """Where to go on after the question's block, when the condition holds: a block, or END."""

    condition: Condition
    to: str


@dataclass(frozen=True)
class Sum:
    """This number and those of earlier questions make `total` together."""

    questions: tuple[str, ...]
    total: Decimal


@dataclass(frozen=True)
class Question:
    """A question. `least`, `most`: of a number, of characters, of choices, or ISO days."""

    key: str
    kind: Kind
    text: Texts
    hint: Texts | None = None
    required: bool = False
    show_if: Condition | None = None
    jumps: tuple[Jump, ...] = ()
    options: tuple[Option, ...] = ()
    rows: tuple[MatrixRow, ...] = ()
    scale: Scale | None = None
    not_applicable: bool = False
    random: bool = False
    least: Decimal | str | None = None
    most: Decimal | str | None = None
    step: Decimal | None = None
    pattern: str = ""
    sum: Sum | None = None
    role: Role | None = None
    dimension: str = ""

    @property
    def scale_values(self) -> range:
        """Return the values of a rating, of a matrix's rows, of an NPS."""
        if self.kind == Kind.NPS:
            return range(11)
        return (self.scale or Scale()).values

    @property
    def places(self) -> int:
        """Return how many places a ranking has at most."""
        most = int(self.most) if isinstance(self.most, Decimal) else len(self.options)
        return min(most, len(self.options))

    @property
    def parts(self) -> tuple[Option | MatrixRow, ...]:
        """Return the options and the rows."""
        return (*self.options, *self.rows)

    def option(self, key: object) -> Option | None:
        """Find an option."""
        return next((each for each in self.options if each.key == key), None)


@dataclass(frozen=True)
class Block:
    """One screen of questions."""

    key: str
    title: Texts
    questions: tuple[Question, ...]
    show_if: Condition | None = None
    random: bool = False


@dataclass(frozen=True)
class Instrument:
    """Everything that a wave asks, in the order of the document."""

    blocks: tuple[Block, ...]

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Return the questions of all blocks."""
        return tuple(each for block in self.blocks for each in block.questions)

    @cached_property
    def by_key(self) -> Mapping[str, Question]:
        """Return the questions by key; of two alike the first."""
        return {each.key: each for each in reversed(self.questions)}

    @cached_property
    def block_of(self) -> Mapping[str, int]:
        """Return the place of each question's block."""
        return {
            each.key: place for place, block in enumerate(self.blocks) for each in block.questions
        }

    @property
    def dimensions(self) -> frozenset[str]:
        """Return the dimensions that ratings and matrix rows name."""
        rows = {row.dimension for each in self.questions for row in each.rows}
        return frozenset((rows | {each.dimension for each in self.questions}) - {""})

    def texts(self) -> Iterator[tuple[str, Texts]]:
        """Yield every text that owners read, with its path."""
        for block in self.blocks:
            yield f"{block.key}.title", block.title
            for each in block.questions:
                yield each.key, each.text
                if each.hint is not None:
                    yield f"{each.key}.hint", each.hint
                for part in each.parts:
                    yield f"{each.key}.{part.key}", part.text
                for end in ("low", "high"):
                    if each.scale and (text := getattr(each.scale, end)) is not None:
                        yield f"{each.key}.{end}", text
