"""Facts become points: once, by the rules of their day, within limits, with a reason for each."""

from datetime import date, timedelta

import pytest

from portal.earning import drafting
from portal.earning.models import Decision
from portal.earning.service import record_fact, withdraw_facts
from portal.extensions import db
from portal.facts.service import FactError
from portal.points.models import Transaction
from portal.points.verify import verify
from tests.earning.helpers import TODAY, available, fact, publish, reasons, rule, tell
from tests.factories import make_account, make_member, make_ownership, make_project, make_unit


def posted() -> list[Transaction]:
    """Return every posting, as it was made."""
    return db.session.query(Transaction).order_by(Transaction.created_at, Transaction.id).all()


def test_a_fact_told_twice_posts_once_with_rule_version_source_and_date(app) -> None:
    member = make_member()
    publish(rule("welcome", points="15.5"))
    first = tell(member, key="a")
    again = tell(member, key="a")
    assert (first.is_new, again.is_new, again.decisions) == (True, False, ())
    assert available(member) == 15_500
    (row,) = posted()
    assert (row.key, row.rule, row.rule_version) == ("earn:member.joined:a:welcome", "welcome", 1)
    assert (row.source, row.source_key, row.business_date) == ("member.joined", "a", TODAY)


def test_several_currencies_have_a_key_each(app) -> None:
    member = make_member()
    publish(rule(to=["redeemable", "qualifying"]))
    tell(member, key="a")
    assert available(member) == available(member, "qualifying") == 100_000
    assert [row.key for row in posted()] == [
        "earn:member.joined:a:welcome",
        "earn:member.joined:a:welcome:qualifying",
    ]


def test_a_late_fact_posts_today_by_the_rules_of_its_day(app) -> None:
    member = make_member()
    writer, second = make_account(), make_account()
    publish(rule(points="1"), begins_on=TODAY)
    publish(
        rule(points="7"),
        begins_on=TODAY - timedelta(days=30),
        maker=writer,
        actor=second,
        correction=True,
        note="迟到的规则",
    )
    tell(member, business_date=TODAY - timedelta(days=3))
    assert available(member) == 7_000
    tell(member, business_date=TODAY)
    assert available(member) == 8_000
    tell(member, business_date=TODAY - timedelta(days=31))
    assert available(member) == 8_000
    assert {row.booked_on for row in posted()} == {TODAY}


def test_a_condition_that_fails_is_kept_with_what_was_there(app) -> None:
    member = make_member()
    publish(rule(when={"field": "member.homes", "op": "at_least", "value": 2}))
    told = tell(member)
    assert reasons(told) == ["condition"]
    assert told.decisions[0].details["failures"] == [
        {"field": "member.homes", "op": "at_least", "value": 2, "saw": 0, "negated": False}
    ]
    assert available(member) == 0


def test_conditions_see_roles_projects_homes_and_tenure(app) -> None:
    project = make_project()
    member = make_member(joined_on=TODAY.replace(year=TODAY.year - 2))
    make_ownership(member, make_unit(project))
    publish(
        rule(
            when={
                "all": [
                    {"field": "member.roles", "op": "in", "value": ["owner", "spouse"]},
                    {"field": "member.projects", "op": "is", "value": "binjiang"},
                    {"field": "member.homes", "op": "is", "value": 1},
                    {"field": "member.tenure_months", "op": "at_least", "value": 24},
                    {"field": "project", "op": "is", "value": "binjiang"},
                    {"not": {"field": "member.tier", "op": "is", "value": "gold"}},
                ]
            }
        )
    )
    assert reasons(tell(member, project_id=project.id)) == [""]
    assert reasons(tell(member)) == ["condition"]


def test_the_first_time_is_said_once(app) -> None:
    member = make_member()
    publish(
        rule("first", points="100", when={"field": "nth", "op": "is", "value": 1}),
        rule("ladder", amount={"kind": "ladder", "steps": ["10", "5", "0"]}),
    )
    assert reasons(tell(member)) == ["", ""]
    assert reasons(tell(member)) == ["condition", ""]
    assert reasons(tell(member)) == ["condition", "nothing"]
    assert available(member) == 115_000


def test_limits_count_by_the_day_of_the_event(app) -> None:
    member, other = make_member(), make_member()
    limits = [
        {"per": "member", "period": "day", "times": 1},
        {"per": "household", "period": "month", "points": "1"},
    ]
    publish(rule("signin", "member.signed_in", points="0.5", limits=limits))
    first = TODAY + timedelta(days=40 - TODAY.day)
    days = [first.replace(day=day) for day in (1, 1, 2, 3)]
    outcomes = [reasons(tell(member, "member.signed_in", business_date=day)) for day in days]
    assert outcomes == [[""], ["limit"], [""], ["limit"]]
    assert reasons(tell(other, "member.signed_in", business_date=days[0])) == [""]
    assert available(member) == 1_000
    last = db.session.query(Decision).filter_by(reason="limit").order_by(Decision.id.desc()).first()
    assert last.details == {"per": "household", "period": "month", "times": None, "points": 1000}


def test_a_refused_limit_leaves_the_others_uncounted(app) -> None:
    member = make_member()
    limits = [
        {"per": "household", "period": "ever", "times": 5},
        {"per": "member", "period": "day", "times": 1},
    ]
    publish(rule(limits=limits))
    for _ in range(3):
        tell(member)
    used = db.session.execute(db.text("SELECT per, times FROM earning_used ORDER BY per")).all()
    assert [tuple(row) for row in used] == [("household", 1), ("member", 1)]


