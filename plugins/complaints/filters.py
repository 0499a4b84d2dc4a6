"""What lists of complaints are narrowed to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OWNER_FILTERS = ("mine", "too", "open", "closed", "risen")
STAFF_TABS = ("hand", "waiting", "closed", "all")


@dataclass(frozen=True)
class ListFilter:
    """What a list is narrowed to, read from an address; what is unknown counts as not given."""

    search: str = ""
    show: str = ""
    category: str = ""
    level: str = ""
    who: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str], shows: Sequence[str]) -> "ListFilter":
        """Read `?q=`, `?show=`, `?category=`, `?level=` and `?who=`."""
        show, level, who = args.get("show", ""), args.get("level", ""), args.get("who", "")
        return cls(
            args.get("q", "").strip()[:60].replace("\0", ""),
            show if show in shows else "",
            args.get("category", "")[:40].replace("\0", ""),
            level if level in ("0", "1", "2", "3") else "",
            who if who in ("me", "none") else "",
        )

    def args(self, **changed: str) -> dict[str, str]:
        """Return the filter as an address' arguments, some of them changed."""
        mine = {
            "q": self.search,
            "show": self.show,
            "category": self.category,
            "level": self.level,
            "who": self.who,
        } | changed
        return {key: value for key, value in mine.items() if value}
