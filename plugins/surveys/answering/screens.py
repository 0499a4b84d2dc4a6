"""The screens of an answer: which one comes next, and what a template shows of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugins.surveys.answering.fields import Form, plain, read_fields, words_of
from plugins.surveys.answering.telling import Say, lines, sayer
from plugins.surveys.instrument.answers import parse_all, take
from plugins.surveys.instrument.conditions import Answer
from plugins.surveys.instrument.order import arranged
from plugins.surveys.instrument.parts import Instrument, Kind, Question
from plugins.surveys.instrument.problems import Problem
from plugins.surveys.instrument.relevance import Screen, screens
from plugins.surveys.instrument.sentences import sentence

REVIEW = "review"
SECONDS = 12
"""How long a question takes, roughly."""


@dataclass(frozen=True)
class Asked:
    """A question as a screen asks it: its number, what was said before, what is wrong with it."""

    question: Question
    number: int
    said: Any = None
    error: str = ""
    confirm: bool = False

    @property
    def value(self) -> Any:
        """Return what was chosen or typed."""
        return plain(self.said)

    @property
    def words(self) -> str:
        """Return the words of "other"."""
        return words_of(self.said)

    def chosen(self, key: object) -> bool:
        """Tell whether an option, or a value of the scale, was chosen."""
        return key in self.value if isinstance(self.value, list) else self.value == key

    def of_row(self, key: str) -> Any:
        """Return the value of a matrix row."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def at_place(self, place: int) -> Any:
        """Return the option ranked at a place, from 1."""
        ranked = self.value if isinstance(self.value, list) else []
        return ranked[place - 1] if place <= len(ranked) else None


@dataclass(frozen=True)
class Shown:
    """A screen for the template; `back`: the block before it, "" on the first."""

    block: str
    title: Mapping[str, str]
    questions: tuple[Asked, ...]
    part: int
    parts: int
    done: int
    total: int
    minutes: int
    back: str
    say: Say

    @property
    def photos(self) -> bool:
        """Tell whether the form sends files."""
        return any(each.question.kind == Kind.PHOTO for each in self.questions)

    @property
    def errors(self) -> list[Asked]:
        """Return the questions with something wrong."""
        return [each for each in self.questions if each.error]


@dataclass(frozen=True)
class Line:
    """An answer on the page before sending."""

    number: int
    text: str
    said: Sequence[str]
    block: str


class Walk:
    """Somebody's way through an instrument with what they said so far, by question."""

    def __init__(self, instrument: Instrument, given: Mapping[str, Any], seed: str) -> None:
        self.instrument, self.given, self.seed = instrument, dict(given), seed
        self.answers: dict[str, Answer] = parse_all(instrument, self.given)[0]
        self.screens = screens(instrument, self.answers)
        self.say = sayer(instrument, self.answers)

    def screen(self, block: str) -> Screen | None:
        """Return the screen of a block, if it is shown."""
        return next((each for each in self.screens if each.block.key == block), None)

    def first_open(self) -> str:
        """Return the first block with a question that has no answer yet, else REVIEW."""
        for screen in self.screens:
            if any(each.key not in self.given for each in _askable(screen)):
                return screen.block.key
        return REVIEW

    def after(self, block: str) -> str:
        """Return the block after a screen, REVIEW behind the last."""
        places = {each.block.key: place for place, each in enumerate(self.screens)}
        following = places.get(block, -1) + 1
        return self.screens[following].block.key if following < len(self.screens) else REVIEW

    def before(self, block: str) -> str:
        """Return the block before a screen, "" on the first."""
        keys = [each.block.key for each in self.screens]
        place = keys.index(block) if block in keys else len(keys)
        return keys[place - 1] if place else ""

    def typed(self, block: str, form: Form) -> dict[str, Any]:
        """Return what a form says to the questions of a screen."""
        screen = self.screen(block)
        return read_fields(screen.questions, form) if screen else {}

    def with_typed(self, typed: Mapping[str, Any]) -> "Walk":
        """Return the way with more said, and without what is not shown any more."""
        walk = Walk(self.instrument, {**self.given, **typed}, self.seed)
        shown = {each.key for screen in walk.screens for each in screen.questions}
        kept = {key: each for key, each in walk.given.items() if key in shown}
        return walk if kept == walk.given else Walk(self.instrument, kept, self.seed)

    def problems(self, block: str) -> dict[str, Problem]:
        """Return what is wrong on a screen, by question."""
        screen = self.screen(block)
        here = {each.key for each in screen.questions} if screen else set()
        found = take(self.instrument, self.given).problems
        return {each.path: each for each in found if each.path in here}

    def shown(
        self, block: str, typed: Mapping[str, Any] | None = None, wrong: Mapping[str, Problem] = {}
    ) -> Shown:
        """Return a screen as the template needs it."""
        keys = [each.block.key for each in self.screens]
        place = keys.index(block)
        numbers, total = self._numbers()
        screen = arranged(self.screens[place], seed=self.seed)
        # Numbers follow the order in which the screen shows its questions.
        counted = sorted(numbers[each.key] for each in _askable(screen))
        mapped = dict(zip((each.key for each in _askable(screen)), counted, strict=True))
        said = {**self.given, **(typed or {})}
        asked = tuple(
            Asked(
                each,
                mapped.get(each.key, 0),
                said.get(each.key),
                sentence(wrong[each.key]) if each.key in wrong else "",
                each.key in wrong and wrong[each.key].code == "confirm",
            )
            for each in screen.questions
        )
        done = sum(1 for key in numbers if key in self.given)
        left = -(-(total - done) * SECONDS // 60)
        block_ = self.screens[place].block
        back = keys[place - 1] if place else ""
        return Shown(
            block, block_.title, asked, place + 1, len(keys), done, total, left, back, self.say
        )

    def lines(self) -> list[Line]:
        """Return every shown question with its answer."""
        numbers, _ = self._numbers()
        return [
            Line(
                numbers[each.key],
                self.say(each.text),
                lines(each, self.answers.get(each.key), self.say),
                screen.block.key,
            )
            for screen in self.screens
            for each in _askable(screen)
        ]

    def _numbers(self) -> tuple[dict[str, int], int]:
        keys = [each.key for screen in self.screens for each in _askable(screen)]
        return {key: place for place, key in enumerate(keys, 1)}, len(keys)


def _askable(screen: Screen) -> list[Question]:
    return [each for each in screen.questions if each.kind != Kind.TEXT]
