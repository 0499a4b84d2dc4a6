"""Benefits as one member has them: pure functions."""

from calendar import monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from plugins.rewards.models.benefits import BenefitRule
from plugins.rewards.rules import period_of
from plugins.rewards.states import Period
from portal.sdk import BenefitRef, ProjectRef, TierRef

_MONTHS = {Period.YEAR: 12, Period.HALF: 6, Period.QUARTER: 3, Period.MONTH: 1}


@dataclass(frozen=True)
class Entitlement:
    """A benefit of a member's tier. `most` None: it is not counted; `until`: the last day."""

    benefit: BenefitRef
    text: Mapping[str, str]
    used: int = 0
    most: int | None = None
    until: date | None = None

    @property
    def left(self) -> int:
        """How many are left; none where a rule was lowered below what was had."""
        return max(0, (self.most or 0) - self.used)


@dataclass(frozen=True)
class Benefits:
    """What a member has: the tier (None: unrated), and its benefits."""

    tier: TierRef | None = None
    rows: tuple[Entitlement, ...] = ()


def last_day(period: str, on: date) -> date | None:
    """Return the last day of the period that a day lies in; None for the whole time."""
    months = _MONTHS.get(Period(period))
    if months is None:
        return None
    month = -(-on.month // months) * months
    return date(on.year, month, monthrange(on.year, month)[1])


def entitlement(
    benefit: BenefitRef,
    project: ProjectRef,
    rule: BenefitRule | None,
    used: Mapping[tuple[str, str], int],
    on: date,
) -> Entitlement:
    """Return a benefit as it stands on a day. `used`: by benefit and period."""
    text = benefit.text_in(project)
    if rule is None or not rule.most:
        return Entitlement(benefit, text)
    had = used.get((benefit.key, period_of(rule.period, on)), 0)
    return Entitlement(benefit, text, had, rule.most, last_day(rule.period, on))
