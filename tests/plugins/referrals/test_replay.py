"""A draft of the rules tried on the leads of the last year: figures, and nothing written."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from plugins.referrals.forms import RulesForm
from plugins.referrals.models import Campaign, KnownCustomer, Lead, Reward, Trial
from plugins.referrals.rules import Draft
from plugins.referrals.trials import service
from plugins.referrals.trials.figures import Figures, figures_of
from plugins.referrals.trials.service import ask, go_on
from portal import clock
from portal.extensions import db
from portal.jobs.runner import Runner
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


def begun(place: Any, tried: Draft) -> Trial:
    """Return a trial of which nothing is reckoned yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "AT_ONCE", 0)
        return ask(actor=place.manager, project=place.ref, draft=tried, after=1, today=today())


def reckoned(place: Any, tried: Draft, length: int = 500) -> Figures:
    """Return what a draft comes to, reckoned so many stages at a time."""
    trial = begun(place, tried)
    while not trial.finished_at:
        go_on(trial, place.ref, length=length)
        # As another process would find it.
        db.session.flush()
        db.session.expire(trial)
    return figures_of(trial.found)


def tried(place: Any, *promises: dict[str, Any], **values: Any) -> Figures:
    """Return what a draft comes to, which is told at once."""
    found = ask(
        actor=place.manager, project=place.ref, draft=draft(*promises, **values), after=1,
        today=today(),
    )  # fmt: skip
    assert found.finished_at
    return figures_of(found.found)


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
    found = reckoned(year, visit)
    assert (found.lapsed, found.rewards) == (2, 0)
    choice = draft({"stage": "visited", "amount": 1}, {"amount": 9}, subscribe_days=-1)
    found = reckoned(year, choice)
    assert (found.lapsed, found.rewards, found.total["points"]) == (1, 2, 2)


def test_bit_by_bit_comes_to_the_same(year: Any) -> None:
    budget(year, 1_400)
    wish = draft(
        {"stage": "visited", "amount": 700},
        {"stage": "visited", "amount": 500, "from_nth": 2},
        {"stage": "signed", "amount": 300},
        {"stage": "subscribed", "kind": "cash", "beneficiary": "friend", "amount": 9},
        cap_points=1_500,
    )
    at_once = reckoned(year, wish)
    assert (at_once.capped, at_once.unfunded, at_once.rewards) == (1, 1, 3)
    assert at_once.leads == 3
    for length in (1, 2, 5):
        assert reckoned(year, wish, length) == at_once


def test_the_manager_tries_a_draft_and_goes_on_with_it(client: FlaskClient, year: Any) -> None:
    factories.sign_in(client, year.manager)
    headers = {"Accept-Language": "en"}
    data = typed(client, year) | {
        "starts_at": "2001-02-03T04:05", "lines-0-amount": "5000", "try": "1", "after": "1",
        "lines-0-kind": "points", "lines-0-stage": "signed", "lines-0-beneficiary": "owner",
    }  # fmt: skip
    answer = client.post(NEW, data=data, headers=headers)
    assert answer.status_code == 303, answer.text[-3000:]
    page = client.get(answer.location, headers=headers)
    assert "5,000 points by this draft, 8,000 points as it was" in page.text
    again = client.get(f"{NEW}?trial={answer.location.rsplit('/', 1)[1]}", headers=headers)
    assert 'value="5000.00"' in again.text
    assert "2001-02-03 04:05" in again.text
    assert 'name="after" value="1"' in again.text
    assert answer.location in client.get(NEW.removesuffix("/new"), headers=headers).text
    assert db.session.scalar(sa.select(sa.func.count(Campaign.id))) == 1
    assert db.session.scalar(sa.select(sa.func.count(Reward.id))) == 3


def test_an_interrupted_trial_goes_on_where_it_was(app: Flask, year: Any) -> None:
    wish = draft({"stage": "visited", "amount": 700}, cap_points=1_000)
    whole = reckoned(year, wish)
    trial = begun(year, wish)
    go_on(trial, year.ref, length=4)
    before = trial.done
    db.session.commit()
    page = f"/p/binjiang/staff/referrals/trials/{trial.public_id}"
    manager = factories.sign_in(app.test_client(), year.manager)
    assert f"4 of {trial.total} stages" in manager.get(page, headers={"Accept-Language": "en"}).text
    Runner(app).run_once()
    db.session.expire_all()
    trial = db.session.get_one(Trial, trial.id, populate_existing=True)
    assert (before, trial.done, trial.total) == (4, trial.total, trial.done)
    assert trial.finished_at
    assert figures_of(trial.found) == whole
    # What was carried from one stretch to the next is not kept.
    assert not {"place", "rungs", "used", "spent"} & trial.found.keys()


def typed(client: FlaskClient, place: Any) -> dict[str, Any]:
    """Return the version in force as the form sends it."""
    with client.application.test_request_context():
        form = RulesForm()
        form.show(db.session.scalars(sa.select(Campaign)).one(), [], place.ref)
        data = {field.name: field.data for field in form if field.data and field.name != "lines"}
    return {name: value for name, value in data.items() if isinstance(value, str | int | list)}
