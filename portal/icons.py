"""The names in the portal's icon sprite, which `make setup` builds."""

import difflib
import re
from functools import cache
from pathlib import Path

SPRITE = Path(__file__).parent / "static" / "vendor" / "icons.svg"
_SYMBOL = re.compile(r'<symbol id="([^"]+)"')


@cache
def icon_names() -> frozenset[str]:
    """Return the names of all icons; none where the sprite has not been built."""
    if not SPRITE.is_file():
        return frozenset()
    return frozenset(_SYMBOL.findall(SPRITE.read_text("utf-8")))


def check_icon(name: str) -> None:
    """Raise ValueError, with the nearest name, for an icon that is not in the sprite."""
    names = icon_names()
    if names and name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        raise ValueError(f"no icon {name!r}" + (f": did you mean {near[0]!r}?" if near else ""))
