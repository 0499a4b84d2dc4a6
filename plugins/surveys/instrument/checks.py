"""What must not be published: every reason against an instrument, each chain told."""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from itertools import chain

from plugins.surveys.instrument.conditions import Test, tests_of
from plugins.surveys.instrument.document import LANGUAGES
from plugins.surveys.instrument.parsing import PATTERNS
from plugins.surveys.instrument.parts import (
    END,
    MAY_NOT_APPLY,
    MOST_PHOTOS,
    WITH_OPTIONS,
    Instrument,
    Kind,
    Question,
)
from plugins.surveys.instrument.piping import piped
from plugins.surveys.instrument.problems import Problem


def check(instrument: Instrument, weights: Mapping[str, float] | None = None) -> list[Problem]:
    """Return why an instrument must not be published with these weights; nothing: it may be.

    `weights`: by dimension; they are left alone when there are none.
    """
    parts = [_shape(instrument), _cycles(instrument), _references(instrument), _jumps(instrument)]
    return [*chain(*parts), *_languages(instrument), *_weights(instrument, weights or {})]


def check_anonymous(instrument: Instrument) -> list[Problem]:
    """Return what an anonymous wave cannot ask: a file has a time and a place of its own on disk,
    which shuffling rows does not change."""
    photos = [each.key for each in instrument.questions if each.kind == Kind.PHOTO]
    return [Problem(key, "photo_links") for key in photos]


def _shape(instrument: Instrument) -> Iterator[Problem]:
    if not any(each.kind != Kind.TEXT for each in instrument.questions):
        yield Problem("", "nothing_asked")
    for block in instrument.blocks:
        if not block.questions:
            yield Problem(block.key, "empty_block")
        if sum(each.kind == Kind.PHOTO for each in block.questions) > MOST_PHOTOS:
            yield Problem(block.key, "many_photos", {"most": MOST_PHOTOS})
    for question in instrument.questions:
        yield from _question(question)


def _question(question: Question) -> Iterator[Problem]:
    key = question.key
    if question.kind in WITH_OPTIONS and len(question.options) < 2:
        yield Problem(key, "few_options")
    if question.kind == Kind.MATRIX and not question.rows:
        yield Problem(key, "no_rows")
    if sum(each.other for each in question.options) > 1:
        yield Problem(key, "two_others")
    if question.not_applicable and question.kind not in MAY_NOT_APPLY:
        yield Problem(key, "always_applies")
    if question.pattern and question.pattern not in PATTERNS:
        yield Problem(key, "unknown_pattern", {"pattern": question.pattern})
    least, most = question.least, question.most
    days = isinstance(least, str) and isinstance(most, str) and least > most
    if days or (isinstance(least, Decimal) and isinstance(most, Decimal) and least > most):
        yield Problem(key, "least_above_most")


def _uses(instrument: Instrument) -> Iterator[tuple[str, Test | str, str]]:
    """Yield (question that hangs on it, what it looks at, how): show, pipe, sum."""
    for block in instrument.blocks:
        for question in block.questions:
            for condition in (block.show_if, question.show_if):
                for test in tests_of(condition):
                    yield question.key, test, "show"
            for key in piped(question):
                yield question.key, key, "pipe"
            for key in question.sum.questions if question.sum else ():
                yield question.key, key, "sum"


def _cycles(instrument: Instrument) -> Iterator[Problem]:
    """Tell each circle of questions that hang on one another, once."""
    edges: dict[str, set[str]] = {}
    for key, use, _ in _uses(instrument):
        edges.setdefault(key, set()).add(use.question if isinstance(use, Test) else use)
    done: set[str] = set()
    for start in [each.key for each in instrument.questions]:
        trail = _circle(edges, start, done)
        if trail:
            yield Problem(start, "cycle", {"chain": " → ".join(trail)})


def _circle(edges: Mapping[str, set[str]], start: str, done: set[str]) -> list[str]:
    """Return a circle that can be reached from `start` and was not met before."""
    if start in done:
        return []
    trail, ways = [start], [iter(sorted(edges.get(start, ())))]
    found: list[str] = []
    while ways:
        following = next(ways[-1], None)
        if following is None:
            done.add(trail.pop())
            ways.pop()
        elif following in trail and not found:
            found = [*trail[trail.index(following) :], following]
        elif following not in done and following not in trail:
            trail.append(following)
            ways.append(iter(sorted(edges.get(following, ()))))
    return found


