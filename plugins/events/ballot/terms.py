"""What the clock allows of a draw, and how many lots somebody has: without a database."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from plugins.events.ballot.models import Ballot, Mode

if TYPE_CHECKING:
    from plugins.events.models import Occurrence


def is_drawn_yet(occurrence: "Occurrence") -> bool:
    """Tell whether seats go to who comes first: nothing is drawn here, or everything was."""
    return occurrence.ballot is None or occurrence.ballot.drawn_at is not None


def entries_end(occurrence: "Occurrence") -> datetime:
    """Return until when one may enter: the pool of the first minutes, or all of registration."""
    ballot = occurrence.ballot
    if ballot is None or ballot.mode != Mode.SHUFFLED:
        return occurrence.closes_at
    pool = occurrence.opens_at + timedelta(minutes=ballot.minutes or 0)
    return min(pool, occurrence.closes_at)


def draw_due(occurrence: "Occurrence") -> datetime:
    """Return when the draw is: after the entries, never before what the page says."""
    ballot, ends = occurrence.ballot, entries_end(occurrence)
    return max(ballot.draw_at, ends) if ballot and ballot.draw_at else ends


def takes_entries(occurrence: "Occurrence", at: datetime) -> bool:
    """Tell whether one may enter and withdraw now, as far as the draw is concerned."""
    ballot = occurrence.ballot
    return (
        ballot is not None
        and ballot.frozen_at is None
        and ballot.drawn_at is None
        and at < entries_end(occurrence)
    )


@dataclass(frozen=True)
class Weight:
    """The lots of a member: one for everybody or those of the tier, and more for the times that
    they did not get a seat."""

    tier: int
    missed: int
    times: int

    @property
    def lots(self) -> int:
        """All of them."""
        return self.tier + self.missed

    @classmethod
    def of(cls, ballot: Ballot, tier: str | None, times: int) -> "Weight":
        """Return the lots of a member of a tier who was not drawn so many times since the last."""
        more = min(times * ballot.missed, ballot.missed_most)
        return cls(ballot.tiers.get(tier or "", 1), more, times)
