"""Moving the time: what the portal and its plugins take for now."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest

from portal import clock as portal_clock


@dataclass
class Clock:
    """The time of a test; it goes on only when it is told to. Moments are aware."""

    moment: datetime

    def now(self) -> datetime:
        """Return the moment that it is."""
        return self.moment

    def set(self, moment: datetime) -> None:
        """Make it `moment`; raise ValueError for one without a time zone."""
        if moment.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        self.moment = moment

    def advance(self, by: timedelta | None = None, **parts: float) -> None:
        """Let time pass: `clock.advance(days=1, hours=2)`, or a timedelta."""
        self.moment += by if by is not None else timedelta(**parts)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time, standing still from the beginning of the test until it is moved."""
    found = Clock(portal_clock.now())
    monkeypatch.setattr(portal_clock, "source", found.now)
    return found
