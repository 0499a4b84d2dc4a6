"""No pattern of ours searches for ever: ten times the text takes about ten times the time."""

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import plugins
import portal

METHODS = ("match", "search", "fullmatch", "sub", "split", "findall", "finditer")
SHORT, MIDDLE, LONG = 24, 5_000, 50_000
END = "\0!"
"""What no pattern takes: it has to go back, and try again."""
TRIES = 4
"""How often a text has to take long: the machine may be busy with something else."""
SLOW_SECONDS = 0.05
"""Ten times what the slowest of ours takes for a text of middle length."""
MOST_TIMES = 35
"""A text ten times as long takes ten times as long, or a hundred times where it is quadratic."""
SHAPES = (
    "a",
    "Z",
    "0",
    "1",
    "١",
    " ",
    "　",
    "\n",
    "一",
    "\u202e",
    "a.",
    "a-",
    "a@",
    "1 ",
    "1-",
    "a,",
    "%(",
    "[(",
)


def patterns() -> dict[tuple[str, int, str], str]:
    """Return every pattern of the portal and its plugins, with how it is used, and by whom."""
    found: dict[tuple[str, int, str], str] = {}
    for package in (portal, plugins):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "scaffold" in module.name or ".migrations" in module.name:
                continue
            held = importlib.import_module(module.name)
            text = Path(str(held.__file__)).read_text("utf-8")
            for name, pattern in _compiled(vars(held)):
                used = set(re.findall(rf"\b{name}\.({'|'.join(METHODS)})\(", text)) & set(METHODS)
                for method in used or {"search", "fullmatch"}:
                    found[pattern.pattern, pattern.flags, method] = f"{module.name}.{name}"
            for literal, method in _literals(text):
                pattern = re.compile(literal)
                found[pattern.pattern, pattern.flags, method] = module.name
    return found


def _compiled(held: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in held.items():
        many = value if isinstance(value, tuple | list) else [value]
        many = value.values() if isinstance(value, dict) else many
        for each in many:
            one = each[0] if isinstance(each, tuple) and each else each
            if isinstance(one, re.Pattern) and isinstance(one.pattern, str):
                yield name, one


def _literals(text: str) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(text)):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "re"
            and node.func.attr in METHODS
            and node.args
            and isinstance(node.args[0], ast.Constant)
            and isinstance(node.args[0].value, str)
        ):
            yield node.args[0].value, node.func.attr


def _seconds(pattern: Any, method: str, text: str) -> float:
    run = getattr(pattern, method)
    before = time.thread_time()
    if method == "sub":
        run("", text)
    elif method == "finditer":
        list(run(text))
    else:
        run(text)
    return time.thread_time() - before


def _blows_up(pattern: Any, method: str, unit: str) -> bool:
    def took(length: int) -> float:
        return _seconds(pattern, method, unit * (length // len(unit)) + END)

    def stays_above(length: int, seconds: float) -> bool:
        return all(took(length) > seconds for _ in range(TRIES))

    # What is slow already with a short text is not tried with a long one.
    if stays_above(SHORT, SLOW_SECONDS) or stays_above(MIDDLE, SLOW_SECONDS):
        return True
    return stays_above(LONG, MOST_TIMES * max(took(MIDDLE), SLOW_SECONDS / 10))


def test_no_text_makes_a_pattern_slow() -> None:
    tried = patterns()
    assert len(tried) > 100
    slow = {
        f"{where}: {source!r}.{method} on {unit!r}"
        for (source, flags, method), where in tried.items()
        for unit in {*SHAPES, *source}
        if _blows_up(re.compile(source, flags), method, unit)
    }
    assert not slow, "\n".join(sorted(slow))


def test_a_slow_pattern_is_told() -> None:
    assert _blows_up(re.compile(r"(a+)+$"), "match", "a")
    assert _blows_up(re.compile(r"a+$"), "search", "a")
    assert not _blows_up(re.compile(r"a+"), "fullmatch", "a")
