"""What owners are told: in time of what runs out, and of what others did with their points."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal import clock
from portal.columns import new_public_id
from portal.extensions import db
from portal.members.models import Household, Member
from portal.notifications.models import Notification
from portal.outbox.registry import DomainEvent, subscribers
from portal.points import reminders, service
from portal.points.kinds import NEVER
from portal.points.terms import Terms, Why
from tests.factories import add, make_member
from tests.points.helpers import WHY, earn, hold, holder, key, noon, reverse, spend
from tests.points.test_events import told

DAY = date(2027, 3, 2)


def remind(day: date) -> int:
    """Run the job on a day; return how many were told."""
    done, after = 0, 0
    while (batch := reminders.remind_batch(after=after, at=noon(day))).after is not None:
        done, after = done + batch.accounts, batch.after
        db.session.commit()
    return done


def inbox(member: Member) -> list[Notification]:
    """Return what a member was told, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(Notification)
            .where(Notification.account_id == member.account_id)
            .order_by(Notification.created_at, Notification.id)
        )
    )


def test_an_owner_is_told_60_30_and_7_days_before_in_three_languages(app: Any) -> None:
    member = make_member()
    earn(member, 320_500, expires_on=DAY, at=noon(DAY - timedelta(days=200)))
    asked = [DAY - timedelta(days=days) for days in range(75, -3, -1)]
    days = [(DAY - day).days for day in asked if remind(day)]
    assert days == [60, 30, 7]
    first = inbox(member)[0]
    assert first.subject["en"].startswith("320.5 points are good until ")
    assert "320.5" in first.subject["zh_Hans_CN"]
    assert first.subject["zh_Hans_CN"] != first.subject["en"]
    assert first.subject["zh_Hant"] != first.subject["zh_Hans_CN"]
    assert first.url == "/me/points/lots"


def test_lots_of_one_month_are_one_notice(app: Any) -> None:
    member = make_member()
    for number in range(10):
        earn(member, 1_000, expires_on=DAY + timedelta(days=number),
             at=noon(DAY - timedelta(days=200)))  # fmt: skip
    told_on = [days for days in range(75, -3, -1) if remind(DAY - timedelta(days=days))]
    assert told_on == [60, 30, 7]
    assert {each.subject["en"].split()[0] for each in inbox(member)} == {"10"}


def test_late_points_are_told_once_with_the_nearest_horizon(app: Any) -> None:
    member = make_member()
    earn(member, 1_000, expires_on=DAY, at=noon(DAY - timedelta(days=5)))
    assert remind(DAY - timedelta(days=5)) == 1
    assert remind(DAY - timedelta(days=5)) == 0
    assert [each.cause for each in inbox(member)] == ["7:redeemable:2027-03"]


def test_what_is_used_held_pending_or_never_ends_is_not_told(app: Any) -> None:
    at, member = noon(DAY - timedelta(days=90)), make_member()
    earn(member, 3_000, expires_on=DAY, at=at)
    spend(member, 1_000, at=at)
    hold(member, 2_000, at=at)
    earn(member, 1_000, expires_on=NEVER, at=at)
    earn(member, 1_000, terms=Terms(waits=True, expires_on=DAY), at=at)
    earn(member, 1_000, currency="qualifying", expires_on=DAY, at=at)
    assert remind(DAY - timedelta(days=20)) == 0


def test_many_owners_are_told_in_a_few_statements(app: Any, query_count: Any) -> None:
    for number in range(30):
        earn(make_member(), 1_000 + number, expires_on=DAY, at=noon(DAY - timedelta(days=90)))
    with query_count() as sent:
        assert reminders.remind_batch(at=noon(DAY - timedelta(days=20))).accounts == 30
    assert len(sent) <= 10, "\n".join(sent.texts)


def deliver() -> None:
    """Let the subscriber hear of every event that it wants, as the runner does, twice."""
    subscriber = subscribers()["points.notices"]
    for _ in range(2):
        for row in told():
            event = DomainEvent(
                row.id, row.kind, row.project_id, (row.subject_kind, row.subject_key), row.data,
                row.created_at,
            )  # fmt: skip
            if subscriber.wants is None or subscriber.wants(event):
                subscriber.handler(event)
    db.session.commit()


def subjects(member: Member) -> list[str]:
    """Return what a member was told, in English."""
    deliver()
    return [each.subject["en"] for each in inbox(member)]


def test_both_sides_of_a_transfer_are_told(app: Any) -> None:
    household = add(Household())
    giver = make_member(household=household, name="林晓芸")
    receiver = make_member(household=household, name="沈明远")
    earn(giver, 5_000)
    service.transfer(
        actor=None, giver_id=giver.id, receiver_id=receiver.id, amount=1_500, key=key(),
        why=Why("transfer", facts={"from": giver.public_id, "to": receiver.public_id}),
    )  # fmt: skip
    db.session.commit()
    assert subjects(giver) == ["You gave 沈明远 1.5 points"]
    assert subjects(receiver) == ["林晓芸 gave you 1.5 points"]


def test_an_owner_is_told_of_what_is_taken_back_and_owed(app: Any) -> None:
    member = make_member()
    earned = earn(member, 50_000)
    spend(member, 40_000)
    reverse(earned)
    assert sorted(subjects(member)) == [
        "40 points are owed", "−10 points: a line was taken back",
    ]  # fmt: skip


def test_an_owner_is_told_of_points_by_hand(app: Any) -> None:
    member = make_member()
    earn(member, 1_000, by_hand=True, why=Why("manual", note="Helped"))
    service.deduct(actor=None, holder=holder(member), amount=400, key=key(), why=WHY)
    db.session.commit()
    assert sorted(subjects(member)) == [
        "+1 points by club staff", "−0.4 points by club staff",
    ]  # fmt: skip


@pytest.mark.parametrize("days", [0, 400])
def test_quiet_are_earnings_and_what_was_imported(app: Any, days: int) -> None:
    member = make_member()
    at = clock.now() - timedelta(days=days)
    earn(member, 1_000, at=at)
    spend(member, 100, at=at)
    if days:
        earn(member, 1_000, at=at, by_hand=True)
    assert subjects(member) == []


def test_a_notice_of_a_posting_that_is_gone_is_left(app: Any) -> None:
    subscribers()["points.notices"].handler(
        DomainEvent(1, "points.posted", None, ("points_posting", new_public_id()), {}, clock.now())
    )
