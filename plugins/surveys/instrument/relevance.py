"""What is shown: decided by the server alone, from the answers to what was shown before."""

from collections.abc import Mapping
from dataclasses import dataclass

from plugins.surveys.instrument.conditions import Answer, holds
from plugins.surveys.instrument.parts import END, Block, Instrument, Question


@dataclass(frozen=True)
class Screen:
    """A block that is shown, with those of its questions that are."""

    place: int
    block: Block
    questions: tuple[Question, ...]


def screens(instrument: Instrument, answers: Mapping[str, Answer]) -> tuple[Screen, ...]:
    """Return the blocks shown to whoever gave these answers, without those that show nothing.

    Answers to what is not shown count for nothing. A jump is taken at the end of its block: of
    the questions shown there, the first in the document whose condition holds leads on.
    """
    found: list[Screen] = []
    seen: dict[str, Answer] = {}
    target = ""
    for place, block in enumerate(instrument.blocks):
        if target not in ("", block.key) or not holds(block.show_if, seen):
            # A hidden block that a jump leads to ends the jump all the same.
            target = "" if target == block.key else target
            continue
        target, shown = "", []
        for question in block.questions:
            if holds(question.show_if, seen):
                shown.append(question)
                if question.key in answers:
                    seen[question.key] = answers[question.key]
        if shown:
            found.append(Screen(place, block, tuple(shown)))
        target = _target(shown, seen)
        if target == END:
            break
    return tuple(found)


def shown(instrument: Instrument, answers: Mapping[str, Answer]) -> frozenset[str]:
    """Return the keys of the questions shown to whoever gave these answers."""
    return frozenset(
        question.key for screen in screens(instrument, answers) for question in screen.questions
    )


def _target(questions: list[Question], seen: Mapping[str, Answer]) -> str:
    """Return where the block leads, "" for the next one."""
    for question in questions:
        for jump in question.jumps:
            if holds(jump.condition, seen):
                return jump.to
    return ""