def _references(instrument: Instrument) -> Iterator[Problem]:
    order = {each.key: place for place, each in enumerate(instrument.questions)}
    told: set[tuple[str, str, str]] = set()
    for key, use, how in _uses(instrument):
        meant = use.question if isinstance(use, Test) else use
        for problem in _reference(instrument, order, key, use, how):
            if (key, meant, problem.code) not in told:
                told.add((key, meant, problem.code))
                yield problem
    for question in instrument.questions:
        for test in chain(*(tests_of(jump.condition) for jump in question.jumps)):
            # A jump is taken when its whole screen is answered: it may look at that one, too.
            if test.question not in order:
                yield _chained(question.key, test.question, "missing")
            elif instrument.block_of[test.question] > instrument.block_of[question.key]:
                yield _chained(question.key, test.question, "later")
            else:
                yield from _value(instrument, question.key, test)


def _reference(
    instrument: Instrument, order: Mapping[str, int], key: str, use: Test | str, how: str
) -> Iterator[Problem]:
    meant = use.question if isinstance(use, Test) else use
    if meant not in order:
        yield _chained(key, meant, "missing")
        return
    here, there = instrument.block_of[key], instrument.block_of[meant]
    if order[meant] >= order[key]:
        yield _chained(key, meant, "later")
    elif here == there and how == "pipe":
        yield _chained(key, meant, "same_screen")
    elif here == there and instrument.blocks[here].random:
        yield _chained(key, meant, "random_screen")
    if isinstance(use, Test):
        yield from _value(instrument, key, use)


def _chained(key: str, meant: str, code: str) -> Problem:
    return Problem(key, code, {"chain": f"{key} → {meant}", "question": meant})


def _value(instrument: Instrument, key: str, test: Test) -> Iterator[Problem]:
    """Tell when a test names an option or a row that its question does not have."""
    question = instrument.by_key[test.question]
    values = test.value if isinstance(test.value, tuple) else (test.value,)
    if question.kind in WITH_OPTIONS and test.value is not None:
        for value in values:
            if value != "na" and question.option(value) is None:
                yield Problem(key, "no_such_option", {"chain": f"{key} → {question.key}={value}"})
    if test.row and test.row not in {each.key for each in question.rows}:
        yield Problem(key, "no_such_row", {"chain": f"{key} → {question.key}.{test.row}"})


def _jumps(instrument: Instrument) -> Iterator[Problem]:
    places = {each.key: place for place, each in enumerate(instrument.blocks)}
    for question in instrument.questions:
        here = instrument.block_of[question.key]
        for jump in question.jumps:
            told = {"chain": f"{question.key} → {jump.to}"}
            if jump.to == END:
                continue
            if jump.to not in places:
                yield Problem(question.key, "jump_nowhere", told)
            elif places[jump.to] <= here:
                yield Problem(question.key, "jump_back", told)


def _languages(instrument: Instrument) -> Iterator[Problem]:
    """Every text is there in Simplified Chinese, and in each language that another one has."""
    texts = list(instrument.texts())
    used = {name for _, table in texts for name, text in table.items() if text.strip()}
    for path, table in texts:
        optional = path.endswith(".title") and not any(table.values())
        for name in LANGUAGES:
            wanted = name == LANGUAGES[0] or name in used
            if wanted and not optional and not table.get(name, "").strip():
                yield Problem(path, "text_missing", {"language": name})


def _weights(instrument: Instrument, weights: Mapping[str, float]) -> Iterator[Problem]:
    if not weights:
        return
    for dimension, weight in weights.items():
        if weight < 0:
            yield Problem(f"weights.{dimension}", "weight_below_zero")
        if dimension not in instrument.dimensions:
            yield Problem(f"weights.{dimension}", "weight_of_nothing", {"dimension": dimension})
    used = {name: weight for name, weight in weights.items() if name in instrument.dimensions}
    if sum(used.values()) == 0:
        named = " + ".join(f"{name} {weight}" for name, weight in weights.items())
        yield Problem("weights", "divides_by_zero", {"chain": f"{named} = 0"})
