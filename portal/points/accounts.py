"""Accounts: found with everything that a posting needs to know in one statement, made on demand."""

from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from portal import clock
from portal.club.models import Club
from portal.extensions import db
from portal.members.models import Member
from portal.points.errors import PointsError
from portal.points.kinds import CurrencyKind, HolderKind, Rounding, System
from portal.points.models import Balance, Currency, PointsAccount, Policy
from portal.points.policy import Rules
from portal.points.terms import Holder

REDEEMABLE = CurrencyKind.REDEEMABLE.value
DEFAULT_ZONE = "Asia/Shanghai"
_NAMES = {
    CurrencyKind.REDEEMABLE: {"zh_Hans_CN": "奖励积分", "zh_Hant": "獎勵積分", "en": "Points"},
    CurrencyKind.QUALIFYING: {
        "zh_Hans_CN": "升级积分",
        "zh_Hant": "升級積分",
        "en": "Qualifying points",
    },
    CurrencyKind.BONUS: {"zh_Hans_CN": "赠送积分", "zh_Hant": "贈送積分", "en": "Bonus points"},
}
_SPENDING = (System.SPENT, System.CONVERT, System.TRANSFER)
_account = PointsAccount.__table__
_currency = Currency.__table__
_system = sa.alias(_account, "system_account")
HOLDER_COLUMNS = {
    HolderKind.MEMBER: _account.c.member_id,
    HolderKind.HOUSEHOLD: _account.c.household_id,
    HolderKind.UNIT: _account.c.unit_id,
    HolderKind.PROJECT: _account.c.project_id,
}


@dataclass(frozen=True, kw_only=True)
class Place(Rules):
    """An account with its currency's rules, the account that stands opposite, and the moment.

    `connection` is that of the caller's transaction, for all statements of the posting; `member`
    the public id of a member whose account it is.
    """

    connection: sa.Connection
    account_id: int
    opposite_id: int
    currency_id: int
    currency_kind: str
    spend_order: str
    negative_policy: str
    negative_limit: int
    transfer_limit: int
    at: datetime
    today: date
    member: str | None = None


_DATED = (
    *(each.name for each in fields(Rules)),
    "negative_policy",
    "negative_limit",
    "transfer_limit",
)
# The order of spending is that by which the lots are sorted, whatever a version says.
_RULES = ("id", "kind", "spend_order", "since", "until", *_DATED)


def _finder(column: sa.ColumnElement[Any]) -> sa.Select[Any]:
    return (
        sa.select(
            *(_currency.c[name] for name in _RULES),
            _account.c.id.label("account_id"),
            _account.c.closed_at,
            _system.c.id.label("opposite_id"),
            sa.select(Club.time_zone).limit(1).scalar_subquery().label("time_zone"),
            sa.select(Member.public_id)
            .where(Member.id == _account.c.member_id)
            .scalar_subquery()
            .label("member"),
        )
        .select_from(_currency)
        .outerjoin(
            _account,
            sa.and_(_account.c.currency_id == _currency.c.id, column == sa.bindparam("holder_id")),
        )
        .outerjoin(
            _system,
            sa.and_(
                _system.c.currency_id == _currency.c.id,
                _system.c.system == sa.bindparam("opposite"),
            ),
        )
        .where(_currency.c.key == sa.bindparam("currency"))
    )


_FIND = {kind: _finder(column) for kind, column in HOLDER_COLUMNS.items()}
_FIND_BY_ID = _finder(_account.c.id)


def find_place(
    *, holder: Holder, currency: str, opposite: System, at: datetime | None = None
) -> Place:
    """Return the holder's account, made when it is the first time.

    `at`: the moment of the posting (default: now). Raises PointsError: unknown_currency,
    account_closed, never_spent (a qualifying currency has no account to spend to).
    """
    parameters = {"holder_id": holder.id, "opposite": opposite, "currency": currency}
    statement = _FIND[holder.kind]
    connection = db.session.connection()
    row = connection.execute(statement, parameters).first()
    if row is None or row.account_id is None or row.opposite_id is None:
        _make(holder, currency)
        row = connection.execute(statement, parameters).one()
    return _place(connection, row, at)


