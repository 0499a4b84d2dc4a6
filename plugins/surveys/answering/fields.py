"""Answers as a form sends them, made into what a program would send."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from plugins.surveys.instrument.parts import IN_WORDS, Kind, Question

Form = MultiDict[str, str]
_WHOLE = re.compile(r"[+-]?\d{1,12}", re.ASCII)
_BROKEN = re.compile(r"[+-]?\d{1,12}\.\d{1,6}", re.ASCII)


def read_fields(questions: Iterable[Question], form: Form) -> dict[str, Any]:
    """Return what a form says to these questions, by key; None where it says nothing."""
    return {each.key: _field(each, form) for each in questions if each.kind != Kind.TEXT}


def _field(question: Question, form: Form) -> Any:
    key = question.key
    match question.kind:
        case Kind.MATRIX:
            said = {row.key: number(form.get(f"{key}.{row.key}", "")) for row in question.rows}
            rows = {row: each for row, each in said.items() if each is not None}
            return rows or None
        case Kind.RANKING:
            places = range(1, question.places + 1)
            ranked = [form.get(f"{key}.{place}", "") for place in places]
            return [each for each in ranked if each] or None
        case Kind.MULTIPLE:
            ticked = form.getlist(key)
            # "Does not apply" stands among the boxes.
            return _with_words(question, "na" if ticked == ["na"] else ticked or None, form)
        case Kind.NUMBER:
            value = number(form.get(key, ""))
            sure = form.get(f"{key}~sure") == "yes"
            return {"value": value, "confirmed": True} if sure else value
        case Kind.RATING | Kind.NPS:
            return number(form.get(key, ""))
        case Kind.PHOTO:
            # A file, not a field: see photos.py.
            return None
        case _:
            said_so = form.get(key, "")
            if question.kind in IN_WORDS:
                return said_so or None
            return _with_words(question, said_so or None, form)


def _with_words(question: Question, value: Any, form: Form) -> Any:
    words = form.get(f"{question.key}~text", "").strip()
    chosen = value if isinstance(value, list) else [value]
    if words and any(each.other and each.key in chosen for each in question.options):
        return {"value": value, "text": words}
    return value


def number(typed: str) -> int | float | str | None:
    """Return a number as people type it, full-width too; what is none stays as it was typed."""
    said = unicodedata.normalize("NFKC", typed).strip()
    if _WHOLE.fullmatch(said):
        return int(said)
    if _BROKEN.fullmatch(said):
        return float(said)
    return typed.strip() or None


def plain(given: object) -> object:
    """Return an answer without what goes with it."""
    return given["value"] if isinstance(given, Mapping) and "value" in given else given


def words_of(given: object) -> str:
    """Return the words that go with "other"."""
    return str(given.get("text", "")) if isinstance(given, Mapping) else ""
