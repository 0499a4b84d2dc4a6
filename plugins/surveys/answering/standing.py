"""Whether an answer is taken now, and why not."""

from datetime import datetime, timedelta

from plugins.surveys.models import Participation, Wave
from plugins.surveys.states import State

GRACE = timedelta(minutes=30)
"""How long after the close those may send who had begun before it."""


def refusal(
    wave: Wave, asked: Participation, at: datetime, begun_at: datetime | None = None
) -> str:
    """Return why the member cannot answer now, "" when they can. `begun_at`: when they began."""
    if asked.answered:
        return "ANSWERED"
    if wave.state == State.PAUSED:
        return "PAUSED"
    if wave.state not in (State.FIELD, State.CLOSED):
        unopened = (State.DRAFT, State.REVIEW, State.FROZEN)
        return "NOT_OPEN" if wave.state in unopened else "OVER"
    if wave.shuffled_at is not None:
        return "OVER"
    if wave.opens_at is not None and at < wave.opens_at:
        return "NOT_OPEN"
    end = _end(wave)
    if wave.state == State.FIELD and (end is None or at < end):
        return ""
    in_grace = end is not None and begun_at is not None and begun_at < end and at < end + GRACE
    return "" if in_grace else "OVER"


def open_until(wave: Wave, at: datetime) -> datetime | None:
    """Return the moment until which answers are taken, the grace included once it runs."""
    end = _end(wave)
    return end if end is None or at < end else end + GRACE


def _end(wave: Wave) -> datetime | None:
    return min((each for each in (wave.closes_at, wave.closed_at) if each), default=None)
