"""The order in which things are shown: drawn by a seed, the same again from the same seed."""

from collections.abc import Sequence
from dataclasses import replace
from random import Random
from typing import Protocol, TypeVar

from plugins.surveys.instrument.parts import Option, Question
from plugins.surveys.instrument.relevance import Screen


class _Keyed(Protocol):
    @property
    def key(self) -> str: ...


T = TypeVar("T", bound=_Keyed)


def arranged(screen: Screen, *, seed: str) -> Screen:
    """Return a screen as it is shown. `seed`: the wave's with whoever answers, e.g. "17:4711"."""
    questions = [_parts(each, seed) for each in screen.questions]
    if screen.block.random:
        questions = shuffled(questions, seed=f"{seed}:{screen.block.key}")
    return replace(screen, questions=tuple(questions))


def shuffled(parts: Sequence[T], *, seed: str) -> list[T]:
    """Return parts in the order of the seed; "other" and fixed options keep their places.

    It hangs on the keys alone: a part more elsewhere, or another Python, changes nothing.
    """
    chance = Random(seed)  # noqa: S311 — an order is no secret
    loose = sorted((each for each in parts if not _fixed(each)), key=lambda each: each.key)
    chance.shuffle(loose)
    drawn = iter(loose)
    return [each if _fixed(each) else next(drawn) for each in parts]


def _fixed(part: object) -> bool:
    return isinstance(part, Option) and (part.fixed or part.other)


def _parts(question: Question, seed: str) -> Question:
    if not question.random:
        return question
    own = f"{seed}:{question.key}"
    return replace(
        question,
        options=tuple(shuffled(question.options, seed=own)),
        rows=tuple(shuffled(question.rows, seed=own)),
    )
