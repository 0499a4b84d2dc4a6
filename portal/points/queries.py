"""Reading points: the five figures, and the ledger with what each line did."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal import clock
from portal.club.queries import current_club
from portal.columns import Texts
from portal.extensions import db
from portal.members.models import Member
from portal.points.accounts import HOLDER_COLUMNS, REDEEMABLE
from portal.points.kinds import CurrencyKind, SpendOrder
from portal.points.models import (
    Balance,
    Currency,
    Lot,
    PointsAccount,
    SealedMonth,
    Transaction,
)
from portal.points.terms import Holder

SOON_DAYS = 60


@dataclass(frozen=True)
class Figures:
    """An account's points in milli-points as of today, whether or not the nightly job has run.

    `expiring`: what of the available points has its last day within 60 days, the first of them on
    `expires_on`. `bonus`: what the bonus currency adds to a spending, where the club uses it first.
    `account_id` is None for somebody who never had points. `dead` and `ripe`: what has expired or
    begun since the last posting and is booked with the next one.
    """

    available: int = 0
    pending: int = 0
    held: int = 0
    expiring: int = 0
    owed: int = 0
    expires_on: date | None = None
    account_id: int | None = None
    dead: int = 0
    ripe: int = 0
    bonus: int = 0

    @property
    def spendable(self) -> int:
        """Return how many points a spending may use: bonus points pay what is owed first, too."""
        return max(0, self.available + self.bonus - self.owed)


def _sum(amount: Any, *conditions: Any) -> Any:
    here = Lot.account_id == Balance.account_id
    total = sa.select(sa.func.coalesce(sa.func.sum(amount), 0)).where(here, *conditions)
    return total.correlate(Balance).scalar_subquery()


_free = (Lot.remaining > Lot.held, ~Lot.pending)
_today = sa.bindparam("today", type_=sa.Date)
_soon = sa.bindparam("soon", type_=sa.Date)
_living_soon = (*_free, Lot.expires_on >= _today, Lot.expires_on <= _soon)
_ripe = (Lot.pending, Lot.effective_on <= _today)
_due = Balance.due_on <= _today


def _if_due(value: Any) -> Any:
    return sa.case((_due, value), else_=0)


_bonus_account = aliased(PointsAccount, name="bonus_account")
_bonus_balance = aliased(Balance, name="bonus_balance")
_dead_bonus = (
    sa.select(sa.func.coalesce(sa.func.sum(Lot.remaining - Lot.held), 0))
    .where(Lot.account_id == _bonus_balance.account_id, *_free, Lot.expires_on < _today)
    .correlate(_bonus_balance)
    .scalar_subquery()
)
_bonus_held = (
    sa.select(sa.func.coalesce(sa.func.sum(_bonus_balance.available - _dead_bonus), 0))
    .join(_bonus_account, _bonus_account.id == _bonus_balance.account_id)
    .where(
        _bonus_account.currency_kind == CurrencyKind.BONUS,
        _bonus_account.closed_at.is_(None),
        sa.or_(
            *(
                getattr(_bonus_account, column.name) == getattr(PointsAccount, column.name)
                for column in HOLDER_COLUMNS.values()
            )
        ),
    )
    .correlate(PointsAccount)
    .scalar_subquery()
)
_across = sa.and_(
    Currency.spend_order == SpendOrder.BONUS_ACROSS,
    PointsAccount.currency_kind != CurrencyKind.BONUS,
)
_bonus = sa.case((_across, _bonus_held), else_=0)

_all_figures = (
    sa.select(
        Balance.account_id,
        Balance.available,
        Balance.pending,
        Balance.held,
        Balance.owed,
        _if_due(_sum(Lot.remaining - Lot.held, *_free, Lot.expires_on < _today)).label("dead"),
        _if_due(_sum(Lot.remaining, *_ripe)).label("ripe"),
        _if_due(_sum(Lot.remaining, *_ripe, Lot.expires_on < _today)).label("ripe_dead"),
        _sum(Lot.remaining - Lot.held, *_living_soon).label("expiring"),
        sa.select(sa.func.min(Lot.expires_on))
        .where(Lot.account_id == Balance.account_id, *_living_soon)
        .correlate(Balance)
        .scalar_subquery()
        .label("expires_on"),
        _bonus.label("bonus"),
    )
    .select_from(Balance)
    .join(PointsAccount, PointsAccount.id == Balance.account_id)
    .join(Currency, Currency.id == PointsAccount.currency_id)
)
_figures = _all_figures.where(Currency.key == sa.bindparam("currency"))


def balance(holder: Holder, currency: str = REDEEMABLE, *, at: datetime | None = None) -> Figures:
    """Return a holder's five figures: one statement, besides the club's."""
    row = db.session.execute(figures_statement(holder, currency, at=at)).first()
    return figures_from(row)


def figures_statement(
    holder: Holder, currency: str = REDEEMABLE, *, at: datetime | None = None
) -> sa.Select[Any]:
    """Return the statement of a holder's figures, at most one row, to be joined to a page's own."""
    mine = _figures.where(HOLDER_COLUMNS[holder.kind] == holder.id)
    return mine.params(currency=currency, **_days(at))


def figures_by_member(currency: str = REDEEMABLE, *, at: datetime | None = None) -> sa.Select[Any]:
    """Return the statement of every member's figures, with `member_id`, to be joined to members."""
    return _figures.add_columns(PointsAccount.member_id).params(currency=currency, **_days(at))


