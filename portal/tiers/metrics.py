"""Each metric as one SELECT over everybody, or over a batch: `holder_id` and `value`.

The holder is the member, or the household where a scheme pools its figures. Nobody's row: 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.contracts.models import Fee
from portal.facts.models import Fact
from portal.facts.queries import within
from portal.members.models import Member
from portal.points.kinds import Kind
from portal.points.models import Currency, Entry, Lot, PointsAccount, Reversed, Transaction
from portal.projects.models import Ownership, Role, Unit
from portal.tiers import dates
from portal.tiers.kinds import Measure, MetricKind, Pool, WindowKind
from portal.tiers.terms import Metric, Window
from portal.tiers.windows import window_days

_GIVEN, _TAKEN = (Kind.EARN, Kind.AWARD), (Kind.DEDUCT, Kind.FORFEIT)


@dataclass(frozen=True)
class Batch:
    """Which members: those of `ids`, or those with ids after one and up to another, or all."""

    ids: Sequence[int] | None = None
    after: int | None = None
    upto: int | None = None

    def has(self, column: Any) -> Any:
        """Return the condition that a column names a member of the batch."""
        if self.ids is not None:
            return column.in_(self.ids)
        if self.upto is None:
            return sa.true()
        return sa.and_(column > self.after, column <= self.upto)

    def has_member(self, pool: Pool) -> Any:
        """Return the condition on Member that its figures are needed."""
        if pool == Pool.MEMBER or (self.ids is None and self.upto is None):
            return self.has(Member.id)
        homes = sa.select(Member.household_id).where(self.has(Member.id))
        return Member.household_id.in_(homes)


EVERYBODY = Batch()


def holder_of(pool: Pool) -> Any:
    """Return the column of Member whose figures count."""
    return Member.id if pool == Pool.MEMBER else Member.household_id


def figures_of(metric: Metric, pool: Pool, on: date, batch: Batch = EVERYBODY) -> sa.Select[Any]:
    """Return the statement of a metric's figures on a day: `holder_id`, `value`."""
    return _BY_KIND[metric.kind](metric, pool, on, batch)


def _in_window(column: Any, window: Window, on: date) -> list[Any]:
    """Return the conditions that a date lies in the window, of the member that is joined."""
    if window.kind == WindowKind.LIFETIME:
        return [column <= on]
    if window.kind in (WindowKind.ANNIVERSARY, WindowKind.JOIN_MONTH):
        yearly = (
            dates.anniversary if window.kind == WindowKind.ANNIVERSARY else dates.month_anniversary
        )
        until = column < yearly(Member.joined_on, on) if window.back else column <= on
        return [column >= yearly(Member.joined_on, on, -window.back), until]
    days = window_days(window, on, on)
    return [column >= days.since, column <= days.until]


def _grouped(value: Any, pool: Pool) -> sa.Select[Any]:
    holder = holder_of(pool)
    whole = sa.cast(value, sa.BigInteger)
    return sa.select(holder.label("holder_id"), whole.label("value")).group_by(holder)


def _points(metric: Metric, pool: Pool, on: date, batch: Batch) -> sa.Select[Any]:
    """Points earned in the window less what was taken back or away; those that wait do not count.

    A reversal counts on the day of what it reverses.
    """
    total = sa.func.sum(_signed())
    grouped = _grouped(sa.case((total < 0, 0), else_=total), pool)
    return _ledger(grouped, metric, pool, on, batch)


def _signed() -> Any:
    net = Transaction.amount - sa.func.coalesce(Reversed.reversed, 0)
    return sa.case((Transaction.kind.in_(_GIVEN), net), else_=-net)


def _ledger(
    statement: sa.Select[Any], metric: Metric, pool: Pool, on: date, batch: Batch
) -> sa.Select[Any]:
    mine = batch.has_member(pool)
    waiting = (
        sa.select(Entry.transaction_id)
        .join(Lot, Lot.id == Entry.id)
        .join(PointsAccount, PointsAccount.id == Lot.account_id)
        .join(Member, Member.id == PointsAccount.member_id)
        .where(Lot.pending, mine)
    )
    return (
        statement.select_from(Transaction)
        .join(PointsAccount, PointsAccount.id == Transaction.account_id)
        .join(Currency, Currency.id == PointsAccount.currency_id)
        .join(Member, Member.id == PointsAccount.member_id)
        .outerjoin(Reversed, Reversed.transaction_id == Transaction.id)
        .where(
            Currency.key == metric.currency,
            Transaction.kind.in_((*_GIVEN, *_TAKEN)),
            Transaction.id.not_in(waiting),
            mine,
            *_in_window(Transaction.business_date, metric.window, on),
        )
    )


