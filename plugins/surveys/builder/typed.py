"""A question as it was typed into the builder's form: pure; what is wrong, the reader tells."""

from collections.abc import Mapping
from typing import Any

from plugins.surveys.instrument.conditions import WITHOUT_VALUE, Op
from plugins.surveys.instrument.document import LANGUAGES
from plugins.surveys.instrument.parts import MAY_NOT_APPLY, WITH_OPTIONS, Kind

_FLAGS = ("required", "not_applicable", "random")
_LIMITS = ("least", "most", "step")
_MOST_LINES = 61
Typed = Mapping[str, str]


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
    made |= _shown(form, old, others)
    return made | _jumps(form, old, made)


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


def number(text: str) -> object:
    """Return a number; the text itself when it is none, for which the reader has a sentence."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value == value and abs(value) < 1e15 and value.is_integer() else value


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


def _shown(form: Typed, old: Mapping[str, Any], others: Mapping[str, Any]) -> dict[str, Any]:
    """Return the condition; one that the form cannot show is kept until another is chosen."""
    about = form.get("if_question", "")
    if about == "keep" and "show_if" in old:
        return {"show_if": old["show_if"]}
    if not about or about == "keep":
        return {}
    found = others.get(about, {})
    test = _test(form, "if", about, found)
    if found.get("type") == Kind.MATRIX and form.get("if_row"):
        test["row"] = _key_of(found.get("rows", []), form["if_row"])
    return {"show_if": test}


def _jumps(form: Typed, old: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    target = form.get("jump_to", "")
    if target == "keep" and "jump" in old:
        return {"jump": old["jump"]}
    if not target or target == "keep":
        return {}
    return {"jump": [{"if": _test(form, "jump", made["key"], made), "to": target}]}


def _test(form: Typed, name: str, about: str, found: Mapping[str, Any]) -> dict[str, Any]:
    how = form.get(f"{name}_is", "eq")
    test: dict[str, Any] = {"question": about, "is": how}
    if how not in set(WITHOUT_VALUE):
        value = form.get(f"{name}_value", "").strip()
        parts = [each.strip() for each in value.replace("，", ",").split(",")]
        meant = [_value(found, each) for each in parts]
        test["value"] = meant if how == Op.IN else meant[0]
    return test


def _value(found: Mapping[str, Any], text: str) -> object:
    if found.get("type") in WITH_OPTIONS:
        return _key_of(found.get("options", []), text)
    in_numbers = (Kind.RATING, Kind.NPS, Kind.MATRIX, Kind.NUMBER)
    return number(text) if found.get("type") in in_numbers else text


def _key_of(parts: list[Mapping[str, Any]], text: str) -> str:
    """Return the key of what staff name by its words, its place, or the key itself."""
    for place, part in enumerate(parts, 1):
        if text in (part["key"], str(place), *part["text"].values()):
            return str(part["key"])
    return text
