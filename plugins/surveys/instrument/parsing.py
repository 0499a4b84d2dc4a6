"""One answer as it comes, from a form or a program, checked against its question."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from plugins.surveys.instrument.conditions import NOT_APPLICABLE, Answer
from plugins.surveys.instrument.document import is_day
from plugins.surveys.instrument.parts import IN_WORDS, Kind, Question, Role

LONGEST = {Kind.SHORT: 200, Kind.LONG: 2000}
MANY_PERSONS = 50
"""Who says to have recommended to more persons than this is asked whether it is meant so."""
PATTERNS = {
    "digits": re.compile(r"\d{1,30}", re.ASCII),
    "email": re.compile(r"[^@\s]{1,64}@[^@\s.]{1,63}(\.[^@\s.]{1,63}){1,4}"),
    "mobile": re.compile(r"1[3-9]\d{9}", re.ASCII),
    "plate": re.compile(r"[\u4e00-\u9fff][A-Z][A-Z0-9]{5,6}"),
    "postcode": re.compile(r"\d{6}", re.ASCII),
}
"""Patterns that an answer may have to fit, by name; none can be made to run for long."""


class UnfitError(ValueError):
    """What was given is no answer to the question: a code, and facts for its sentence."""

    def __init__(self, code: str, **values: object) -> None:
        self.code, self.values = code, values
        super().__init__(code)


def parse(question: Question, given: object) -> Answer | None:
    """Return what was answered, None for skipped: null, nothing chosen, blank words.

    A table with "value" may say more: the words of "other" in "text", and "confirmed": true for a
    number that is asked twice. Raises UnfitError.
    """
    confirmed, words = False, ""
    if isinstance(given, Mapping) and "value" in given and question.kind != Kind.MATRIX:
        if not set(given) <= {"value", "text", "confirmed"}:
            raise UnfitError("bad_shape")
        confirmed, words = given.get("confirmed") is True, _words(given.get("text"))
        given = given["value"]
    if given is None or question.kind == Kind.TEXT:
        return None
    if question.kind not in IN_WORDS and given == NOT_APPLICABLE:
        if not question.not_applicable:
            raise UnfitError("bad_value")
        return Answer(None)
    answer = _PARSERS[question.kind](question, given)
    if answer is None:
        return None
    value = answer.value
    if (
        question.role == Role.RECOMMENDED_COUNT
        and isinstance(value, Decimal)
        and value > MANY_PERSONS
        and not confirmed
    ):
        raise UnfitError("confirm", many=str(value))
    chosen = value if isinstance(value, tuple) else (value,)
    offers = any(each.other and each.key in chosen for each in question.options)
    return Answer(value, words if offers else "")


def _words(given: object) -> str:
    if given is None:
        return ""
    if not isinstance(given, str):
        raise UnfitError("bad_shape")
    said = _tidy(given)
    if len(said) > LONGEST[Kind.SHORT]:
        raise UnfitError("too_long", most=LONGEST[Kind.SHORT])
    return said


def _tidy(text: str) -> str:
    """Return words as they are kept: composed, without control characters and outer blanks."""
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n"))
    # Halves of a character and what a database cannot hold are dropped, not refused.
    kept = (
        each for each in plain if each == "\n" or unicodedata.category(each) not in {"Cc", "Cs"}
    )
    return "".join(kept).strip()


def _single(question: Question, given: object) -> Answer:
    if not isinstance(given, str) or question.option(given) is None:
        raise UnfitError("bad_option")
    return Answer(given)


def _keys(question: Question, given: object) -> tuple[str, ...]:
    if not isinstance(given, list | tuple):
        raise UnfitError("bad_shape")
    for key in given:
        if not isinstance(key, str) or question.option(key) is None:
            raise UnfitError("bad_option")
    if len(set(given)) < len(given):
        raise UnfitError("twice")
    return tuple(given)


def _multiple(question: Question, given: object) -> Answer | None:
    keys = _keys(question, given)
    if not keys:
        return None
    if len(keys) > 1 and any(each.alone and each.key in keys for each in question.options):
        raise UnfitError("alone")
    _count(question, len(keys))
    # In the document's order, whatever the order they were ticked or shown in.
    return Answer(tuple(each.key for each in question.options if each.key in keys))


def _ranking(question: Question, given: object) -> Answer | None:
    keys = _keys(question, given)
    if not keys:
        return None
    if len(keys) > question.places:
        raise UnfitError("too_many", most=question.places)
    least = int(question.least) if isinstance(question.least, Decimal) else question.places
    if len(keys) < min(least, question.places):
        raise UnfitError("too_few", least=min(least, question.places))
    return Answer(keys)


def _count(question: Question, many: int) -> None:
    if isinstance(question.least, Decimal) and many < question.least:
        raise UnfitError("too_few", least=int(question.least))
    if isinstance(question.most, Decimal) and many > question.most:
        raise UnfitError("too_many", most=int(question.most))


def _matrix(question: Question, given: object) -> Answer | None:
    if not isinstance(given, Mapping):
        raise UnfitError("bad_shape")
    if not set(given) <= {each.key for each in question.rows}:
        raise UnfitError("bad_row")
    rows: dict[str, int | None] = {}
    for row in question.rows:
        said = given.get(row.key)
        if said == NOT_APPLICABLE and question.not_applicable:
            rows[row.key] = None
        elif said is not None:
            rows[row.key] = _on_scale(question, said)
    if question.required and len(rows) < len(question.rows):
        raise UnfitError("rows_missing", many=len(question.rows) - len(rows))
    return Answer(rows) if rows else None


def _on_scale(question: Question, given: object) -> int:
    values = question.scale_values
    # A bool is an int to Python, but nobody answers "true" on a scale.
    if type(given) is not int or given not in values:
        raise UnfitError("off_scale", low=values[0], high=values[-1])
    return given


def _rating(question: Question, given: object) -> Answer:
    return Answer(_on_scale(question, given))


def _number(question: Question, given: object) -> Answer:
    sound = isinstance(given, int | float | Decimal) and not isinstance(given, bool)
    # NaN and infinities are on neither side; a signalling NaN raises.
    if not sound or str(given).lower().strip("+-") in {"nan", "snan", "inf", "infinity"}:
        raise UnfitError("not_a_number")
    assert isinstance(given, int | float | Decimal)
    if not -(10**9) < given < 10**9:
        raise UnfitError("out_of_range", low=-(10**9) + 1, high=10**9 - 1)
    value = Decimal(str(given))
    low, high = question.least, question.most
    if question.role == Role.RECOMMENDED_COUNT and low is None:
        low = Decimal(0)
    if isinstance(low, Decimal) and value < low:
        raise UnfitError("too_small", least=str(low))
    if isinstance(high, Decimal) and value > high:
        raise UnfitError("too_large", most=str(high))
    step = question.step or Decimal(1)
    if value % step:
        raise UnfitError("not_whole" if step == 1 else "off_step", step=str(step))
    return Answer(value)


def _date(question: Question, given: object) -> Answer:
    if not isinstance(given, str) or not is_day(given):
        raise UnfitError("not_a_day")
    if isinstance(question.least, str) and given < question.least:
        raise UnfitError("too_early", least=question.least)
    if isinstance(question.most, str) and given > question.most:
        raise UnfitError("too_late", most=question.most)
    return Answer(date.fromisoformat(given))


def _text(question: Question, given: object) -> Answer | None:
    if not isinstance(given, str):
        raise UnfitError("bad_shape")
    said = _tidy(given)
    if not said:
        return None
    most = int(question.most) if isinstance(question.most, Decimal) else LONGEST[question.kind]
    if len(said) > most:
        raise UnfitError("too_long", most=most)
    if isinstance(question.least, Decimal) and len(said) < question.least:
        raise UnfitError("too_short", least=int(question.least))
    if question.pattern and not _fits(question.pattern, said):
        raise UnfitError("off_pattern")
    return Answer(said)


def _fits(name: str, said: str) -> bool:
    pattern = PATTERNS.get(name)
    return pattern is None or pattern.fullmatch(said) is not None


def _photo(question: Question, given: object) -> Answer | None:
    if not isinstance(given, str) or len(given) > 40 or not given.isascii():
        raise UnfitError("bad_shape")
    return Answer(given) if given else None


_PARSERS: dict[Kind, Callable[[Question, object], Answer | None]] = {
    Kind.SINGLE: _single,
    Kind.MULTIPLE: _multiple,
    Kind.MATRIX: _matrix,
    Kind.RATING: _rating,
    Kind.NPS: _rating,
    Kind.RANKING: _ranking,
    Kind.NUMBER: _number,
    Kind.DATE: _date,
    Kind.SHORT: _text,
    Kind.LONG: _text,
    Kind.PHOTO: _photo,
}
