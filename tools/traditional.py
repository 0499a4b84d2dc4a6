"""Write portal/search/traditional.txt: which simplified character stands for a traditional one.

Run `python -m tools.traditional` after an update of opencc-python-reimplemented (extra `lint`).
"""

from importlib.resources import files
from pathlib import Path

TARGET = Path(__file__).parent.parent / "portal" / "search" / "traditional.txt"
HEAD = """\
# Traditional character, simplified character. Made by `python -m tools.traditional` from
# TSCharacters.txt of OpenCC (https://github.com/BYVoid/OpenCC), Copyright 2010-2020 Carbo Kuo
# and contributors, Apache License 2.0 (http://www.apache.org/licenses/LICENSE-2.0). Changed: only
# the first of several simplified characters is kept, and chains are followed to their end.
"""


def pairs() -> dict[str, str]:
    """Return traditional -> simplified, one character each, never leading to another key."""
    source = files("opencc").joinpath("dictionary", "TSCharacters.txt").read_text("utf-8-sig")
    found: dict[str, str] = {}
    for line in source.splitlines():
        traditional, _, simplified = line.partition("\t")
        first = simplified.split(" ")[0]
        if len(traditional) == len(first) == 1 and traditional != first:
            found[traditional] = first
    return {character: _end(character, found) for character in sorted(found)}


def _end(character: str, found: dict[str, str]) -> str:
    """Follow a chain of variants to its end; in a ring, to its smallest character."""
    seen = [character]
    while (following := found.get(seen[-1])) is not None:
        if following in seen:
            return min(seen[seen.index(following) :])
        seen.append(following)
    return seen[-1]


def main() -> None:
    """Write the table."""
    lines = "".join(
        f"{traditional}{simplified}\n"
        for traditional, simplified in pairs().items()
        if traditional != simplified
    )
    TARGET.write_text(HEAD + lines, "utf-8")


if __name__ == "__main__":
    main()
