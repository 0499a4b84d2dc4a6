"""Rules with a past date: refused, unless a second person confirms a correction."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from plugins.referrals.corrections import service
from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Campaign, Correction, Lead, Reward, Step
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.sdk import points_balance
from tests import factories
from tests.plugins.referrals.test_races import at_once
from tests.plugins.referrals.test_replay import draft
from tests.plugins.referrals.test_rewards import cancel, promise, rewards, sell

CHOICE = {"stage": "subscribed", "amount": 100_000}
NEW = "/p/binjiang/staff/referrals/rules/new"


def past(*lines: dict[str, Any]) -> Any:
    """Return rules from half a day ago on."""
    return draft(*lines, starts_at=clock.now() - timedelta(hours=12))


@pytest.fixture
def sold(place: Any, make_lead: Any) -> Lead:
    """A lead whose visit gave 200 points, beside one that was cancelled."""
    promise(place, "visited", 200_000)
    promise(place, "subscribed", 100_000)
    gone = make_lead()
    sell(place, gone, "subscribed")
    cancel(place, gone)
    lead: Lead = make_lead()
    sell(place, lead, "subscribed")
    return lead


def test_a_correction_takes_two_and_leaves_what_was_posted(app, place, sold) -> None:
    first, second = place.manager, factories.make_staff("manager", place.project)
    told: dict[str, Any] = {"project": place.ref, "after": 1, "at": clock.now()}
    rules = past(
        {"stage": "visited", "amount": 300_000}, {"stage": "subscribed", "amount": 100_000}
    )
    with pytest.raises(ReferralError, match="NO_REASON"):
        service.propose(actor=first, draft=rules, words="", **told)
    found = service.propose(actor=first, draft=rules, words="录错数额", **told)
    db.session.commit()
    assert found.effect == {
        "leads": 1, "changed": 1, "before": {"points": 300_000}, "after": {"points": 400_000},
    }  # fmt: skip
    # Nothing but the proposal is there.
    assert db.session.scalar(sa.select(sa.func.count(Campaign.id))) == 1
    assert points_balance(place.owner).available == 300_000
    with pytest.raises(ReferralError, match="SAME_PERSON"):
        service.confirm(actor=first, project=place.ref, found=found, at=clock.now())
    posted = set(db.session.scalars(sa.select(Reward.id)))
    made = service.confirm(actor=second, project=place.ref, found=found, at=clock.now())
    db.session.commit()
    db.session.refresh(sold)
    assert (sold.campaign_id, found.campaign_id, found.decided_by) == (made.id, made.id, second.id)
    assert points_balance(place.owner).available == 400_000
    assert posted < set(db.session.scalars(sa.select(Reward.id)))
    assert (
        sorted(row for row in rewards() if row[2] != "cancelled" and row[1] > 0)[-1][1] == 300_000
    )
    with pytest.raises(ReferralError, match="CHANGED"):
        service.confirm(actor=second, project=place.ref, found=found, at=clock.now())
    db.session.rollback()


def test_what_comes_to_the_same_stays_as_it_is(place, sold) -> None:
    before = rewards()
    rules = past(
        {"stage": "visited", "amount": 200_000}, {"stage": "subscribed", "amount": 100_000}
    )
    found = service.propose(
        actor=place.manager, project=place.ref, draft=rules, after=1, words="只改期限",
        at=clock.now(),
    )  # fmt: skip
    second = factories.make_staff("manager", place.project)
    service.confirm(actor=second, project=place.ref, found=found, at=clock.now())
    db.session.commit()
    assert (found.effect["leads"], found.effect["changed"], rewards()) == (1, 0, before)


def test_the_page_refuses_a_past_date_and_takes_a_correction(app, place, sold) -> None:
    manager = factories.sign_in(app.test_client(), place.manager)
    begins = (clock.now() - timedelta(hours=12)).astimezone(ZoneInfo("Asia/Shanghai"))
    form = {
        "after": "1", "title_zh_Hans_CN": "邀好友", "promise_zh_Hans_CN": "到访得积分",
        "starts_at": f"{begins:%Y-%m-%dT%H:%M}", "protection_days": "15", "visit_days": "15",
        "subscribe_days": "60", "known_days": "30", "notice_minutes": "30",
        "answer_minutes": "60", "consent_hours": "48", "most_a_day": "10",
        "lines-0-amount": "250", "lines-0-kind": "points", "lines-0-stage": "visited",
        "lines-0-beneficiary": "owner", "lines-0-at_once": "y",
    }  # fmt: skip
    answer = manager.post(NEW, data=form)
    assert (answer.status_code, 'name="correct"' in answer.text) == (422, True)
    assert manager.post(NEW, data=form | {"correct": "1"}).status_code == 422
    sent = manager.post(NEW, data=form | {"correct": "1", "words": "录错"})
    assert sent.status_code == 303, sent.text[-2000:]
    at = sent.location
    assert manager.get(at).status_code == 200
    assert at in manager.get("/p/binjiang/staff/referrals/rules").text
    assert manager.post(f"{at}/confirm").status_code == 409
    other = factories.sign_in(app.test_client(), factories.make_staff("manager", place.project))
    assert other.post(f"{at}/confirm").status_code == 303
    assert other.post(f"{at}/drop").status_code == 409
    assert points_balance(place.owner).available == 250_000
    assert db.session.scalars(sa.select(Correction.state)).one() == "confirmed"


def test_two_who_confirm_at_once_correct_once(app, place, sold) -> None:
    rules = past(
        {"stage": "visited", "amount": 300_000}, {"stage": "subscribed", "amount": 100_000}
    )
    made = service.propose(
        actor=place.manager, project=place.ref, draft=rules, after=1, words="录错数额",
        at=clock.now(),
    )  # fmt: skip
    number, project, at = made.id, place.ref, clock.now()
    persons = [factories.make_staff("manager", place.project).id for _ in range(3)]
    db.session.commit()
    owner = place.owner

    def confirming(person: int) -> Any:
        def run() -> bool:
            service.confirm(
                actor=db.session.get_one(Account, person), project=project, at=at,
                found=db.session.get_one(Correction, number),
            )  # fmt: skip
            return True

        return run

    db.session.rollback()
    outcomes = at_once(app, [confirming(each) for each in persons])
    assert outcomes["done"] == 1
    assert set(outcomes) <= {"done", "CHANGED", "CORRECTED"}
    assert sum(outcomes.values()) == 3
    assert db.session.scalar(sa.select(sa.func.count(Campaign.id))) == 2
    assert points_balance(owner).available == 400_000
    steps = sa.select(sa.func.count(Step.id)).where(Step.step == "corrected")
    assert db.session.scalar(steps) == 1
