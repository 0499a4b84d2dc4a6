"""Nothing that plugins count on goes, or asks for more, within an API_VERSION."""

import pytest

from tests.kit.frozen import FILE, lines


def split(text: str) -> list[str]:
    """Return the arguments of a signature, or the words after a name, as they are written."""
    inner = text[text.find("(") + 1 : text.rfind(") ->")] if ") ->" in text else text
    found, depth = [""], 0
    for letter in inner:
        depth += (letter in "[({") - (letter in "])}")
        if letter == "," and not depth:
            found.append("")
        else:
            found[-1] += letter
    return [each.strip() for each in found if each.strip()]


def named(text: str) -> str:
    """Return what a line is about: `sdk notify`."""
    return " ".join(text.replace("(", " ").split()[:2])


def breaks(before: str, after: str | None) -> list[str]:
    """Return what a plugin that was written for `before` misses in `after`, or does not give."""
    if after is None:
        return [f"{named(before)} is gone"]
    old, new = split(before), split(after)
    gone = [f"{named(before)}: {each} is gone" for each in old if each not in new]
    hook, called = before.startswith("hook "), ") ->" in before
    asked = [each for each in new if each not in old and "=" not in each and each not in "*/"]
    more = [f"{named(before)}: {each} has no default" for each in asked if called and not hook]
    return gone + more


def test_the_sdk_and_the_hooks_are_as_they_were_frozen() -> None:
    """What comes is added to the file by `python -m tests.kit.frozen`."""
    there = {named(line): line for line in lines()}
    frozen = FILE.read_text("utf-8").splitlines()
    assert len(frozen) > 150
    assert [fault for line in frozen for fault in breaks(line, there.get(named(line)))] == []


@pytest.mark.parametrize(
    ("before", "after", "faults"),
    [
        ("sdk f(a: int) -> int", "sdk f(a: int, b: int = 1) -> int", 0),
        ("sdk f(a: int) -> int", "sdk f(a: int, b: dict[str, int]) -> int", 1),
        ("sdk f(a: int, b: int = 1) -> int", "sdk f(a: int) -> int", 1),
        ("sdk f(a: int) -> int", "sdk f(a: str) -> int", 2),
        ("hook f(a: int) -> int", "hook f(a: int, b: int) -> int", 0),
        ("sdk Kind of, NUMBER, TEXT", "sdk Kind of, DATE, NUMBER, TEXT", 0),
        ("sdk f(a: int) -> int", None, 1),
    ],
)
def test_what_breaks_a_plugin_is_told(before: str, after: str | None, faults: int) -> None:
    assert len(breaks(before, after)) == faults
