"""What was found, as a page shows it: a part of the text with the words marked."""

from collections.abc import Sequence

from portal.search.folding import Question, folded_runs, is_han

SHOWN = 90
_BEFORE = 24

Part = tuple[str, bool]
"""A piece of a text, and whether it is what was looked for."""


def marked(text: str, wanted: Question) -> list[Part]:
    """Return a text in pieces, those marked that the question's phrases cover."""
    covered = [False] * len(text)
    for begin, end in _places(text, wanted):
        covered[begin:end] = [True] * (end - begin)
    parts: list[Part] = []
    for character, is_marked in zip(text, covered, strict=True):
        if parts and parts[-1][1] == is_marked:
            parts[-1] = (parts[-1][0] + character, is_marked)
        else:
            parts.append((character, is_marked))
    return parts


def mentions(text: str, wanted: Question) -> bool:
    """Tell whether a text has anything of what was looked for."""
    return bool(_places(text, wanted))


def excerpt(text: str, wanted: Question) -> str:
    """Return the part of a long text around the first place of what was looked for."""
    text = " ".join(text.split())
    if len(text) <= SHOWN:
        return text
    first = min((begin for begin, _ in _places(text, wanted)), default=0)
    begin = max(min(first - _BEFORE, len(text) - SHOWN), 0)
    cut = text[begin : begin + SHOWN].strip()
    return ("…" if begin else "") + cut + ("…" if begin + SHOWN < len(text) else "")


def _places(text: str, wanted: Question) -> list[tuple[int, int]]:
    """Return where the phrases stand: (begin, end) in the text as it is written."""
    found = []
    needles = [_needle(phrase.tokens) for phrase in wanted.phrases]
    for run, positions in folded_runs(text):
        for needle in needles:
            if not is_han(needle):
                if run == needle:
                    found.append((positions[0], positions[-1] + 1))
                continue
            place = run.find(needle)
            while place >= 0:
                found.append((positions[place], positions[place + len(needle) - 1] + 1))
                place = run.find(needle, place + 1)
    return found


def _needle(tokens: Sequence[str]) -> str:
    """Return the folded words that a phrase's tokens were made of: pairs overlap by one."""
    first, *others = tokens
    return first + "".join(token[1:] for token in others)
