"""Conditions and jumps as the builder's form shows and takes them: lines of which all, any or none
hold. What is nested deeper is kept as it is until something else is chosen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from plugins.surveys.instrument.conditions import WITHOUT_VALUE, Op
from plugins.surveys.instrument.parts import WITH_OPTIONS, Kind

MOST = 8
"""Lines of a condition, and jumps of a question, that a form shows."""
KEEP = "keep"
Typed = Mapping[str, str]
Part = Mapping[str, Any]


@dataclass(frozen=True)
class Joined:
    """A condition for the form. `join`: all, any, none, or KEEP for what the form cannot show."""

    join: str = "all"
    lines: tuple[Part, ...] = ()

    @property
    def rows(self) -> Sequence[Part]:
        """Return the lines and an empty one to go on with."""
        return [*self.lines, {}][:MOST]


@dataclass(frozen=True)
class Jumps:
    """A question's jumps for the form. `kept`: the form cannot show them."""

    lines: tuple[Part, ...] = ()
    kept: bool = False

    @property
    def rows(self) -> Sequence[Part]:
        """Return the jumps and an empty one to go on with."""
        return [*self.lines, {}][:MOST]


def joined(condition: Part | None) -> Joined:
    """Return a condition as the form shows it."""
    if not condition:
        return Joined()
    if _is_test(condition):
        return Joined("all", (condition,))
    inner, join = condition, next(iter(condition))
    if join == "not":
        inner = condition["not"]
        join = "none"
        if isinstance(inner, Mapping) and _is_test(inner):
            return Joined(join, (inner,))
    lines = inner.get("any" if join == "none" else join) if isinstance(inner, Mapping) else None
    if not isinstance(lines, list) or not 0 < len(lines) <= MOST or not all(map(_is_test, lines)):
        return Joined(KEEP)
    return Joined(join, tuple(lines))


def jumps(question: Part | None) -> Jumps:
    """Return the jumps of a question as the form shows them."""
    found = (question or {}).get("jump") or []
    own = all(_is_test(each["if"]) and each["if"]["question"] == question["key"] for each in found)  # type: ignore[index]
    return Jumps(tuple(found)) if own and len(found) <= MOST else Jumps(kept=True)


def condition_from(
    form: Typed, name: str, old: Part | None, others: Mapping[str, Part]
) -> dict[str, Any] | None:
    """Return the condition that a form means; `others`: all questions by key."""
    join = form.get(f"{name}_join", "all")
    if join == KEEP:
        return dict(old) if old else None
    lines = []
    for place in range(MOST):
        if about := form.get(f"{name}_question_{place}", ""):
            found = others.get(about, {})
            test = _test(form, name, place, about, found)
            row = form.get(f"{name}_row_{place}", "")
            if found.get("type") == Kind.MATRIX and row:
                test["row"] = _key_of(found.get("rows", []), row)
            lines.append(test)
    if not lines:
        return None
    if join == "none":
        return {"not": lines[0] if len(lines) == 1 else {"any": lines}}
    return lines[0] if len(lines) == 1 else {"any" if join == "any" else "all": lines}


def jumps_from(form: Typed, old: Part, made: Part) -> list[dict[str, Any]]:
    """Return the jumps that a form means; `made`: the question as it is typed."""
    if form.get("jump_keep") and "jump" in old:
        return list(old["jump"])
    return [
        {"if": _test(form, "jump", place, made["key"], made), "to": target}
        for place in range(MOST)
        if (target := form.get(f"jump_to_{place}", ""))
    ]


def _is_test(condition: object) -> bool:
    return isinstance(condition, Mapping) and "question" in condition


def _test(form: Typed, name: str, place: int, about: str, found: Part) -> dict[str, Any]:
    how = form.get(f"{name}_is_{place}", "eq")
    test: dict[str, Any] = {"question": about, "is": how}
    if how not in set(WITHOUT_VALUE):
        value = form.get(f"{name}_value_{place}", "").strip()
        parts = [each.strip() for each in value.replace("，", ",").split(",")]
        meant = [_value(found, each) for each in parts]
        test["value"] = meant if how == Op.IN else meant[0]
    return test


def _value(found: Part, text: str) -> object:
    if found.get("type") in WITH_OPTIONS:
        return _key_of(found.get("options", []), text)
    in_numbers = (Kind.RATING, Kind.NPS, Kind.MATRIX, Kind.NUMBER)
    return number(text) if found.get("type") in in_numbers else text


def number(text: str) -> object:
    """Return a number; the text itself when it is none, for which the reader has a sentence."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value == value and abs(value) < 1e15 and value.is_integer() else value


def _key_of(parts: Sequence[Part], text: str) -> str:
    """Return the key of what staff name by its words, its place, or the key itself."""
    for place, part in enumerate(parts, 1):
        if text in (part["key"], str(place), *part["text"].values()):
            return str(part["key"])
    return text
