"""Facts: kept once and for ever, withdrawn by their subject, counted within days."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.extensions import db
from portal.facts import queries
from portal.facts.models import Fact
from portal.facts.service import FactError, NewFact, Recorded, record, withdraw
from tests.factories import make_member

DAY = date(2026, 11, 3)


def keep(member: Any, key: str = "1", **values: Any) -> Recorded:
    """Record a fact about a member, and commit."""
    values.setdefault("source", "fee.paid")
    values.setdefault("business_date", DAY)
    done = record(
        new=NewFact(key=key, member_id=member.id, household_id=member.household_id, **values)
    )
    db.session.commit()
    return done


def test_a_fact_told_twice_is_one(app) -> None:
    member = make_member()
    first, again = keep(member, amount=100), keep(member, amount=999)
    assert (first.is_new, again.is_new, first.fact.id) == (True, False, again.fact.id)
    assert again.fact.amount == 100


def test_totals_count_what_is_live_between_the_days(app) -> None:
    member, other = make_member(), make_member()
    keep(member, "1", amount=100, business_date=date(2026, 10, 31))
    keep(member, "2", amount=200, subject="contract:a")
    keep(member, "3", amount=400, category="food")
    keep(member, "4", amount=800, business_date=date(2026, 11, 30))
    keep(other, "5", amount=1600)
    keep(member, "6", amount=3200, source="sign_in")
    window = (["fee.paid"], date(2026, 11, 1), date(2026, 11, 30))
    assert queries.member_totals(member.id, *window) == queries.Totals(3, 1400, 2)
    assert queries.member_totals(member.id, *window, category="food").amount == 400
    assert withdraw(subject="contract:a", on=DAY)
    assert queries.member_totals(member.id, *window) == queries.Totals(2, 1200, 2)
    everybody = db.session.execute(queries.totals_by(Fact.household_id, *window)).all()
    assert sorted(row.amount for row in everybody) == [1200, 1600]


def test_what_is_withdrawn_first_is_withdrawn_when_it_comes(app) -> None:
    member = make_member()
    assert withdraw(subject="contract:a", on=DAY, reason="cancelled")
    assert not withdraw(subject="contract:a", on=date(2026, 12, 1))
    assert keep(member, subject="contract:a").is_withdrawn
    assert queries.member_totals(member.id, ["fee.paid"]) == queries.Totals()
    assert [fact.key for fact in queries.facts_about("contract:a")] == ["1"]


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"source": ""}, "source_invalid"),
        ({"source": "x" * 41}, "source_invalid"),
        ({"key": "k" * 61}, "key_invalid"),
        ({"subject": "s" * 81}, "subject_invalid"),
        ({"amount": 10**15}, "amount_invalid"),
        ({"amount": 1.5}, "amount_invalid"),
    ],
)
def test_a_fact_that_cannot_be_is_refused(app, values, code) -> None:
    with pytest.raises(FactError) as caught:
        keep(make_member(), **values)
    assert caught.value.code == code


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE points_event SET amount = 1",
        "DELETE FROM points_event",
        "UPDATE points_subject SET withdrawn_on = NULL",
        "DELETE FROM points_subject",
    ],
)
def test_nobody_changes_what_was_known(app, statement) -> None:
    keep(make_member(), subject="contract:a")
    withdraw(subject="contract:a", on=DAY)
    db.session.commit()
    with pytest.raises(DBAPIError):
        db.session.execute(sa.text(statement))
