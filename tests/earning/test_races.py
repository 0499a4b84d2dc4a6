"""Many facts at once: limits and budgets hold, each fact posts once."""

import sqlalchemy as sa

from portal.earning.models import Decision, Used
from portal.earning.service import record_fact, withdraw_facts
from portal.extensions import db
from portal.members.models import Household
from portal.points.models import Budget, Transaction
from portal.points.verify import verify
from tests.earning.helpers import TODAY, available, fact, publish, rule
from tests.factories import add, make_member
from tests.points.test_races import at_once


def test_of_twenty_facts_of_a_day_one_counts(app) -> None:
    member = make_member()
    publish(rule(limits=[{"per": "member", "period": "day", "times": 1}]))
    new = [fact(member) for _ in range(20)]
    told = at_once(app, *(lambda n=n: record_fact(actor=None, new=n) for n in new))
    assert not [each for each in told if isinstance(each, Exception)]
    assert available(member) == 100_000
    assert db.session.scalar(sa.select(Used.times)) == 1
    refused = sa.select(sa.func.count()).where(Decision.reason == "limit")
    assert db.session.scalar(refused) == 19


def test_of_a_household_that_joins_at_once_one_is_the_first(app) -> None:
    household = add(Household())
    family = [make_member(household=household) for _ in range(6)]
    publish(rule(when={"field": "household_nth", "op": "is", "value": 1}))
    new = [fact(member) for member in family]
    at_once(app, *(lambda n=n: record_fact(actor=None, new=n) for n in new))
    assert db.session.scalar(sa.select(sa.func.count(Transaction.id))) == 1


def test_of_twenty_who_want_the_last_of_a_budget_ten_get_it(app) -> None:
    publish(rule(points="10", budget={"code": "opening", "points": "105"}))
    new = [fact(make_member()) for _ in range(20)]
    at_once(app, *(lambda n=n: record_fact(actor=None, new=n) for n in new))
    assert db.session.scalar(sa.select(Budget.used)) == 100_000
    assert db.session.scalar(sa.select(sa.func.count(Transaction.id))) == 10
    assert verify() == []


def test_a_delivery_that_comes_ten_times_at_once_posts_once(app) -> None:
    member = make_member()
    publish(rule())
    same = fact(member, key="same")
    told = at_once(app, *(lambda: record_fact(actor=None, new=same) for _ in range(10)))
    assert sum(each.is_new for each in told) == 1
    assert available(member) == 100_000


def test_a_fact_and_its_withdrawal_at_once_leave_nothing(app) -> None:
    members = [make_member() for _ in range(6)]
    publish(rule("bought", "contract.signed"))
    acts = []
    for number, member in enumerate(members):
        new = fact(member, "contract.signed", subject=f"contract:{number}")
        acts.append(lambda n=new: record_fact(actor=None, new=n))
        acts.append(lambda s=new.subject: withdraw_facts(actor=None, subject=s, on=TODAY))
    told = at_once(app, *acts)
    assert not [each for each in told if isinstance(each, Exception)]
    assert [available(member) for member in members] == [0] * 6
    assert verify() == []


def test_what_withdrawals_free_of_a_budget_others_get_while_it_is_freed(app) -> None:
    limits = [{"per": "club", "period": "ever", "times": 100}]
    budget = {"code": "opening", "points": "60"}
    publish(rule("bought", "contract.signed", points="10", budget=budget, limits=limits))
    first, second = [make_member() for _ in range(6)], [make_member() for _ in range(12)]
    for number, member in enumerate(first):
        record_fact(actor=None, new=fact(member, "contract.signed", subject=f"contract:{number}"))
    db.session.commit()
    acts = []
    for number, member in enumerate(second):
        new = fact(member, "contract.signed", subject=f"contract:new{number}")
        acts.append(lambda n=new: record_fact(actor=None, new=n))
        if number < len(first):
            gone = f"contract:{number}"
            acts.append(lambda s=gone: withdraw_facts(actor=None, subject=s, on=TODAY))
    told = at_once(app, *acts)
    assert not [each for each in told if isinstance(each, Exception)]
    assert [available(member) for member in first] == [0] * 6
    given = sum(available(member) for member in second)
    assert given <= 60_000
    assert db.session.scalar(sa.select(Budget.used)) == given
    assert db.session.scalar(sa.select(Used.times)) == given // 10_000
    late = record_fact(actor=None, new=fact(make_member(), "contract.signed"))
    assert bool(late.decisions[0].amount) == (given < 60_000)
    db.session.rollback()
    assert verify() == []
