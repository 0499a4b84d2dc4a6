"""The guarded updates of a balance: what is not there cannot be taken, whoever asks at once."""

from datetime import date
from typing import Any

import sqlalchemy as sa

from portal.points.accounts import Place
from portal.points.errors import PointsError
from portal.points.ledger import balances, expect, lock

_account = balances.c.account_id == sa.bindparam("account")
_n = sa.bindparam("n", type_=sa.BigInteger)
_sooner = sa.case(
    (balances.c.due_on > sa.bindparam("due"), sa.bindparam("due", type_=sa.Date)),
    else_=balances.c.due_on,
)
_after = (balances.c.available, balances.c.owed, balances.c.due_on)

_gain = (
    sa.update(balances)
    .where(_account)
    .values(available=balances.c.available + _n, due_on=_sooner)
    .returning(*_after)
)
_gain_pending = (
    sa.update(balances)
    .where(_account)
    .values(pending=balances.c.pending + _n, due_on=_sooner)
    .returning(*_after)
)
_enough = sa.and_(_account, balances.c.available >= _n, balances.c.due_on > sa.bindparam("today"))
_spend = sa.update(balances).where(_enough).values(available=balances.c.available - _n)
_hold = _spend.values(held=balances.c.held + _n)


def gain(place: Place, amount: int, due: date, *, pending: bool = False) -> Any:
    """Add points and return available, owed and due_on as they are now; the row stays locked."""
    statement = _gain_pending if pending else _gain
    parameters = {"account": place.account_id, "n": amount, "due": due}
    return place.connection.execute(statement, parameters).one()


def take(place: Place, amount: int, *, hold: bool, book_due: Any) -> None:
    """Take or set aside available points; what is due is booked first, by `book_due`.

    Raises PointsError("not_enough").
    """
    statement = _hold if hold else _spend
    parameters = {"account": place.account_id, "n": amount, "today": place.today}
    connection = place.connection
    if connection.execute(statement, parameters).rowcount:
        return
    if lock(place.account_id)[place.account_id].due_on <= place.today:
        book_due()
        if connection.execute(statement, parameters).rowcount:
            return
    raise PointsError("not_enough")


def move(place: Place, due: date | None = None, **changes: int) -> Any:
    """Change the parts of a balance by signed amounts, none below zero; return it afterwards.

    `due`: the account's due day becomes this one if it is sooner.
    """
    values: dict[str, Any] = {
        part: balances.c[part] + sa.bindparam(f"by_{part}", type_=sa.BigInteger) for part in changes
    }
    guards = [
        balances.c[part] >= sa.bindparam(f"min_{part}", type_=sa.BigInteger) for part in changes
    ]
    parameters: dict[str, Any] = {"account": place.account_id}
    for part, change in changes.items():
        parameters |= {f"by_{part}": change, f"min_{part}": -change}
    if due is not None:
        values["due_on"] = _sooner
        parameters["due"] = due
    statement = sa.update(balances).where(_account, *guards).values(values).returning(*_after)
    row = place.connection.execute(statement, parameters).first()
    if row is None:
        raise PointsError("not_enough")
    return row


_set_due = sa.update(balances).where(_account).values(due_on=sa.bindparam("due"))


def set_due(place: Place, due: date) -> None:
    """Set the first day on which something of a locked account expires or matures."""
    parameters = {"account": place.account_id, "due": due}
    expect(place.connection.execute(_set_due, parameters), 1)
