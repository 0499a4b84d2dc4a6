"""Who would have which tier by the points of a backtest: reckoned, kept in its result, not written.

Both sides are evaluated as if nobody had a tier yet, so that only the points differ.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal import clock
from portal.club.queries import current_club
from portal.earning.models import BacktestDay
from portal.extensions import db
from portal.members.models import Member
from portal.tiers.metrics import Batch
from portal.tiers.preview import by_tier
from portal.tiers.thinking import tiers_by_points
from portal.tiers.versions import InForce, in_force

BATCH = 2_000
SHOWN = 20
_ROWS = 5_000
Day = tuple[int, str, str]


def keep_days(backtest_id: int, really: Mapping[Day, int], draft: Mapping[Day, int]) -> None:
    """Write by how much a draft differs from what counts, by member, currency and day."""
    forget_days(backtest_id)
    rows = [
        {
            "backtest_id": backtest_id,
            "member_id": member_id,
            "currency": currency,
            "day": date.fromisoformat(day),
            "amount": draft.get((member_id, currency, day), 0)
            - really.get((member_id, currency, day), 0),
        }
        for member_id, currency, day in sorted({*really, *draft})
    ]
    rows = [row for row in rows if row["amount"]]
    for place in range(0, len(rows), _ROWS):
        db.session.execute(sa.insert(BacktestDay), rows[place : place + _ROWS])


def forget_days(backtest_id: int) -> None:
    """Remove what `keep_days` wrote."""
    db.session.execute(sa.delete(BacktestDay).where(BacktestDay.backtest_id == backtest_id))


def moves_of(backtest_id: int, alive: Callable[[], None]) -> list[dict[str, Any]]:
    """Return for each scheme in force how many reach which tier really and under the draft, and
    who moves furthest. `alive` is called after each batch of members."""
    on = clock.business_date(current_club().time_zone)
    return [_scheme(found, backtest_id, on, alive) for found in in_force(on)]


def _scheme(
    found: InForce, backtest_id: int, on: date, alive: Callable[[], None]
) -> dict[str, Any]:
    days = BacktestDay.__table__
    extra = sa.select(days).where(days.c.backtest_id == backtest_id).subquery()
    ranks = found.terms.ranks
    counts: Counter[tuple[str | None, str | None]] = Counter()
    moved: list[list[Any]] = []
    after = 0
    while True:
        ids = sa.select(Member.id).where(Member.id > after).order_by(Member.id).limit(BATCH)
        upto = db.session.scalar(sa.select(sa.func.max(ids.subquery().c.id)))
        if upto is None:
            break
        batch = Batch(after=after, upto=upto)
        before = tiers_by_points(found, on=on, batch=batch)
        then = tiers_by_points(found, on=on, batch=batch, extra=extra)
        for member_id, tier in then.items():
            was = before.get(member_id)
            counts[was, tier] += 1
            if was != tier:
                moved.append([member_id, was, tier])
        after = upto
        alive()

    def far(row: list[Any]) -> tuple[int, int]:
        return -abs(ranks.get(row[2], 0) - ranks.get(row[1], 0)), row[0]

    return {
        "name": dict(found.name),
        "names": {tier.key: dict(tier.name) for tier in found.terms.tiers},
        "steps": [
            [step.key, step.now, step.then, step.up, step.down]
            for step in by_tier(found.terms, counts)
        ],
        "people": len(moved),
        "moved": sorted(moved, key=far)[:SHOWN],
    }
