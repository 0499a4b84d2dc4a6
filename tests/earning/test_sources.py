"""Core's events become facts: from the row of what happened, dated by it, once."""

from datetime import date, timedelta
from typing import Any

from portal import clock
from portal.accounts.models import Account, SignIn
from portal.earning import calendar, jobs
from portal.earning.calendar import _month_later
from portal.earning.seen import months_between
from portal.extensions import db
from portal.facts.models import Fact
from portal.members.service import change_profile, register
from portal.outbox.models import DomainEventRow
from portal.outbox.registry import CORE, event_of
from tests.earning.helpers import TODAY, available, publish, rule
from tests.factories import make_member, make_ownership, make_project, make_unit, sign_in


def hear(*kinds: str) -> None:
    """Deliver the events of these kinds to the rules, twice each."""
    rows = db.session.query(DomainEventRow).order_by(DomainEventRow.created_at).all()
    for event in [event_of(row) for row in rows if row.kind in kinds] * 2:
        for subscriber in CORE.values():
            if subscriber.kind == event.kind and subscriber.name.startswith("earning."):
                subscriber.handler(event)
    db.session.commit()


def facts() -> list[tuple[str, date]]:
    """Return every fact's source and day."""
    return [(row.source, row.business_date) for row in db.session.query(Fact).order_by(Fact.source)]


def test_joining_and_a_complete_profile_count_once(app: Any) -> None:
    publish(rule("welcome"), rule("profile", "profile.completed", points="50"))
    member = register(phone="+8619900007777", name="程野")
    db.session.commit()
    hear("member.joined")
    assert available(member) == 100_000
    account = db.session.get_one(Account, member.account_id)
    for values in (
        {"salutation": "ms", "birth_month": None},
        {"salutation": "ms", "birth_month": 5},
    ):
        change_profile(actor=account, member=member, name="程野", **values)
        db.session.commit()
    hear("member.changed")
    assert available(member) == 150_000
    assert facts() == [("member.joined", TODAY), ("profile.completed", TODAY)]


def test_a_home_that_was_verified_by_mistake_is_taken_back(app: Any) -> None:
    publish(rule("home", "unit.verified", when={"field": "role", "op": "is", "value": "owner"}))
    member = make_member()
    ownership = make_ownership(member, make_unit(make_project()))

    def event(kind: str, **data: str) -> DomainEventRow:
        row = DomainEventRow(
            kind=kind,
            project_id=ownership.project_id,
            subject_kind="ownership",
            subject_key=ownership.public_id,
            data=data,
        )
        db.session.add(row)
        db.session.commit()
        return row

    event("ownership.started")
    hear("ownership.started")
    assert available(member) == 100_000
    assert db.session.query(Fact).one().facts == {"role": "owner", "area": "143.00"}
    event("ownership.ended", reason="sale")
    hear("ownership.ended")
    assert available(member) == 100_000
    event("ownership.ended", reason="mistake")
    hear("ownership.ended")
    assert available(member) == 0


def test_months_birthdays_and_sign_ins_come_with_the_days(app: Any, client: Any) -> None:
    joined = TODAY - timedelta(days=40)
    member = make_member(joined_on=joined, birth_month=TODAY.month)
    make_member(joined_on=TODAY)
    for _ in range(2):
        batch = calendar.days_batch(TODAY)
        assert calendar.days_batch(TODAY, after=batch.after or 0).after is None
    sign_in(client, member)
    assert [calendar.sign_ins_batch(clock.now()) for _ in range(2)] == [1, 0]
    db.session.commit()
    assert facts() == [
        ("member.birthday", max(TODAY.replace(day=1), joined)),
        ("member.signed_in", TODAY),
        ("tenure.month", _month_later(joined, 1)),
    ]
    db.session.query(SignIn).update({SignIn.last_seen_at: clock.now() - timedelta(days=2)})
    assert calendar.sign_ins_batch(clock.now() + timedelta(days=1)) == 0
    assert jobs.record_days is not None


def test_a_month_is_over_on_the_same_day_or_the_one_after_the_last() -> None:
    assert _month_later(date(2026, 1, 31), 1) == date(2026, 3, 1)
    assert _month_later(date(2026, 12, 31), 2) == date(2027, 3, 1)
    assert _month_later(date(2026, 5, 3), 8) == date(2027, 1, 3)
    assert months_between(date(2026, 1, 31), date(2026, 2, 28)) == 0
    assert months_between(date(2026, 1, 31), date(2026, 3, 1)) == 1
    assert months_between(date(2026, 5, 3), date(2026, 1, 1)) == 0
