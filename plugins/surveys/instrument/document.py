"""The instrument's document: read for its shape; `checks` tells what must not be published."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeVar

from plugins.surveys.instrument.conditions import (
    WITHOUT_VALUE,
    All,
    AnyOf,
    Condition,
    Not,
    Op,
    Plain,
    Test,
)
from plugins.surveys.instrument.parts import (
    END,
    FORMAT,
    Block,
    Instrument,
    Jump,
    Kind,
    MatrixRow,
    Option,
    Question,
    Role,
    Scale,
    ScaleKind,
    Sum,
    Texts,
)
from plugins.surveys.instrument.problems import InstrumentError, Problem
from plugins.surveys.instrument.writing import dump

__all__ = ["LANGUAGES", "InstrumentError", "dump", "read"]

LANGUAGES = ("zh_Hans_CN", "zh_Hant", "en")
KEY = re.compile(r"[a-z][a-z0-9_]{0,29}")
DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_BLOCKS, MOST_QUESTIONS, MOST_PARTS, MOST_DEPTH, LONGEST = 60, 60, 60, 8, 2000
QUESTION_KEYS = frozenset({field.name for field in fields(Question)} - {"kind", "jumps"}) | {
    "type",
    "jump",
}
RESERVED = frozenset({END, "na", "other"})
T = TypeVar("T")
E = TypeVar("E", bound=StrEnum)


def read(document: object) -> Instrument:
    """Return the instrument of a document. Raises InstrumentError with all that is wrong."""
    reader = _Reader()
    read = reader.instrument(document)
    if reader.problems:
        raise InstrumentError(reader.problems)
    return read


def is_day(value: str) -> bool:
    """Tell whether a text is a day as ISO writes it."""
    try:
        return bool(DAY.fullmatch(value)) and date.fromisoformat(value) is not None
    except ValueError:
        return False


class _Reader:
    """Reads parts, and keeps what is wrong with them instead of stopping at the first."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, path: str, code: str, **values: object) -> None:
        self.problems.append(Problem(path, code, values))

    def instrument(self, document: object) -> Instrument:
        found = self.table(document, "", {"format", "blocks"})
        if found.get("format") != FORMAT or isinstance(found.get("format"), bool):
            self.wrong("format", "bad_format")
        blocks = self.many(found.get("blocks"), "blocks", self.block, MOST_BLOCKS)
        self.alike(blocks, "blocks")
        read = Instrument(blocks)
        self.alike(read.questions, "questions")
        return read

    def block(self, document: object, path: str) -> Block:
        found = self.table(document, path, {"key", "title", "show_if", "random", "questions"})
        return Block(
            key=self.key(found.get("key"), f"{path}.key"),
            title=self.texts(found.get("title"), f"{path}.title"),
            questions=self.many(
                found.get("questions"), f"{path}.questions", self.question, MOST_QUESTIONS
            ),
            show_if=self.maybe(found.get("show_if"), f"{path}.show_if", self.condition),
            random=self.flag(found, path, "random"),
        )

    def question(self, document: object, path: str) -> Question:
        found = self.table(document, path, QUESTION_KEYS)
        kind = self.one_of(found.get("type"), f"{path}.type", Kind) or Kind.TEXT
        read = Question(
            key=self.key(found.get("key"), f"{path}.key"),
            kind=kind,
            text=self.texts(found.get("text"), f"{path}.text"),
            hint=self.maybe(found.get("hint"), f"{path}.hint", self.texts),
            required=self.flag(found, path, "required"),
            show_if=self.maybe(found.get("show_if"), f"{path}.show_if", self.condition),
            jumps=self.many(found.get("jump", []), f"{path}.jump", self.jump, MOST_PARTS),
            options=self.many(found.get("options", []), f"{path}.options", self.option, MOST_PARTS),
            rows=self.many(found.get("rows", []), f"{path}.rows", self.row, MOST_PARTS),
            scale=self.maybe(found.get("scale"), f"{path}.scale", self.scale),
            not_applicable=self.flag(found, path, "not_applicable"),
            random=self.flag(found, path, "random"),
            least=self.bound(found.get("least"), f"{path}.least", kind),
            most=self.bound(found.get("most"), f"{path}.most", kind),
            step=self.maybe(found.get("step"), f"{path}.step", self.step),
            pattern=self.word(found.get("pattern"), f"{path}.pattern"),
            sum=self.maybe(found.get("sum"), f"{path}.sum", self.sum),
            role=self.maybe(
                found.get("role"), f"{path}.role", lambda v, p: self.one_of(v, p, Role)
            ),
            dimension=self.word(found.get("dimension"), f"{path}.dimension"),
        )
        self.alike(read.options, f"{path}.options")
        self.alike(read.rows, f"{path}.rows")
        return read

    def option(self, document: object, path: str) -> Option:
        found = self.table(document, path, {"key", "text", "other", "fixed", "alone"})
        flags = {name: self.flag(found, path, name) for name in ("other", "fixed", "alone")}
        key = self.key(found.get("key"), f"{path}.key", also={"other"})
        return Option(key, self.texts(found.get("text"), f"{path}.text"), **flags)

    def row(self, document: object, path: str) -> MatrixRow:
        found = self.table(document, path, {"key", "text", "dimension"})
        return MatrixRow(
            self.key(found.get("key"), f"{path}.key"),
            self.texts(found.get("text"), f"{path}.text"),
            self.word(found.get("dimension"), f"{path}.dimension"),
        )

    def scale(self, document: object, path: str) -> Scale:
        found = self.table(document, path, {"kind", "low", "high"})
        return Scale(
            self.one_of(found.get("kind", "1-5"), f"{path}.kind", ScaleKind) or ScaleKind.FIVE,
            self.maybe(found.get("low"), f"{path}.low", self.texts),
            self.maybe(found.get("high"), f"{path}.high", self.texts),
        )

    def jump(self, document: object, path: str) -> Jump:
        found = self.table(document, path, {"if", "to"})
        return Jump(
            self.condition(found.get("if"), f"{path}.if"), self.word(found.get("to"), f"{path}.to")
        )

    def sum(self, document: object, path: str) -> Sum:
        found = self.table(document, path, {"with", "is"})
        earlier = self.many(found.get("with"), f"{path}.with", self.word, MOST_PARTS)
        return Sum(earlier, self.number(found.get("is"), f"{path}.is") or Decimal(0))

    def condition(self, document: object, path: str, depth: int = 0) -> Condition:
        if depth > MOST_DEPTH:
            self.wrong(path, "too_deep")
            return All(())
        known = {"all", "any", "not", "question", "row", "is", "value"}
        found = self.table(document, path, known)
        kinds = [name for name in ("all", "any", "not", "question") if name in found]
        if len(kinds) != 1 or (kinds[0] != "question" and len(found) > 1):
            self.wrong(path, "bad_condition")
            return All(())
        kind = kinds[0]
        below = f"{path}.{kind}"
        if kind == "question":
            return self.test(found, path)
        if kind == "not":
            return Not(self.condition(found["not"], below, depth + 1))
        parts = self.many(
            found[kind], below, lambda v, p: self.condition(v, p, depth + 1), MOST_PARTS
        )
        return All(parts) if kind == "all" else AnyOf(parts)

    def test(self, found: Mapping[str, Any], path: str) -> Test:
        op = self.one_of(found.get("is"), f"{path}.is", Op) or Op.ANSWERED
        value = found.get("value")
        listed: Plain | tuple[Plain, ...] | None = value if not isinstance(value, list) else None
        if isinstance(value, list):
            listed = self.many(value, f"{path}.value", self.plain, MOST_PARTS)
        elif op not in WITHOUT_VALUE:
            listed = self.plain(value, f"{path}.value")
        if (op in WITHOUT_VALUE and value is not None) or isinstance(value, list) != (op == Op.IN):
            self.wrong(f"{path}.value", "bad_value")
        return Test(
            self.word(found.get("question"), f"{path}.question"),
            op,
            None if op in WITHOUT_VALUE else listed,
            self.word(found.get("row"), f"{path}.row"),
        )

    def plain(self, value: object, path: str) -> Plain:
        if isinstance(value, str) and len(value) <= LONGEST:
            return value
        number = self.number(value, path)
        return value if isinstance(value, int | float) and number is not None else 0

    def table(self, value: object, path: str, known: Iterable[str]) -> Mapping[str, Any]:
        if not isinstance(value, Mapping):
            self.wrong(path, "not_a_table")
            return {}
        for key in value:
            if key not in known:
                self.wrong(f"{path}.{str(key)[:30]}".strip("."), "unknown_key")
        return value

    def many(
        self, value: object, path: str, each: Callable[[object, str], T], most: int
    ) -> tuple[T, ...]:
        if not isinstance(value, list | tuple):
            self.wrong(path, "not_a_list")
            return ()
        if len(value) > most:
            self.wrong(path, "too_many", most=most)
            return ()
        return tuple(each(part, f"{path}.{place}") for place, part in enumerate(value))

    def maybe(self, value: object, path: str, each: Callable[[object, str], T]) -> T | None:
        return None if value is None else each(value, path)

    def texts(self, value: object, path: str) -> Texts:
        found = self.table({} if value is None else value, path, LANGUAGES)
        for language, text in found.items():
            if not isinstance(text, str) or len(text) > LONGEST or "\0" in text:
                self.wrong(f"{path}.{language}", "bad_text", most=LONGEST)
        return {name: found[name] for name in LANGUAGES if found.get(name)}

    def key(self, value: object, path: str, also: Iterable[str] = ()) -> str:
        if not isinstance(value, str) or not KEY.fullmatch(value):
            self.wrong(path, "bad_key")
            return ""
        if value in RESERVED - set(also):
            self.wrong(path, "reserved_key", key=value)
        return value

    def word(self, value: object, path: str) -> str:
        if value is None:
            return ""
        if not isinstance(value, str) or not KEY.fullmatch(value):
            self.wrong(path, "bad_key")
            return ""
        return value

    def flag(self, found: Mapping[str, Any], path: str, name: str) -> bool:
        value = found.get(name, False)
        if not isinstance(value, bool):
            self.wrong(f"{path}.{name}", "not_a_flag")
        return value is True

    def number(self, value: object, path: str) -> Decimal | None:
        sound = isinstance(value, int | float) and not isinstance(value, bool)
        # NaN and infinities are on neither side.
        if sound and -(10**9) < value < 10**9:  # type: ignore[operator]
            return Decimal(str(value))
        self.wrong(path, "bad_number")
        return None

    def step(self, value: object, path: str) -> Decimal | None:
        step = self.number(value, path)
        if step is not None and step < Decimal("0.001"):
            self.wrong(path, "step_too_small")
            return None
        return step

    def bound(self, value: object, path: str, kind: Kind) -> Decimal | str | None:
        if value is None or kind != Kind.DATE:
            return self.maybe(value, path, self.number)
        if not isinstance(value, str) or not is_day(value):
            self.wrong(path, "bad_day")
            return None
        return value

    def one_of(self, value: object, path: str, kind: type[E]) -> E | None:
        if isinstance(value, str) and value in list(kind):
            return kind(value)
        self.wrong(path, "bad_choice", choices=", ".join(kind))
        return None

    def alike(self, parts: Iterable[Any], path: str) -> None:
        seen: set[str] = set()
        for part in parts:
            if part.key in seen and part.key:
                self.wrong(path, "key_twice", key=part.key)
            seen.add(part.key)
