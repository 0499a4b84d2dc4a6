"""Changes to an instrument's document, each a new document: pure, nothing is saved here."""

from copy import deepcopy
from typing import Any

from plugins.surveys.instrument.parts import WITH_OPTIONS, Kind

Document = dict[str, Any]
_NEW = {"zh_Hans_CN": "新题目", "zh_Hant": "新題目", "en": "New question"}
_OPTION = {"zh_Hans_CN": "选项", "zh_Hant": "選項", "en": "Choice"}
_ROW = {"zh_Hans_CN": "项目", "zh_Hant": "項目", "en": "Line"}


def questions_of(document: Document) -> list[dict[str, Any]]:
    """Return all questions in their order."""
    return [each for block in document["blocks"] for each in block["questions"]]


def find(document: Document, key: str) -> dict[str, Any] | None:
    """Return a question; None when it is not there."""
    return next((each for each in questions_of(document) if each["key"] == key), None)


def add(document: Document, kind: str, *, same_screen: bool = False) -> tuple[Document, str]:
    """Add a question of a kind at the end, on a screen of its own unless told; with its key."""
    made = deepcopy(document)
    key = _free(made, "q")
    question: dict[str, Any] = {"key": key, "type": kind, "text": dict(_NEW)}
    if kind in WITH_OPTIONS:
        question["options"] = [_part("o", _OPTION, number) for number in (1, 2)]
    if kind == Kind.MATRIX:
        question["rows"] = [_part("r", _ROW, 1)]
    if kind in (Kind.MATRIX, Kind.RATING):
        question["scale"] = {"kind": "1-5"}
    if same_screen and made["blocks"]:
        made["blocks"][-1]["questions"].append(question)
    else:
        made["blocks"].append(_screen(made, [question]))
    return made, key


def replace(document: Document, key: str, question: dict[str, Any]) -> Document:
    """Put a question in place of the one with this key."""
    made = deepcopy(document)
    block, place = _where(made, key)
    block["questions"][place] = question
    return made


def screen(document: Document, key: str) -> dict[str, Any] | None:
    """Return a screen; None when it is not there."""
    return next((each for each in document["blocks"] if each["key"] == key), None)


def dress(document: Document, key: str, values: dict[str, Any]) -> Document:
    """Give a screen a title, a condition and an order; what is not named goes."""
    made = deepcopy(document)
    found = next(each for each in made["blocks"] if each["key"] == key)
    questions = found["questions"]
    found.clear()
    found |= {"key": key, **values, "questions": questions}
    return made


def move(document: Document, key: str, *, down: bool) -> Document:
    """Move a question by one place; from the edge of a screen it joins the next screen.

    One that is alone on its screen changes places with the next screen.
    """
    made = deepcopy(document)
    block, place = _where(made, key)
    questions, blocks = block["questions"], made["blocks"]
    target = place + (1 if down else -1)
    if 0 <= target < len(questions):
        questions[place], questions[target] = questions[target], questions[place]
        return made
    beside = blocks.index(block) + (1 if down else -1)
    if 0 <= beside < len(blocks):
        if len(questions) == 1:
            here = blocks.index(block)
            blocks[here], blocks[beside] = blocks[beside], blocks[here]
        else:
            other = blocks[beside]["questions"]
            other.insert(0 if down else len(other), questions.pop(place))
    return made


def copy(document: Document, key: str) -> tuple[Document, str]:
    """Put a copy of a question after it; with the copy's key."""
    made = deepcopy(document)
    block, place = _where(made, key)
    again = {**deepcopy(block["questions"][place]), "key": _free(made, "q")}
    block["questions"].insert(place + 1, again)
    return made, again["key"]


def split(document: Document, key: str) -> Document:
    """Let a new screen begin with a question, which takes what follows on its screen along."""
    made = deepcopy(document)
    block, place = _where(made, key)
    if place:
        rest = block["questions"][place:]
        del block["questions"][place:]
        made["blocks"].insert(made["blocks"].index(block) + 1, _screen(made, rest))
    return made


def drop(document: Document, key: str) -> tuple[Document, dict[str, Any]]:
    """Take a question out; with what `restore` needs to put it back."""
    made = deepcopy(document)
    block, place = _where(made, key)
    at = made["blocks"].index(block)
    lone = {name: value for name, value in block.items() if name != "questions"}
    gone = {"question": block["questions"].pop(place), "block": lone, "at": at, "place": place}
    return _tidy(made), gone


def restore(document: Document, gone: dict[str, Any]) -> Document:
    """Put a question back where it was, or as near as that is possible now."""
    made = deepcopy(document)
    question = deepcopy(gone["question"])
    if find(made, question["key"]):
        question["key"] = _free(made, "q")
    for block in made["blocks"]:
        if block["key"] == gone["block"]["key"]:
            block["questions"].insert(gone["place"], question)
            return made
    made["blocks"].insert(gone["at"], {**gone["block"], "questions": [question]})
    return made


def _where(document: Document, key: str) -> tuple[dict[str, Any], int]:
    for block in document["blocks"]:
        for place, question in enumerate(block["questions"]):
            if question["key"] == key:
                return block, place
    raise KeyError(key)


def _tidy(document: Document) -> Document:
    document["blocks"] = [block for block in document["blocks"] if block["questions"]]
    return document


def _screen(document: Document, questions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"key": _free(document, "b"), "title": {}, "questions": questions}


def _free(document: Document, letter: str) -> str:
    parts = document["blocks"] if letter == "b" else questions_of(document)
    taken = {each["key"] for each in parts}
    return next(key for number in range(1, 9999) if (key := f"{letter}{number}") not in taken)


def _part(letter: str, words: dict[str, str], number: int) -> dict[str, Any]:
    texts = {language: f"{word} {number}" for language, word in words.items()}
    return {"key": f"{letter}{number}", "text": texts}