def _facts(metric: Metric, pool: Pool, on: date, batch: Batch) -> sa.Select[Any]:
    """How many facts, on how many days, their amounts, or the mean amount of each."""
    statement = (
        _grouped(_measured(metric), pool)
        .select_from(Fact)
        .join(Member, Member.id == Fact.member_id)
        .where(
            batch.has_member(pool),
            *within(metric.sources),
            *_in_window(Fact.business_date, metric.window, on),
        )
    )
    return (
        statement if metric.category is None else statement.where(Fact.category == metric.category)
    )


def _measured(metric: Metric) -> Any:
    amount = sa.func.coalesce(sa.func.sum(Fact.amount), 0)
    if metric.kind == MetricKind.SPEND or metric.measure == Measure.SUM:
        return sa.case((amount < 0, 0), else_=amount)
    if metric.measure == Measure.DAYS:
        return sa.func.count(sa.distinct(Fact.business_date))
    if metric.measure == Measure.MEAN:
        parts: Any = sa.func.count()
        if metric.per:
            parts = sa.func.sum(sa.func.coalesce(Fact.facts[metric.per].as_integer(), 1))
        return rounded_mean(amount, parts, metric.round_to)
    return sa.func.count()


def rounded_mean(amount: Any, parts: Any, round_to: int) -> Any:
    """Return amount / parts as a multiple of `round_to`, half up; 0 where there are no parts."""
    whole, each = sa.cast(amount, sa.BigInteger), sa.cast(parts, sa.BigInteger) * round_to
    mean = (2 * whole + each) // (2 * each) * round_to
    return sa.case((sa.or_(whole <= 0, each <= 0), 0), else_=mean)


def _homes(metric: Metric, pool: Pool, on: date, batch: Batch) -> Any:
    """Return who has which home on a day, each once for a holder."""
    holder = holder_of(pool)
    return (
        sa.select(holder.label("holder_id"), Ownership.unit_id)
        .select_from(Ownership)
        .join(Member, Member.id == Ownership.member_id)
        .where(
            batch.has_member(pool),
            Ownership.role.in_([Role(role) for role in metric.roles]),
            Ownership.since <= on,
            sa.or_(Ownership.until.is_(None), Ownership.until > on),
        )
        .distinct()
        .subquery()
    )


def _units(metric: Metric, pool: Pool, on: date, batch: Batch) -> sa.Select[Any]:
    homes = _homes(metric, pool, on, batch)
    value: Any = sa.func.count()
    if metric.kind == MetricKind.OWNER:
        value = sa.literal(1, sa.BigInteger)
    statement = sa.select(homes.c.holder_id, sa.cast(value, sa.BigInteger).label("value"))
    if metric.kind == MetricKind.AREA:
        value = sa.func.coalesce(sa.func.sum(Unit.area), 0)
        statement = sa.select(
            homes.c.holder_id, sa.cast(value, sa.BigInteger).label("value")
        ).join_from(homes, Unit, Unit.id == homes.c.unit_id)
    return statement.group_by(homes.c.holder_id)


def _tenure(metric: Metric, pool: Pool, on: date, batch: Batch) -> sa.Select[Any]:
    """Return whole months since joining; a household's are those of its first member."""
    longest = sa.func.max(dates.tenure_months(Member.joined_on, on))
    return _grouped(longest, pool).where(batch.has_member(pool))


def _arrears(metric: Metric, pool: Pool, on: date, batch: Batch) -> sa.Select[Any]:
    """Return the fen of fees that are due and were not paid by the day."""
    return (
        _grouped(sa.func.sum(Fee.amount), pool)
        .select_from(Fee)
        .join(Member, Member.id == Fee.member_id)
        .where(
            batch.has_member(pool),
            Fee.due_on < on,
            sa.or_(Fee.paid_on.is_(None), Fee.paid_on > on),
        )
    )


_BY_KIND = {
    MetricKind.POINTS: _points,
    MetricKind.SPEND: _facts,
    MetricKind.FACTS: _facts,
    MetricKind.UNITS: _units,
    MetricKind.AREA: _units,
    MetricKind.OWNER: _units,
    MetricKind.TENURE: _tenure,
    MetricKind.ARREARS: _arrears,
}
