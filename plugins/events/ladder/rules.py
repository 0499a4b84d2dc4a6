"""What marks mean, without a database: steps, a later opening, until when a mark counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from plugins.events.ladder.models import Cause, Penalty, Policy

LONGEST = 3 * 366
"""Days after which a mark ends even if every day of them were a holiday."""


class Step(StrEnum):
    """The steps of the ladder."""

    NONE = "none"
    WARNING = "warning"
    LATER = "later"
    QUEUE = "queue"


@dataclass(frozen=True)
class Standing:
    """How a member stands: the policy in force, if any, and the marks that count now."""

    policy: Policy | None = None
    penalties: tuple[Penalty, ...] = ()

    @property
    def version(self) -> int:
        """The version in force, 0 for none."""
        return self.policy.version if self.policy else 0

    @property
    def marks(self) -> int:
        """How many marks count."""
        return sum(each.weight for each in self.penalties)

    @property
    def step(self) -> Step:
        """The step that the marks reach."""
        return step_of(self.policy, self.marks)

    @property
    def ends(self) -> datetime | None:
        """When the next mark ends."""
        return min((each.expires_at for each in self.penalties), default=None)

    @property
    def queue_only(self) -> bool:
        """Tell whether the member may only join waiting lists."""
        return self.step == Step.QUEUE

    def opens(self, opens_at: datetime, closes_at: datetime) -> datetime:
        """Return from when the member may register: later by the policy's hours, but never by more
        than half of the time of registration."""
        if self.policy is None or self.step not in (Step.LATER, Step.QUEUE):
            return opens_at
        half = max(closes_at - opens_at, timedelta()) / 2
        return opens_at + min(timedelta(hours=self.policy.later_hours), half)


CLEAN = Standing()
"""Nobody in particular, or a project without a policy."""


def step_of(policy: Policy | None, marks: int) -> Step:
    """Return the step that so many marks reach."""
    if policy is None or marks < policy.warn_from:
        return Step.NONE
    if marks < policy.later_from:
        return Step.WARNING
    return Step.LATER if marks < policy.queue_from else Step.QUEUE


def weight_of(policy: Policy, cause: Cause) -> int:
    """Return how many marks a cause counts."""
    return policy.no_show_weight if cause == Cause.NO_SHOW else policy.late_weight


def on_time(policy: Policy, starts_at: datetime, seated_at: datetime | None) -> bool:
    """Tell whether a party that had waited took its seats early enough to be held to them."""
    notice = timedelta(hours=policy.notice_hours)
    return seated_at is not None and starts_at - seated_at >= notice


def last_day(since: date, days: int, pauses: Iterable[tuple[date, date]]) -> date:
    """Return the last day on which a mark of a day counts: so many days later, those of pauses left
    out."""
    spans, day, left = list(pauses), since, days
    until = since + timedelta(days=days + LONGEST)
    while left and day < until:
        day += timedelta(days=1)
        left -= not any(first <= day <= last for first, last in spans)
    return day


def end_of(day: date, time_zone: str) -> datetime:
    """Return the moment at which a day of a project is over."""
    return datetime.combine(day + timedelta(days=1), time(), ZoneInfo(time_zone))
