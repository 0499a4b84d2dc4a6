"""What a text may be, and what of it is searched."""

import re
import unicodedata
from collections.abc import Iterable

from portal.sdk import fold_text

TITLE_MOST = 60
BODY_MOST = 4000
_JOINER = "\u200d"
_RUN = re.compile(r"[\u3400-\u9fff\U00020000-\U0003ffff]+|[^\W_\u3400-\u9fff]+")
_GRAM_MOST = 24
_GRAMS_MOST = 400
_TURNING = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_MARKS_MOST = 3


def length(text: str) -> int:
    """Return how many characters a reader sees: marks, joined and toned ones count as one."""
    count, joined = 0, False
    for character in text:
        extends = unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf")
        tone = "\U0001f3fb" <= character <= "\U0001f3ff"
        if not (extends or tone or joined):
            count += 1
        joined = character == _JOINER
    return count


def says_something(text: str) -> bool:
    """Tell whether there is a letter or a figure in it: no mere signs, spaces or pictures."""
    return any(unicodedata.category(character)[0] in "LN" for character in text)


def is_hostile(text: str) -> bool:
    """Tell whether it turns the direction of the page or piles up marks."""
    run = 0
    for character in text:
        if character in _TURNING:
            return True
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run > _MARKS_MOST:
            return True
    return False


def grams(*texts: str) -> list[str]:
    """Return what a text is found by: pairs of Chinese characters, words, and last characters."""
    found: dict[str, None] = {}
    for run in _runs(texts):
        if _is_chinese(run):
            found.update(dict.fromkeys(run[at : at + 2] for at in range(len(run))))
        else:
            found[run[:_GRAM_MOST]] = None
    return list(found)[:_GRAMS_MOST]


def wanted(question: str) -> tuple[list[str], list[str]]:
    """Return what has to be found for a question: whole grams, and beginnings of grams."""
    whole: dict[str, None] = {}
    beginnings: dict[str, None] = {}
    for run in _runs([question[:60]]):
        if not _is_chinese(run):
            whole[run[:_GRAM_MOST]] = None
        elif len(run) == 1:
            beginnings[run] = None
        else:
            whole.update(dict.fromkeys(run[at : at + 2] for at in range(len(run) - 1)))
    return list(whole), list(beginnings)


def _runs(texts: Iterable[str]) -> list[str]:
    return [run for text in texts for run in _RUN.findall(fold_text(text))]


def _is_chinese(run: str) -> bool:
    return "\u3400" <= run[0] <= "\u9fff" or run[0] >= "\U00020000"
