"""Answers taken: relevance decided anew, each one checked, and coded for the ballot."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum

from plugins.surveys.instrument.conditions import Answer
from plugins.surveys.instrument.items import (
    ANSWERED,
    DOES_NOT_APPLY,
    NOT_SHOWN,
    SKIPPED,
    Item,
    items_of,
)
from plugins.surveys.instrument.parsing import UnfitError, parse
from plugins.surveys.instrument.parts import Instrument, Kind, Question
from plugins.surveys.instrument.problems import Problem
from plugins.surveys.instrument.relevance import shown


class SideKind(StrEnum):
    """What lies beside a ballot."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    PHOTO = "photo"


@dataclass(frozen=True)
class Side:
    """An answer that is no small integer: words, a number, a day, a picture; as text."""

    position: int
    kind: SideKind
    value: str


@dataclass(frozen=True)
class Taken:
    """What was answered: a code an item, and what lies beside them.

    `problems`: of questions that are shown; with any, nothing is to be kept. `dropped`: keys of
    questions that were answered and are not shown. `answers`: what fits, of those shown.
    """

    positions: tuple[int, ...]
    side: tuple[Side, ...]
    problems: tuple[Problem, ...]
    dropped: tuple[str, ...]
    answers: Mapping[str, Answer]


_SIDES = {
    Kind.NUMBER: SideKind.NUMBER,
    Kind.DATE: SideKind.DATE,
    Kind.SHORT: SideKind.TEXT,
    Kind.LONG: SideKind.TEXT,
    Kind.PHOTO: SideKind.PHOTO,
}


def take(instrument: Instrument, given: Mapping[str, object]) -> Taken:
    """Take the answers to a whole instrument, by question; what is left out is skipped.

    Never raises for what was given, whatever it is.
    """
    answers, wrong = parse_all(instrument, given)
    visible = shown(instrument, answers)
    problems = [Problem(str(key)[:40], "unknown") for key in given if key not in instrument.by_key]
    problems += [each for key, each in wrong.items() if key in visible]
    for question in instrument.questions:
        missing = question.required and question.key not in answers and question.key not in wrong
        if missing and question.key in visible and question.kind != Kind.TEXT:
            problems.append(Problem(question.key, "required"))
    kept = {key: each for key, each in answers.items() if key in visible}
    _check_sums(instrument, kept, problems)
    hidden = [key for key in instrument.by_key if key not in visible]
    dropped = tuple(key for key in hidden if key in answers or key in wrong)
    positions, side = _coded(instrument, kept, visible)
    return Taken(positions, side, tuple(problems), dropped, kept)


def parse_all(
    instrument: Instrument, given: Mapping[str, object]
) -> tuple[dict[str, Answer], dict[str, Problem]]:
    """Return the answers that fit, and what is wrong with the others, by question."""
    answers, wrong = {}, {}
    for key, question in instrument.by_key.items():
        try:
            answer = parse(question, given.get(key))
        except UnfitError as unfit:
            wrong[key] = Problem(key, unfit.code, unfit.values)
            continue
        if answer is not None:
            answers[key] = answer
    return answers, wrong


def _check_sums(
    instrument: Instrument, answers: Mapping[str, Answer], problems: list[Problem]
) -> None:
    for question in instrument.questions:
        if question.sum is None or question.key not in answers:
            continue
        parts = [
            answers[key].value for key in (*question.sum.questions, question.key) if key in answers
        ]
        total = sum((each for each in parts if isinstance(each, Decimal)), Decimal(0))
        if total != question.sum.total:
            values = {"total": str(question.sum.total), "is": str(total)}
            problems.append(Problem(question.key, "bad_sum", values))


def _coded(
    instrument: Instrument, answers: Mapping[str, Answer], visible: frozenset[str]
) -> tuple[tuple[int, ...], tuple[Side, ...]]:
    positions: list[int] = []
    side: list[Side] = []
    for key, items in items_of(instrument).items():
        question, answer = instrument.by_key[key], answers.get(key)
        for item in items:
            positions.append(_code(item, answer) if key in visible else NOT_SHOWN)
        if answer is not None and items:
            side += _beside(question, items, answer)
    return tuple(positions), tuple(side)


def _code(item: Item, answer: Answer | None) -> int:
    if answer is None:
        return SKIPPED
    value, question = answer.value, item.question
    if value is None:
        return DOES_NOT_APPLY
    match question.kind:
        case Kind.SINGLE:
            return _place(question, value)
        case Kind.MULTIPLE:
            return int(isinstance(value, tuple) and item.part in value)
        case Kind.RANKING:
            place = int(item.part)
            assert isinstance(value, tuple)
            return _place(question, value[place - 1]) if place <= len(value) else SKIPPED
        case Kind.MATRIX:
            assert isinstance(value, Mapping)
            said = value.get(item.part, SKIPPED)
            return DOES_NOT_APPLY if said is None else said
        case Kind.RATING | Kind.NPS:
            assert isinstance(value, int)
            return value
    return ANSWERED


def _place(question: Question, key: object) -> int:
    return [each.key for each in question.options].index(str(key)) + 1


def _beside(question: Question, items: tuple[Item, ...], answer: Answer) -> list[Side]:
    value = answer.value
    if answer.text:
        other = next(each.key for each in question.options if each.other)
        item = next((each for each in items if each.part == other), items[0])
        return [Side(item.position, SideKind.TEXT, answer.text)]
    if question.kind not in _SIDES or value is None:
        return []
    said = value.isoformat() if isinstance(value, date) else str(value)
    return [Side(items[0].position, _SIDES[question.kind], said)]
