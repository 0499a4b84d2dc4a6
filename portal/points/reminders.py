"""Telling owners in time what runs out: 60, 30 and 7 days before, once for each month and horizon.

Lots of one month are one message, so that whoever earns daily is not told daily.
"""

import calendar
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import LazyString

from portal.extensions import db
from portal.i18n import format_month
from portal.members.models import Member, MemberState
from portal.notifications.models import Notification
from portal.notifications.service import notify_each
from portal.points.amounts import format_points
from portal.points.expiring import ACCOUNTS, Batch, club_today
from portal.points.kinds import CurrencyKind
from portal.points.models import Balance, Currency, Lot, PointsAccount

HORIZONS = (7, 30, 60)
"""Days before the last day on which an owner is told."""
EXPIRING = "points.expiring"
POOL_EXPIRING = "points.household_expiring"
_PAGES = {EXPIRING: "/me/points/lots", POOL_EXPIRING: "/me/points/lots?of=household"}
"""What is told, and where it leads: one's own points, and those of the household."""
_TOLD_OF = {
    EXPIRING: PointsAccount.member_id == Member.id,
    POOL_EXPIRING: PointsAccount.household_id == Member.household_id,
}


def remind_batch(*, after: int = 0, size: int = ACCOUNTS, at: datetime | None = None) -> Batch:
    """Tell the owners of up to `size` accounts with ids above `after`. The caller commits."""
    today = club_today(at)
    far = today + timedelta(days=HORIZONS[-1])
    end = far.replace(day=calendar.monthrange(far.year, far.month)[1])
    ids = db.session.scalars(
        sa.select(Balance.account_id)
        .where(Balance.account_id > after, Balance.due_on <= end + timedelta(days=1))
        .order_by(Balance.account_id)
        .limit(size)
    ).all()
    if not ids:
        return Batch(None)
    done = sum(_remind(kind, ids, today, end) for kind in _PAGES)
    return Batch(ids[-1], accounts=done)


def _remind(kind: str, ids: Sequence[int], today: date, end: date) -> int:
    """Tell of one kind what runs out at the accounts; return how many were told."""
    causes: dict[str, dict[int, Mapping[str, object]]] = defaultdict(dict)
    rows = _running_out(kind, ids, today, end)
    told = _told(kind, {row.account_id for row in rows})
    for row in rows:
        horizon = horizon_of(row.first, today)
        cause = f"{horizon}:{row.currency}:{row.first:%Y-%m}"
        if horizon and (row.account_id, cause) not in told:
            causes[cause][row.account_id] = {
                "points": LazyString(format_points, int(row.points)),
                "month": LazyString(format_month, f"{row.first:%Y-%m}"),
                "day": row.first,
            }
    return sum(
        notify_each(kind=kind, cause=cause, values=values, url=_PAGES[kind])
        for cause, values in causes.items()
    )


def horizon_of(last_day: date, today: date) -> int:
    """Return the nearest horizon that a last day lies within; 0 beyond all."""
    days = (last_day - today).days
    return next((horizon for horizon in HORIZONS if days <= horizon), 0)


def _running_out(kind: str, ids: Sequence[int], today: date, end: date) -> Sequence[sa.Row[Any]]:
    """Return what of the accounts' free points ends in which month, and the first day of it."""
    year, month = (sa.extract(part, Lot.expires_on) for part in ("year", "month"))
    return db.session.execute(
        sa.select(
            Member.account_id,
            Currency.key.label("currency"),
            sa.func.sum(Lot.remaining - Lot.held).label("points"),
            sa.func.min(Lot.expires_on).label("first"),
        )
        .select_from(Lot)
        .join(PointsAccount, PointsAccount.id == Lot.account_id)
        .join(Currency, Currency.id == PointsAccount.currency_id)
        .join(Member, _TOLD_OF[kind])
        .where(
            Lot.account_id.in_(ids),
            Lot.remaining > Lot.held,
            ~Lot.pending,
            Lot.expires_on.between(today, end),
            Member.state == MemberState.ACTIVE,
            PointsAccount.currency_kind != CurrencyKind.QUALIFYING,
        )
        .group_by(Member.account_id, Currency.key, year, month)
        .order_by(Member.account_id)
    ).all()


def _told(kind: str, account_ids: set[int]) -> set[tuple[int, str]]:
    if not account_ids:
        return set()
    rows = db.session.execute(
        sa.select(Notification.account_id, Notification.cause).where(
            Notification.account_id.in_(account_ids), Notification.kind == kind
        )
    )
    return {(row.account_id, row.cause) for row in rows}