def _days(at: datetime | None) -> dict[str, date]:
    today = clock.business_date(current_club().time_zone, at)
    return {"today": today, "soon": today + timedelta(days=SOON_DAYS)}


def figures_from(row: Any) -> Figures:
    """Return the figures of a row of `figures_statement`, zeros for nobody's."""
    if row is None or row.account_id is None:
        return Figures()
    # PostgreSQL's sums are decimals; an amount that is no int is refused by every posting.
    dead, ripe, ripe_dead = int(row.dead), int(row.ripe), int(row.ripe_dead)
    available = row.available - dead + ripe - ripe_dead
    paid = min(available, row.owed) if ripe else 0
    return Figures(
        available=available - paid,
        pending=row.pending - ripe,
        held=row.held,
        expiring=int(row.expiring),
        owed=row.owed - paid,
        expires_on=row.expires_on,
        account_id=row.account_id,
        dead=dead + ripe_dead,
        ripe=ripe,
        bonus=int(row.bonus),
    )


def account_of(holder: Holder, currency: str) -> int | None:
    """Return the id of a holder's account; None when they never had points of the currency."""
    return db.session.scalar(
        sa.select(PointsAccount.id)
        .join(Currency, Currency.id == PointsAccount.currency_id)
        .where(HOLDER_COLUMNS[holder.kind] == holder.id, Currency.key == currency)
    )


@dataclass(frozen=True)
class Purse:
    """A holder's account of one currency; `name` by language, `begun_on`: of its first line.

    `sealed_from`, `sealed_to`: the first and last month that the club has sealed, by `purses`.
    `pool`: whether the member's household has points of its own, by `wallet`.
    """

    key: str
    name: Texts
    account_id: int
    begun_on: date | None = None
    sealed_from: str | None = None
    sealed_to: str | None = None
    pool: bool = False


_begun_on = (
    sa.select(Transaction.booked_on)
    .where(Transaction.account_id == PointsAccount.id)
    .order_by(Transaction.booked_at, Transaction.id)
    .limit(1)
    .correlate(PointsAccount)
    .scalar_subquery()
)


_sealed = (
    sa.select(sa.func.min(SealedMonth.month)).scalar_subquery(),
    sa.select(sa.func.max(SealedMonth.month)).scalar_subquery(),
)


def purses(holder: Holder) -> list[Purse]:
    """Return the currencies of which a holder has ever had points, redeemable ones first."""
    rows = db.session.execute(
        sa.select(Currency.key, Currency.name, PointsAccount.id, _begun_on, *_sealed)
        .join(PointsAccount, PointsAccount.currency_id == Currency.id)
        .where(HOLDER_COLUMNS[holder.kind] == holder.id)
        .order_by(Currency.key != REDEEMABLE, Currency.key)
    )
    return [Purse(*row) for row in rows]


_together = aliased(PointsAccount, name="together")
_pool = (
    sa.select(_together.id)
    .join(Member, Member.household_id == _together.household_id)
    .where(Member.id == PointsAccount.member_id)
    .correlate(PointsAccount)
    .exists()
)


def wallet(holder: Holder, *, at: datetime | None = None) -> list[tuple[Purse, Figures]]:
    """Return the currencies as `purses` does, each with its figures: one statement."""
    rows = db.session.execute(
        _all_figures.add_columns(
            Currency.key, Currency.name, _begun_on.label("begun_on"), _pool.label("pool")
        )
        .where(HOLDER_COLUMNS[holder.kind] == holder.id)
        .order_by(Currency.key != REDEEMABLE, Currency.key)
        .params(_days(at))
    )
    return [
        (
            Purse(row.key, row.name, row.account_id, row.begun_on, pool=bool(row.pool)),
            figures_from(row),
        )
        for row in rows
    ]


def purse_of(found: Iterable[Purse], currency: str) -> Purse | None:
    """Return the purse of one currency."""
    return next((purse for purse in found if purse.key == currency), None)