def test_a_budget_stops_hard(app) -> None:
    publish(rule(points="40", budget={"code": "opening", "points": "100"}))
    told = [tell(make_member()) for _ in range(3)]
    assert [reasons(each) for each in told] == [[""], [""], ["budget_spent"]]
    with pytest.raises(drafting.BookError, match="budget_given"):
        publish(rule(points="40", budget={"code": "opening", "points": "79"}))


def test_what_is_withdrawn_flows_back_into_the_budget(app) -> None:
    budget = {"code": "opening", "points": "100"}
    publish(rule("bought", "contract.signed", points="60", to=["redeemable", "qualifying"],
                 budget=budget))  # fmt: skip
    tell(make_member(), "contract.signed", subject="contract:1")
    assert reasons(tell(make_member(), "contract.signed")) == ["budget_spent"]
    withdraw_facts(actor=None, subject="contract:1", on=TODAY)
    db.session.commit()
    assert reasons(tell(make_member(), "contract.signed")) == ["", ""]
    assert verify() == []


def test_pending_points_wait_for_their_event_in_any_order(app) -> None:
    early, late = make_member(), make_member()
    pending = {"until": "contract.paid", "percent": 30}
    publish(rule("bought", "contract.signed", pending=pending))
    tell(early, "contract.signed", subject="contract:1")
    assert available(early) == 0
    tell(early, "contract.paid", subject="contract:1", facts={"percent": 20})
    tell(early, "contract.paid", subject="contract:2", facts={"percent": 30})
    assert available(early) == 0
    tell(early, "contract.paid", subject="contract:1", facts={"percent": 45})
    assert available(early) == 100_000
    tell(late, "contract.paid", subject="contract:3", facts={"percent": 30})
    tell(late, "contract.signed", subject="contract:3")
    assert available(late) == 100_000


def test_pending_points_wait_for_their_day(app) -> None:
    member = make_member()
    publish(rule(pending={"days": 7}))
    tell(member)
    assert available(member) == 0
    assert tell(member, business_date=TODAY).is_new


def test_what_is_withdrawn_is_taken_back_and_may_be_earned_anew(app) -> None:
    member = make_member()
    limits = [{"per": "member", "period": "ever", "times": 1}]
    publish(
        rule("bought", "contract.signed", to=["redeemable", "qualifying"], limits=limits),
    )
    tell(member, "contract.signed", subject="contract:1")
    assert withdraw_facts(actor=None, subject="contract:1", on=TODAY, reason="cancelled") == 2
    assert withdraw_facts(actor=None, subject="contract:1", on=TODAY) == 0
    db.session.commit()
    assert available(member) == available(member, "qualifying") == 0
    assert reasons(tell(member, "contract.signed", subject="contract:2")) == ["", ""]
    assert verify() == []


def test_what_was_withdrawn_before_it_came_gives_nothing(app) -> None:
    member = make_member()
    publish(rule("bought", "contract.signed"))
    withdraw_facts(actor=None, subject="contract:1", on=TODAY)
    assert reasons(tell(member, "contract.signed", subject="contract:1")) == ["withdrawn"]
    assert available(member) == 0


def test_a_breach_forfeits_what_is_there(app) -> None:
    member, poor = make_member(), make_member()
    publish(
        rule("welcome", points="30"),
        rule(
            "late",
            "fee.paid",
            effect="forfeit",
            when={"field": "days_late", "op": "more_than", "value": 30},
            amount={"kind": "all"},
        ),
        rule("fine", "tenure.month", effect="forfeit", points="50"),
    )
    tell(member)
    tell(member, "fee.paid", facts={"days_late": 30})
    assert available(member) == 30_000
    tell(member, "fee.paid", facts={"days_late": 31})
    assert available(member) == 0
    tell(poor)
    tell(poor, "tenure.month")
    assert available(poor) == 0
    assert reasons(tell(poor, "tenure.month")) == ["nothing_there"]
    assert [row.amount for row in posted() if row.kind == "forfeit"] == [30_000, 30_000]


def test_a_campaign_and_a_tier_multiply(app) -> None:
    member = make_member()
    campaign = {"from": TODAY.isoformat(), "until": TODAY.isoformat(), "times": "3"}
    publish(
        rule(
            amount={
                "kind": "per_amount",
                "divisor": "10000",
                "points": "1",
                "rounding": "half_up",
                "campaigns": [campaign],
                "times_by_tier": {"gold": "2"},
            },
            source="contract.signed",
        )
    )
    tell(member, "contract.signed", amount=123_678_900)
    assert available(member) == 372_000
    tell(member, "contract.signed", amount=123_678_900, business_date=TODAY + timedelta(days=1))
    assert available(member) == 496_000


def test_a_source_that_nobody_declares_is_refused(app) -> None:
    with pytest.raises(FactError, match="unknown_source"):
        record_fact(actor=None, new=fact(make_member(), "nothing.known"))


def test_without_a_book_facts_are_kept_and_nothing_is_posted(app) -> None:
    member = make_member()
    told = tell(member)
    assert (told.is_new, told.decisions, available(member)) == (True, (), 0)
    assert told.fact.business_date == TODAY > date(2020, 1, 1)


def test_recording_takes_few_statements(app, query_count) -> None:
    member = make_member()
    publish(rule(limits=[{"per": "member", "period": "day", "times": 9}]))
    tell(member)
    with query_count() as sent:
        tell(member)
    assert len(sent) <= 17
