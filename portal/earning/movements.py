"""What a backtest reads of what really happened: facts, withdrawals, postings, and what members did
with their points."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from portal.earning.kinds import Outcome
from portal.earning.models import Decision
from portal.earning.replaying import Account, Movement
from portal.extensions import db
from portal.facts.models import Fact, Subject
from portal.points.kinds import Kind, Part
from portal.points.models import Currency, Entry, Lot, PointsAccount, Transaction

Day = tuple[int, str, str, str]
"""A member, a currency, the day on which points count, the day since which they are known."""
_GIVEN, _TAKEN = (Kind.EARN, Kind.AWARD), (Kind.DEDUCT, Kind.FORFEIT)


def facts_between(since: date, until: date) -> sa.Select[Any]:
    """Return the statement of the facts of some days, as they were heard of."""
    return (
        sa.select(Fact)
        .where(Fact.business_date.between(since, until))
        .order_by(Fact.created_at, Fact.id)
    )


def withdrawals() -> list[tuple[datetime, str]]:
    """Return the subjects that are withdrawn, in the order in which they were."""
    rows = db.session.execute(
        sa.select(Subject.withdrawn_at, Subject.subject)
        .where(Subject.withdrawn_at.is_not(None))
        .order_by(Subject.withdrawn_at, Subject.subject)
    )
    return [(row.withdrawn_at, row.subject) for row in rows if row.withdrawn_at is not None]


def movements(
    since: date, until: date, *, after: datetime | None, upto: datetime
) -> Iterator[Movement]:
    """Yield what became of available points after a moment and up to another, in order, but for
    what rules did for facts of the days that are replayed."""
    original = sa.orm.aliased(Transaction)
    day = sa.func.coalesce(original.business_date, Transaction.business_date)
    ours = sa.and_(Transaction.rule.is_not(None), day.between(since, until))
    where = [Transaction.created_at <= upto, Transaction.kind != Kind.MATURE, ~ours]
    if after is not None:
        where.append(Transaction.created_at > after)
    into = sa.and_(
        Entry.credit_account_id == PointsAccount.id,
        Entry.credit_part.in_((Part.AVAILABLE, Part.OWED)),
    )
    out_of = sa.and_(
        Entry.debit_account_id == PointsAccount.id,
        Entry.debit_part.in_((Part.AVAILABLE, Part.OWED)),
    )
    amount = sa.case((into, Entry.amount), else_=0) - sa.case((out_of, Entry.amount), else_=0)
    rows = db.session.execute(
        sa.select(
            Transaction.created_at,
            PointsAccount.member_id,
            Currency.key,
            sa.func.sum(amount).label("amount"),
        )
        .select_from(Transaction)
        .join(Entry, Entry.transaction_id == Transaction.id)
        .join(
            PointsAccount,
            PointsAccount.id.in_((Entry.debit_account_id, Entry.credit_account_id)),
        )
        .join(Currency, Currency.id == PointsAccount.currency_id)
        .outerjoin(original, original.id == Transaction.reverses_id)
        .where(PointsAccount.member_id.is_not(None), sa.or_(into, out_of), *where)
        .group_by(Transaction.created_at, Transaction.id, PointsAccount.member_id, Currency.key)
        .order_by(Transaction.created_at, Transaction.id)
    )
    for row in rows:
        yield Movement(row.created_at, row.member_id, row.key, int(row.amount))


def posted_between(since: date, until: date) -> dict[Account, int]:
    """Return what was really given for the facts of some days, by member and currency."""
    rows = db.session.execute(_posted(since, until, Decision.member_id, Decision.currency))
    return {(row[0], row[1]): int(row.amount) for row in rows}


def earned_rows(
    since: date, until: date, *, ours: bool, ids: Sequence[int] | None = None
) -> Iterator[tuple[Day, int]]:
    """Yield what counts for members' tiers, and since when that is known: what does not wait.

    `ours`: what rules gave or took for facts of some days; else all the rest.
    """
    original = sa.orm.aliased(Transaction)
    for reversal in (False, True):
        told = Transaction if reversal else original
        row = _lots(original)
        by_rule = sa.and_(original.rule.is_not(None), original.business_date.between(since, until))
        statement = (
            sa.select(
                PointsAccount.member_id,
                Currency.key,
                original.business_date,
                original.kind,
                told.booked_on,
                told.amount,
                row.label("effective_on"),
            )
            .select_from(original)
            .join(PointsAccount, PointsAccount.id == original.account_id)
            .join(Currency, Currency.id == PointsAccount.currency_id)
            .where(
                original.kind.in_((*_GIVEN, *_TAKEN)),
                PointsAccount.member_id.is_not(None),
                ~_waits(original),
                by_rule if ours else ~by_rule,
            )
        )
        if reversal:
            statement = statement.join(Transaction, Transaction.reverses_id == original.id)
        if ids is not None:
            statement = statement.where(PointsAccount.member_id.in_(ids))
        for each in db.session.execute(statement):
            known = each.booked_on
            if each.effective_on is not None and each.effective_on > known:
                # What matures is booked before the evaluation of that night.
                known = each.effective_on - timedelta(days=1)
            sign = 1 if (each.kind in _GIVEN) != reversal else -1
            place = (each.member_id, each.key, each.business_date.isoformat(), known.isoformat())
            yield place, sign * int(each.amount)


def _waits(original: Any) -> sa.ColumnElement[bool]:
    return sa.exists().where(Entry.transaction_id == original.id, Lot.id == Entry.id, Lot.pending)


def _lots(original: Any) -> Any:
    """Return the day since which the points of a posting are available."""
    return (
        sa.select(sa.func.max(Lot.effective_on))
        .join(Entry, Entry.id == Lot.id)
        .where(Entry.transaction_id == original.id)
        .scalar_subquery()
    )


def _posted(since: date, until: date, *columns: Any) -> sa.Select[Any]:
    sign = sa.case((Transaction.kind == Kind.FORFEIT, -1), else_=1)
    return (
        sa.select(*columns, sa.func.sum(Decision.amount * sign).label("amount"))
        .join(Fact, Fact.id == Decision.fact_id)
        .join(Transaction, Transaction.id == Decision.posting_id)
        .where(
            Fact.business_date.between(since, until),
            Decision.outcome == Outcome.POSTED,
            Decision.member_id.is_not(None),
        )
        .group_by(*columns)
    )


def compare(
    before: Mapping[Account, int], after: Mapping[Account, int], *, shown: int = 20
) -> dict[str, Any]:
    """Return the result of a backtest as it is kept: totals by currency, winners, losers."""
    totals: dict[str, list[int]] = {}
    changes = []
    for account in sorted({*before, *after}):
        member_id, currency = account
        was, now = before.get(account, 0), after.get(account, 0)
        total = totals.setdefault(currency, [0, 0])
        total[0] += was
        total[1] += now
        if was != now:
            changes.append((member_id, currency, was, now))
    gains = [each for each in changes if each[3] > each[2]]
    losses = [each for each in changes if each[3] < each[2]]
    return {
        "totals": totals,
        "winners": len({each[0] for each in gains}),
        "losers": len({each[0] for each in losses}),
        "gains": _largest(gains, shown),
        "losses": _largest(losses, shown),
    }


def _largest(changes: list[tuple[int, str, int, int]], shown: int) -> list[list[Any]]:
    ordered = sorted(changes, key=lambda each: (-abs(each[3] - each[2]), each[0]))
    return [list(each) for each in ordered[:shown]]
