"""Instruments for tests, and hypothesis' own."""

from typing import Any

from hypothesis import strategies as st

from plugins.surveys.instrument.document import read
from plugins.surveys.instrument.parts import Instrument


def said(text: str) -> dict[str, str]:
    return {"zh_Hans_CN": text}


def question(key: str, kind: str = "rating", **more: Any) -> dict[str, Any]:
    found = {"key": key, "type": kind, "text": said(key)} | more
    if kind in ("single", "multiple", "ranking") and "options" not in found:
        found["options"] = [{"key": each, "text": said(each)} for each in "abcd"]
    if kind == "matrix" and "rows" not in found:
        found["rows"] = [{"key": each, "text": said(each)} for each in ("r1", "r2", "r3")]
    return found


def document(*blocks: list[dict[str, Any]], **by_key: dict[str, Any]) -> dict[str, Any]:
    """Return a document of blocks b1, b2, …; `b2={"show_if": …}` adds to one."""
    made = []
    for place, questions in enumerate(blocks, 1):
        key = f"b{place}"
        made.append({"key": key, "title": said(key), "questions": questions} | by_key.get(key, {}))
    return {"format": 1, "blocks": made}


def instrument(*blocks: list[dict[str, Any]], **by_key: dict[str, Any]) -> Instrument:
    return read(document(*blocks, **by_key))


KINDS = ["single", "multiple", "matrix", "rating", "nps", "ranking", "number", "short", "text"]
KEYS = [f"q{place}" for place in range(1, 9)]


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> dict[str, Any]:
    shape = draw(st.sampled_from(["test", "test", "all", "any", "not"] if depth else ["test"]))
    if shape == "not":
        return {"not": draw(conditions(depth=depth - 1))}
    if shape in ("all", "any"):
        return {shape: draw(st.lists(conditions(depth=depth - 1), max_size=3))}
    op = draw(
        st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge", "in", "has", "answered", "skipped"])
    )
    found: dict[str, Any] = {"question": draw(st.sampled_from(KEYS)), "is": op}
    if draw(st.booleans()):
        found["row"] = draw(st.sampled_from(["r1", "r2"]))
    plain = st.sampled_from([1, 3, 5, 2.5, "a", "b", "na", "zwei"])
    if op == "in":
        found["value"] = draw(st.lists(plain, max_size=3))
    elif op not in ("answered", "skipped"):
        found["value"] = draw(plain)
    return found


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """Draw documents whose references may lead anywhere."""
    keys = draw(st.lists(st.sampled_from(KEYS), min_size=1, max_size=8, unique=True))
    cuts = draw(st.lists(st.integers(1, 3), min_size=8, max_size=8))
    blocks: list[list[dict[str, Any]]] = []
    left = list(keys)
    while left:
        size = cuts[len(blocks)]
        blocks.append([draw(_questions(key)) for key in left[:size]])
        left = left[size:]
    more: dict[str, dict[str, Any]] = {}
    for place in range(1, len(blocks) + 1):
        more[f"b{place}"] = {"random": draw(st.booleans())}
        if draw(st.integers(0, 3)) == 0:
            more[f"b{place}"]["show_if"] = draw(conditions())
    return document(*blocks, **more)


@st.composite
def _questions(draw: st.DrawFn, key: str) -> dict[str, Any]:
    found = question(key, draw(st.sampled_from(KINDS)), required=draw(st.booleans()))
    if found["type"] not in ("short", "text"):
        found["not_applicable"] = draw(st.booleans())
    if draw(st.integers(0, 2)) == 0:
        found["show_if"] = draw(conditions())
    if draw(st.integers(0, 3)) == 0:
        to = draw(st.sampled_from(["b1", "b2", "b3", "b5", "end"]))
        found["jump"] = [{"if": draw(conditions()), "to": to}]
    return found


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)


def fitting(asked: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Draw answers that fit a question, and some that do not."""
    letters = st.sampled_from("abcd")
    fit: dict[str, st.SearchStrategy[Any]] = {
        "single": letters,
        "multiple": st.lists(letters, unique=True),
        "ranking": st.permutations("abcd").map(list),
        "matrix": st.fixed_dictionaries({row: st.integers(1, 5) for row in ("r1", "r2", "r3")}),
        "rating": st.integers(1, 5),
        "nps": st.integers(0, 10),
        "number": st.integers(-3, 60),
        "short": st.sampled_from(["a", "好", " "]),
    }
    return st.one_of(st.none(), fit.get(asked["type"], st.none()), st.just("na"), anything)
