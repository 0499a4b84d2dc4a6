"""An owner's months: each begins with what the one before left, sealed or not."""

from datetime import date, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from portal.extensions import db
from portal.members.models import Member
from portal.points import months, queries, service
from portal.points.kinds import NEVER
from portal.points.models import Balance
from portal.points.monthly import month_of, months_of
from portal.points.statement import ledger_of
from portal.points.terms import Terms
from tests.factories import make_member, sign_in
from tests.points.helpers import WHY, earn, hold, holder, key, noon, reverse, spend
from tests.points.test_made_up import account
from tests.points.test_pages import TODAY, page

MIDDLE = TODAY.replace(day=1) - timedelta(days=15)
"""A day of last month."""


def back(number: int) -> date:
    """Return a day in the middle of the month `number` months before the last."""
    day = MIDDLE
    for _ in range(number):
        day = day.replace(day=1) - timedelta(days=15)
    return day


def lived(member: Member) -> None:
    """Let a member have four months of points and a quiet one."""
    first = earn(member, 10_001, at=noon(back(4)), expires_on=NEVER)
    earn(member, 3_000, at=noon(back(4)), expires_on=back(1))
    spent = spend(member, 2_000, at=noon(back(3)))
    reverse(spent, amount=500, at=noon(back(3)))
    hold(member, 700, at=noon(back(1)))
    service.post(
        actor=None, holder=holder(member), amount=900, key=key(), why=WHY,
        terms=Terms(waits=True, expires_on=NEVER), at=noon(back(0)),
    )  # fmt: skip
    spend(member, 8_000, at=noon(back(0)))
    reverse(first, at=noon(back(0)))
    db.session.commit()


def check(app: Any, member: Member) -> list[Any]:
    """Check that every month ties, with its lines and with its neighbours; return them."""
    purse, id_ = queries.purses(holder(member))[0], account(member)
    found = [month_of(purse, month) for month in months_of(purse)[::-1]]
    closing = 0
    for each in found:
        assert each is not None
        assert each.opening == closing
        assert each.opening + each.gained - each.used - each.expired == each.closing
        with app.test_request_context():
            lines = ledger_of(id_, month=each.first, size=100).items
        assert sum(line.effect.net for line in lines) == each.closing - each.opening
        closing = each.closing
    balance = db.session.get_one(Balance, id_)
    assert closing == balance.available + balance.pending + balance.held - balance.owed
    return found


def test_every_month_begins_with_what_the_one_before_left(app: Any) -> None:
    member = make_member()
    lived(member)
    found = check(app, member)
    assert len(found) == 6
    assert [each.is_open for each in found] == [False] * 5 + [True]
    assert found[2].gained == found[2].used == 0


def test_sealed_months_are_their_statements_and_say_the_same(app: Any) -> None:
    member = make_member()
    lived(member)
    before = check(app, member)
    for number in (4, 3, 2):
        months.seal_month(actor=None, month=f"{back(number):%Y-%m}")
    db.session.commit()
    after = check(app, member)
    assert [each.is_sealed for each in after] == [True] * 3 + [False] * 3
    assert [each.closing for each in after] == [each.closing for each in before]


def test_the_page_is_not_final_until_the_month_is_closed(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    lived(member)
    assert "Not final: this month is not over" in page(client, f"/me/points/{TODAY:%Y-%m}")
    address = f"/me/points/{back(4):%Y-%m}"
    assert "Not final: the club has not closed this month yet" in page(client, address)
    months.seal_month(actor=None, month=f"{back(4):%Y-%m}")
    db.session.commit()
    text = page(client, address)
    assert "Final: this month is closed" in text
    assert "At the beginning 0 Came in +13.001 Went out 0 Expired 0 At the end 13.001" in text


def test_a_quiet_month_says_so(client: FlaskClient) -> None:
    member = make_member()
    sign_in(client, member)
    lived(member)
    text = page(client, f"/me/points/{back(2):%Y-%m}")
    assert "Nothing moved in this month" in text
    assert "At the beginning 11.501" in text


@pytest.mark.parametrize("month", ["2001-01", "2099-01", "2026-13", "2026-1", "x", "0000-00"])
def test_months_without_a_ledger_are_not_there(client: FlaskClient, month: str) -> None:
    member = make_member()
    sign_in(client, member)
    assert client.get(f"/me/points/{month}").status_code == 404
    earn(member, 1_000)
    assert client.get(f"/me/points/{month}").status_code == 404


def test_the_page_sends_as_many_statements_for_one_line_as_for_many(
    client: FlaskClient, query_count: Any
) -> None:
    member = make_member()
    sign_in(client, member)
    for _ in range(30):
        earn(member, 1_000)
    client.get(f"/me/points/{TODAY:%Y-%m}")
    with query_count() as sent:
        assert client.get(f"/me/points/{TODAY:%Y-%m}").status_code == 200
    assert len(sent) <= 8, "\n".join(sent.texts)
