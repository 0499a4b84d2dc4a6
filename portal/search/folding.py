"""From text to what is compared: folded, in runs, Chinese as pairs of characters.

Texts and questions go the same way, so that 漏水 is found inside 衛生間漏水嚴重: NFKC, lower case,
traditional to simplified characters, then runs. A Latin word or a number is one token. A run of
Chinese is its pairs, and its last character with a mark behind it: so a single character is
found as the beginning of a token wherever it stands.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

QUERY_MAX = 100
"""Characters of a question that are looked for; what follows is cut off, and the page says so."""
PHRASES_MAX = 16
WORD_MAX = 60
"""Longer words are cut, in texts and questions alike."""
TEXT_MAX = 8_000
"""Characters of a text that are indexed: PostgreSQL keeps no position beyond 16,383."""
GAP = "\ue000"
"""A token that no question can contain: phrases do not reach across it."""
_LAST = "\ue001"
# Han with its extensions, kana, bopomofo: scripts that put no space between words.
_HAN = (
    "\u3005\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff\u3105-\u312f\u31a0-\u31bf"
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_RUN = re.compile(f"[{_HAN}]+|[^\\W_{_HAN}]+")
_IS_HAN = re.compile(f"[{_HAN}]")


@dataclass(frozen=True)
class Phrase:
    """Tokens that follow each other; with `prefix` the only one is the beginning of a token."""

    tokens: tuple[str, ...]
    prefix: bool = False


@dataclass(frozen=True)
class Question:
    """What somebody looks for: phrases that must all be there. `cut`: the rest was left off."""

    text: str = ""
    phrases: tuple[Phrase, ...] = ()
    cut: bool = False


@cache
def _simplified() -> dict[int, str]:
    lines = (Path(__file__).parent / "traditional.txt").read_text("utf-8").splitlines()
    return {ord(line[0]): line[1] for line in lines if not line.startswith("#")}


def fold(text: str) -> str:
    """Return the one form of a text in which letters, widths and character sets do not matter."""
    # Lower case may undo a normal form (İ), and the other way round.
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return text.translate(_simplified())


def runs(text: str) -> list[str]:
    """Return the Chinese runs and the words of a text, folded."""
    return _RUN.findall(fold(text))


def folded_runs(text: str) -> Iterator[tuple[str, Sequence[int]]]:
    """Yield the runs of a text with the place of each of their characters in the text.

    Characters are folded one by one: one that takes part of its form from a neighbour (a letter and
    a combining accent) is a run of another form, and not found here.
    """
    characters: list[str] = []
    places: list[int] = []
    for place, character in enumerate(text):
        for one in fold(character):
            characters.append(one)
            places.append(place)
    for match in _RUN.finditer("".join(characters)):
        yield match[0], places[match.start() : match.end()]


def is_han(text: str) -> bool:
    """Tell whether a run is of a script without spaces between words."""
    return _IS_HAN.match(text) is not None


def is_chinese(text: str) -> bool:
    """Tell whether every run of a text is of such a script."""
    found = runs(text)
    return bool(found) and all(map(is_han, found))


def tokens_of(text: str) -> Iterator[str]:
    """Yield the tokens of a text, of its first 8,000 characters."""
    for run in runs(text[:TEXT_MAX]):
        if not is_han(run):
            yield run[:WORD_MAX]
        elif len(run) == 1:
            yield run
        else:
            yield from (run[place : place + 2] for place in range(len(run) - 1))
            yield run[-1] + _LAST


def name_tokens(names: Iterable[str]) -> Iterator[str]:
    """Yield the tokens of names and every Chinese character of theirs by itself."""
    for name in names:
        yield from tokens_of(name)
        yield GAP
        for run in runs(name):
            if is_han(run) and len(run) > 1:
                for character in run:
                    yield character
                    yield GAP


def question(text: str) -> Question:
    """Return what is looked for; any text will do, one without letters looks for nothing.

    A single Chinese character by itself is looked for among names and words of one character;
    beside other words, everywhere.
    """
    shown = " ".join(text.replace("\0", " ").split())
    found = runs(shown[:QUERY_MAX])
    phrases = tuple(dict.fromkeys(_phrase(run, alone=len(found) == 1) for run in found))
    cut = len(shown) > QUERY_MAX or len(phrases) > PHRASES_MAX
    return Question(shown[:QUERY_MAX], phrases[:PHRASES_MAX], cut)


def _phrase(run: str, *, alone: bool) -> Phrase:
    if not is_han(run):
        return Phrase((run[:WORD_MAX],))
    if len(run) == 1:
        return Phrase((run,), prefix=not alone)
    return Phrase(tuple(run[place : place + 2] for place in range(len(run) - 1)))