def place_of(*, account_id: int, opposite: System, at: datetime | None = None) -> Place:
    """Return an account that exists. Raises PointsError like `find_place`."""
    key = (
        sa.select(_currency.c.key)
        .join(_account, _account.c.currency_id == _currency.c.id)
        .where(_account.c.id == account_id)
    )
    connection = db.session.connection()
    parameters = {
        "holder_id": account_id,
        "opposite": opposite,
        "currency": connection.scalar(key),
    }
    return _place(connection, connection.execute(_FIND_BY_ID, parameters).one(), at)


def _place(connection: sa.Connection, row: Any, at: datetime | None) -> Place:
    if row.closed_at is not None:
        raise PointsError("account_closed")
    if row.opposite_id is None:
        raise PointsError("never_spent")
    at = at or clock.now()
    today = clock.business_date(row.time_zone or DEFAULT_ZONE, at)
    rules = row if row.since <= today < row.until else _version(connection, row, today)
    return Place(
        connection=connection,
        account_id=row.account_id,
        opposite_id=row.opposite_id,
        currency_id=row.id,
        currency_kind=row.kind,
        spend_order=row.spend_order,
        at=at,
        today=today,
        member=row.member,
        **{name: getattr(rules, name) for name in _DATED},
    )


_versions = (
    sa.select(*(Policy.__table__.c[name] for name in _DATED))
    .where(Policy.currency_id == sa.bindparam("currency"), Policy.valid_from <= sa.bindparam("day"))
    .order_by(Policy.valid_from.desc(), Policy.created_at.desc(), Policy.id.desc())
    .limit(1)
)


def _version(connection: sa.Connection, row: Any, day: date) -> Any:
    """Return the rules of another day than those that the currency's own row is for."""
    return connection.execute(_versions, {"currency": row.id, "day": day}).first() or row


def system_account(place: Place, system: System) -> int:
    """Return the id of one of the currency's system accounts."""
    return int(
        place.connection.execute(
            sa.select(_account.c.id).where(
                _account.c.currency_id == place.currency_id, _account.c.system == system
            )
        ).scalar_one()
    )


def ensure_currencies() -> None:
    """Make the club's currencies and their system accounts, where they are not there yet."""
    for kind in CurrencyKind:
        _insert(
            _currency,
            {
                "key": kind,
                "kind": kind,
                "name": _NAMES[kind],
                "expiry_months": None if kind == CurrencyKind.QUALIFYING else 24,
                "expiry_rounding": Rounding.YEAR,
            },
        )
    for row in db.session.connection().execute(sa.select(_currency.c.id, _currency.c.kind)).all():
        for system in System:
            if row.kind == CurrencyKind.QUALIFYING and system in _SPENDING:
                continue
            _insert(
                _account,
                {
                    "holder_kind": HolderKind.SYSTEM,
                    "system": system,
                    "currency_id": row.id,
                    "currency_kind": row.kind,
                },
            )


def _make(holder: Holder, currency: str) -> None:
    find = sa.select(_currency.c.id, _currency.c.kind).where(_currency.c.key == currency)
    connection = db.session.connection()
    row = connection.execute(find).first()
    if row is None:
        if currency not in set(CurrencyKind):
            raise PointsError("unknown_currency")
        ensure_currencies()
        row = connection.execute(find).one()
    column = HOLDER_COLUMNS[holder.kind]
    _insert(
        _account,
        {
            "holder_kind": holder.kind,
            column.name: holder.id,
            "currency_id": row.id,
            "currency_kind": row.kind,
        },
    )
    account_id = connection.scalar(
        sa.select(_account.c.id).where(column == holder.id, _account.c.currency_id == row.id)
    )
    _insert(Balance.__table__, {"account_id": account_id})
    if row.kind == CurrencyKind.BONUS:
        # What bonus points add to a spending is read beside the account that spends.
        _make(holder, REDEEMABLE)


def _insert(table: Any, row: dict[str, Any]) -> None:
    """Insert a row unless it is there; another who inserts it at once is waited for."""
    postgres = db.session.get_bind().dialect.name == "postgresql"
    insert = (postgresql if postgres else sqlite).insert(table)
    db.session.connection().execute(insert.on_conflict_do_nothing(), row)
