"""A draft of the rules tried on the leads of the last year: figures, and nothing written."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from plugins.referrals.forms import RulesForm
from plugins.referrals.models import Campaign, KnownCustomer, Lead, Reward
from plugins.referrals.replay import Replay, replay
from plugins.referrals.rules import Draft
from portal import clock
from portal.extensions import db
from tests import factories
from tests.plugins.referrals.test_rewards import budget, cancel, promise, sell, today

NEW = "/p/binjiang/staff/referrals/rules/new"


def draft(*promises: dict[str, Any], **values: Any) -> Draft:
    """Return a draft with these rewards."""
    usual = {
        "stage": "signed", "beneficiary": "owner", "kind": "points", "from_nth": 1,
        "to_nth": None, "tiers": [], "buildings": [], "at_once": True,
    }  # fmt: skip
    numbers = dict.fromkeys(
        ("protection_days", "visit_days", "subscribe_days", "known_days", "notice_minutes",
         "answer_minutes", "consent_hours", "most_a_day"), 30,
    )  # fmt: skip
    return Draft(
        title={}, promise={}, ends_at=None, kin=[],
        promises=[usual | each for each in promises],
        **({"starts_at": clock.now()} | numbers | values),
    )  # fmt: skip


def tried(place: Any, *promises: dict[str, Any], **values: Any) -> Replay:
    """Return what a draft comes to."""
    return replay(project=place.ref, draft=draft(*promises, **values), today=today())


@pytest.fixture
def year(place: Any, make_lead: Any) -> Any:
    """Three leads of one owner: two signed, of which one was cancelled, and one that visited."""
    promise(place, amount=8_000_000)
    first, second, third = make_lead(), make_lead(), make_lead()
    sell(place, first, "subscribed", "signed")
    sell(place, second, "subscribed", "signed")
    cancel(place, second)
    sell(place, third)
    return place


def test_the_rules_as_they_are_give_what_was_given(year: Any) -> None:
    found = tried(year, {"amount": 8_000_000})
    assert (found.leads, found.lapsed, found.cancelled, found.rewards) == (3, 0, 1, 1)
    assert found.total == found.given == {"points": 8_000_000}


def test_a_ladder_a_cap_and_another_side(year: Any) -> None:
    found = tried(
        year,
        {"stage": "visited", "amount": 1_000},
        {"stage": "visited", "amount": 500, "from_nth": 2},
        {"stage": "signed", "kind": "cash", "beneficiary": "friend", "amount": 300_000},
    )
    # The purchase that was cancelled counts for nothing, also as a rung.
    assert dict(found.total) == {"points": 2_500, "cash": 300_000}
    capped = tried(year, {"stage": "visited", "amount": 1_000}, cap_points=1_500)
    assert (capped.total["points"], capped.capped) == (1_000, 1)


def test_budgets_exclusions_and_prices_are_replayed(year: Any) -> None:
    found = tried(year, {"stage": "visited", "amount": 1_000})
    assert (found.rewards, found.unfunded, found.excluded) == (2, 0, 0)
    budget(year, 1_500)
    found = tried(year, {"stage": "visited", "amount": 1_000})
    assert (found.rewards, found.unfunded) == (1, 1)
    percent = {"amount": 100, "measure": "percent", "kind": "cash"}
    lead = db.session.scalars(sa.select(Lead).where(Lead.state == "signed")).one()
    assert (tried(year, percent).unpriced, tried(year, percent).rewards) == (1, 0)
    lead.price = 100_000_000
    seen_on = today() - timedelta(days=3)
    factories.add(
        KnownCustomer(
            project_id=lead.project_id, phone_hash=lead.phone_hash, seen="visit", seen_on=seen_on
        )
    )
    assert tried(year, percent, known_days=2).total == {"cash": 1_000_000}
    assert tried(year, percent, known_days=3).excluded == 1


def test_homes_and_tiers_choose(year: Any) -> None:
    assert tried(year, {"amount": 1, "buildings": ["nowhere"]}).rewards == 0
    assert tried(year, {"amount": 1, "tiers": ["nobody"]}).rewards == 0


def test_what_came_too_late_under_the_draft_lapses(year: Any) -> None:
    visit = draft({"stage": "visited", "amount": 1}, visit_days=-1)
    found = replay(project=year.ref, draft=visit, today=today())
    assert (found.lapsed, found.rewards) == (2, 0)
    choice = draft({"stage": "visited", "amount": 1}, {"amount": 9}, subscribe_days=-1)
    found = replay(project=year.ref, draft=choice, today=today())
    assert (found.lapsed, found.rewards, found.total["points"]) == (1, 2, 2)


def test_the_manager_tries_a_draft_and_nothing_is_saved(client: FlaskClient, year: Any) -> None:
    factories.sign_in(client, year.manager)
    headers = {"Accept-Language": "en"}
    page = client.get(NEW, headers=headers)
    with client.application.test_request_context():
        form = RulesForm()
        form.show(db.session.scalars(sa.select(Campaign)).one(), [], year.ref)
        data = {field.name: field.data for field in form if field.data and field.name != "lines"}
    data = {name: value for name, value in data.items() if isinstance(value, str | int | list)}
    data |= {
        "starts_at": f"{clock.now():%Y-%m-%dT%H:%M}", "lines-0-amount": "5000", "try": "1",
        "lines-0-kind": "points", "lines-0-stage": "signed", "lines-0-beneficiary": "owner",
    }  # fmt: skip
    assert page.status_code == 200
    answer = client.post(NEW, data=data, headers=headers)
    assert answer.status_code == 200, answer.text[-3000:]
    assert "5,000 points by this draft, 8,000 points as it was" in answer.text
    assert 'value="5000"' in answer.text or 'value="5000.00"' in answer.text
    assert db.session.scalar(sa.select(sa.func.count(Campaign.id))) == 1
    assert db.session.scalar(sa.select(sa.func.count(Reward.id))) == 3
