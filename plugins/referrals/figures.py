"""How many friends reach each stage by month, and the share of contracts that owners bring."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from plugins.referrals.models import Lead, Step
from plugins.referrals.states import State
from portal.sdk import ProjectRef, contracts_by_month, db

MONTHS = 12
FUNNEL = (State.REPORTED, State.VISITED, State.SUBSCRIBED, State.SIGNED, State.PAID)
_WIDTH, _BASE, _TOP, _GAP = 660, 150, 24, 8


@dataclass(frozen=True)
class Month:
    """One month: friends by the stage that they reached in it, and the contracts signed."""

    key: str
    reached: Mapping[str, int]
    referred: int
    contracts: int

    @property
    def share(self) -> float | None:
        """Referred contracts of all contracts in percent, None without a contract."""
        if not self.contracts:
            return None
        return round(100 * self.referred / self.contracts, 1)


@dataclass(frozen=True)
class Bar:
    """A column of the chart, in its own units."""

    x: float
    y: float
    width: float
    height: float
    label: str
    text: str


def months(project: ProjectRef, today: date) -> list[Month]:
    """Return the last twelve months, the earliest first, in two statements."""
    keys = _keys(today)
    since = date.fromisoformat(f"{keys[0]}-01")
    year, month = (sa.extract(part, Step.on_day) for part in ("year", "month"))
    stays = sa.case((Lead.state != State.CANCELLED, 1))
    rows = db.session.execute(
        sa.select(year, month, Step.step, sa.func.count(), sa.func.count(stays))
        .join(Lead, Lead.id == Step.lead_id)
        .where(Step.project_id == project.id, Step.stage, Step.on_day >= since)
        .group_by(year, month, Step.step)
    )
    reached: dict[str, dict[str, int]] = defaultdict(dict)
    referred: dict[str, int] = {}
    for row in rows:
        key = f"{int(row[0])}-{int(row[1]):02d}"
        reached[key][row[2]] = row[3]
        if row[2] == State.SIGNED:
            referred[key] = row[4]
    contracts = contracts_by_month(project, since=since)
    # A sale that was entered here before its contract was imported is a contract, too.
    return [
        Month(key, reached.get(key, {}), own, max(own, contracts.get(key, 0)))
        for key in keys
        for own in (referred.get(key, 0),)
    ]


def whole(found: Sequence[Month]) -> Month:
    """Return all months as one."""
    reached = {str(stage): sum(month.reached.get(stage, 0) for month in found) for stage in FUNNEL}
    referred, contracts = (
        sum(getattr(month, name) for month in found) for name in ("referred", "contracts")
    )
    return Month("", reached, referred, contracts)


def bars(found: Sequence[Month]) -> list[Bar]:
    """Return the share of each month as columns."""
    width = _WIDTH / len(found) - _GAP
    drawn = []
    for place, month in enumerate(found):
        share = month.share or 0
        height = share / 100 * (_BASE - _TOP)
        text = "" if month.share is None else f"{share:g}%"
        x = place * (width + _GAP)
        drawn.append(Bar(x, _BASE - height, width, height, month.key[5:].lstrip("0"), text))
    return drawn


def _keys(today: date) -> list[str]:
    last = today.year * 12 + today.month - 1
    return [f"{n // 12}-{n % 12 + 1:02d}" for n in range(last - MONTHS + 1, last + 1)]
