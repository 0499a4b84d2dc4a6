"""Items: what of a ballot stands at which position, and what its codes mean.

The order is the document's, never the one in which somebody saw it; it is fixed when the
instrument is frozen, and a ballot is one small integer an item.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from plugins.surveys.instrument.parts import (
    Instrument,
    Kind,
    Question,
    Role,
    Scale,
    Texts,
)

NOT_SHOWN, SKIPPED, DOES_NOT_APPLY = -1, -2, -3
ANSWERED = 1


class CodeKind(StrEnum):
    """What the codes of an item are: a choice from 1, a tick 0/1, a value, a place, a mark."""

    CHOICE = "choice"
    TICK = "tick"
    VALUE = "value"
    PLACE = "place"
    MARK = "mark"


@dataclass(frozen=True)
class Item:
    """One position of a ballot: `part` is the option, row or place that it stands for.

    `codes`: the codes of answers with their texts; 1 of a MARK says "answered", and the answer
    itself lies beside the ballot.
    """

    position: int
    question: Question
    key: str
    kind: CodeKind
    codes: Mapping[int, Texts]
    text: Texts
    part: str = ""

    @property
    def dimension(self) -> str:
        """Return the dimension of the row, else of the question."""
        row = next((each for each in self.question.rows if each.key == self.part), None)
        return (row.dimension if row else "") or self.question.dimension

    @property
    def role(self) -> Role | None:
        """Return what the question means to the figures."""
        return self.question.role


def items(instrument: Instrument) -> tuple[Item, ...]:
    """Return the items of an instrument, in the order of the positions of its ballots."""
    found: list[Item] = []
    for question in instrument.questions:
        for part, kind, codes, text in _items(question):
            key = f"{question.key}.{part}" if part else question.key
            found.append(Item(len(found), question, key, kind, codes, text, part))
    return tuple(found)


def items_of(instrument: Instrument) -> Mapping[str, tuple[Item, ...]]:
    """Return the items by the key of their question."""
    found: dict[str, list[Item]] = {each.key: [] for each in instrument.questions}
    for item in items(instrument):
        found[item.question.key].append(item)
    return {key: tuple(each) for key, each in found.items()}


def _items(question: Question) -> Iterator[tuple[str, CodeKind, Mapping[int, Texts], Texts]]:
    text, options = question.text, question.options
    choices = {place: each.text for place, each in enumerate(options, 1)}
    match question.kind:
        case Kind.TEXT:
            return
        case Kind.SINGLE:
            yield "", CodeKind.CHOICE, choices, text
        case Kind.MULTIPLE:
            for option in options:
                yield option.key, CodeKind.TICK, {0: {}, 1: option.text}, option.text
        case Kind.RANKING:
            for place in range(1, question.places + 1):
                yield str(place), CodeKind.PLACE, choices, text
        case Kind.MATRIX:
            for row in question.rows:
                yield row.key, CodeKind.VALUE, _values(question), row.text
        case Kind.RATING | Kind.NPS:
            yield "", CodeKind.VALUE, _values(question), text
        case _:
            yield "", CodeKind.MARK, {ANSWERED: {}}, text


def _values(question: Question) -> Mapping[int, Texts]:
    """Return the values of a scale, with the words at its ends."""
    scale, values = question.scale or Scale(), question.scale_values
    ends = {values[0]: scale.low or {}, values[-1]: scale.high or {}}
    return {value: ends.get(value, {}) for value in values}
