"""A question as it was typed into the builder's form: pure; what is wrong, the reader tells."""

from collections.abc import Mapping
from typing import Any

from plugins.surveys.builder.conditions import Typed, condition_from, jumps_from, number
from plugins.surveys.instrument.document import LANGUAGES
from plugins.surveys.instrument.parts import MAY_NOT_APPLY, WITH_OPTIONS, Kind

_FLAGS = ("required", "not_applicable", "random")
_LIMITS = ("least", "most", "step")
_MOST_LINES = 61


def question_from(form: Typed, old: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the question that a form means; `others`: all questions by key, for conditions."""
    kind = old["type"]
    made: dict[str, Any] = {"key": old["key"], "type": kind, "text": texts(form, "text")}
    if hint := texts(form, "hint"):
        made["hint"] = hint
    for flag in _FLAGS:
        if form.get(flag) and (flag != "not_applicable" or kind in MAY_NOT_APPLY):
            made[flag] = True
    made |= _choices(form, old) | _limits(form, kind) | _scale(form, kind)
    for name in ("pattern", "role", "dimension"):
        if form.get(name):
            made[name] = form[name]
    if "sum" in old:
        made["sum"] = old["sum"]
    if condition := condition_from(form, "if", old.get("show_if"), others):
        made["show_if"] = condition
    if leads := jumps_from(form, old, made):
        made["jump"] = leads
    return made


def screen_from(form: Typed, old: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a form says of a screen, without its questions."""
    made: dict[str, Any] = {"title": texts(form, "title")}
    if condition := condition_from(form, "screen", old.get("show_if"), others):
        made["show_if"] = condition
    return made | ({"random": True} if form.get("random") else {})


def _choices(form: Typed, old: Mapping[str, Any]) -> dict[str, Any]:
    if old["type"] in WITH_OPTIONS:
        options = _parts(form, "options", old.get("options", []), "o")
        if form.get("last_other") and options:
            options[-1] |= {"other": True, "fixed": True}
        return {"options": options}
    if old["type"] != Kind.MATRIX:
        return {}
    rows = _parts(form, "rows", old.get("rows", []), "r")
    for row in rows:
        dimension = form.get(f"dimension_{row['key']}", row.pop("dimension", ""))
        row |= {"dimension": dimension} if dimension else {}
    return {"rows": rows}


def _scale(form: Typed, kind: str) -> dict[str, Any]:
    if kind not in (Kind.MATRIX, Kind.RATING, Kind.NPS):
        return {}
    ends = {name: texts(form, name) for name in ("low", "high")}
    shown = "0-10" if kind == Kind.NPS else form.get("scale", "1-5")
    return {"scale": {"kind": shown, **{name: each for name, each in ends.items() if each}}}


def _limits(form: Typed, kind: str) -> dict[str, Any]:
    typed = {name: form.get(name, "").strip() for name in _LIMITS}
    return {
        name: text if kind == Kind.DATE and name != "step" else number(text)
        for name, text in typed.items()
        if text
    }


def texts(form: Typed, name: str) -> dict[str, str]:
    """Return a text by language, what is empty left out."""
    typed = {language: _clean(form.get(f"{name}_{language}", "")) for language in LANGUAGES}
    return {language: text for language, text in typed.items() if text}


def _clean(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def _parts(
    form: Typed, name: str, old: list[Mapping[str, Any]], letter: str
) -> list[dict[str, Any]]:
    """Return options or rows, one a line; a line keeps its key as long as its words or place do."""
    lines = {
        language: [line.strip() for line in _clean(form.get(f"{name}_{language}", "")).split("\n")]
        for language in LANGUAGES
    }
    many = min(max(len(each) for each in lines.values()), _MOST_LINES)
    typed = [
        {lang: each[place] for lang, each in lines.items() if place < len(each) and each[place]}
        for place in range(many)
    ]
    typed = [words for words in typed if words]
    matched: dict[int, Mapping[str, Any]] = {}
    for place, words in enumerate(typed):
        for part in old:
            same = part["text"].get("zh_Hans_CN") == words.get("zh_Hans_CN")
            if same and part["key"] not in {each["key"] for each in matched.values()}:
                matched[place] = part
                break
    if len(typed) == len(old):
        left = [part for part in old if part["key"] not in {p["key"] for p in matched.values()}]
        gaps = [place for place in range(len(typed)) if place not in matched]
        matched |= dict(zip(gaps, left, strict=True))
    taken = {part["key"] for part in matched.values()}
    made = []
    for place, words in enumerate(typed):
        kept = dict(matched.get(place, {}))
        kept.pop("other", None)
        kept.pop("fixed", None)
        key = kept.get("key") or next(
            free for count in range(1, 200) if (free := f"{letter}{count}") not in taken
        )
        taken.add(key)
        made.append({**kept, "key": key, "text": words})
    return made
