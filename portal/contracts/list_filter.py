"""The conditions of the staff's lists, as their addresses have them."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

SEARCH_LENGTH = 60


@dataclass(frozen=True)
class ListFilter:
    """The conditions of a list of contracts or fees, as its address has them."""

    states: Collection[str]
    search: str = ""
    state: str = ""

    @classmethod
    def read(cls, args: Mapping[str, str], states: Collection[str]) -> "ListFilter":
        """Read the conditions from an address; what is not known is left out."""
        state = args.get("state", "")
        return cls(
            states=states,
            search=args.get("q", "").strip()[:SEARCH_LENGTH],
            state=state if state in states else "",
        )

    def args(self, **changed: str) -> dict[str, str]:
        """Return the conditions for an address, with some changed; empty ones are left out."""
        values = {"q": self.search, "state": self.state, **changed}
        return {key: value for key, value in values.items() if value}
