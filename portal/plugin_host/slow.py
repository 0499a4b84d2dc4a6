"""Hooks that are slow three times are left out for five minutes."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

SLOW_SECONDS = 1.0
SLOW_TIMES = 3
REST_SECONDS = 300.0


@dataclass
class Timing:
    """How long one hook of one plugin took in this process."""

    calls: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slow_in_a_row: int = 0
    rests_until: float = 0.0


@dataclass
class Share:
    """How long all hooks of one plugin took in one project, in this process."""

    calls: int = 0
    seconds: float = 0.0

    @property
    def milliseconds(self) -> float:
        """The mean of a call."""
        return self.seconds / self.calls * 1000 if self.calls else 0.0


@dataclass
class SlowHooks:
    """The timings of this process, safe between threads."""

    timings: dict[tuple[str, str], Timing] = field(default_factory=lambda: defaultdict(Timing))
    shares: dict[tuple[str, int], Share] = field(default_factory=lambda: defaultdict(Share))
    """By plugin and project; 0 for calls without a project."""
    lock: threading.Lock = field(default_factory=threading.Lock)
    noted: Callable[[str, str, float], None] | None = None
    """Who else is told of each call: plugin, hook, seconds."""

    def note(self, plugin: str, hook: str, project_key: int, seconds: float) -> bool:
        """Take a call's time; True when the hook was slow for the third time and now rests."""
        if self.noted is not None:
            self.noted(plugin, hook, seconds)
        with self.lock:
            share = self.shares[plugin, project_key]
            share.calls += 1
            share.seconds += seconds
            timing = self.timings[plugin, hook]
            timing.calls += 1
            timing.seconds += seconds
            timing.slowest = max(timing.slowest, seconds)
            if seconds < SLOW_SECONDS:
                timing.slow_in_a_row = 0
                return False
            timing.slow_in_a_row += 1
            if timing.slow_in_a_row < SLOW_TIMES:
                return False
            timing.slow_in_a_row, timing.rests_until = 0, time.monotonic() + REST_SECONDS
            return True

    def skips(self, plugin: str, hook: str) -> bool:
        """Tell whether the hook rests now."""
        timing = self.timings.get((plugin, hook))
        return timing is not None and timing.rests_until > time.monotonic()
