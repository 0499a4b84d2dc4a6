"""What happens between two nights: events that evaluate, and looking without writing."""

from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from portal import clock
from portal.cli import main
from portal.extensions import db
from portal.members.models import Household
from portal.members.service import move_to_household
from portal.outbox.models import DomainEventRow
from portal.outbox.registry import event_of
from portal.tiers import evaluate
from portal.tiers.jobs import evaluate_member, moves_tiers
from portal.tiers.models import History, Membership, Ranking, Scheme
from tests.factories import make_member
from tests.points.helpers import noon
from tests.tiers.helpers import form, install, night, qualify, state, tier


def hear() -> None:
    """Deliver every event to tiers, and forget it."""
    for row in db.session.scalars(sa.select(DomainEventRow)).all():
        if moves_tiers(event := event_of(row)):
            evaluate_member(event)
        db.session.delete(row)
    db.session.commit()


def test_a_household_is_evaluated_when_one_of_its_members_earns_joins_or_leaves() -> None:
    install(form(tier("a"), tier("b", {"metric": "points", "at_least": 3_000}), pool="household"))
    first, alone = make_member(), make_member()
    second = make_member(household=db.session.get(Household, first.household_id))
    night(evaluate.today())
    qualify(first, 2, evaluate.today())
    hear()
    assert [state(each).tier for each in (first, second, alone)] == ["a", "a", "a"]
    qualify(second, 1, evaluate.today())
    hear()
    assert [state(each).tier for each in (first, second, alone)] == ["b", "b", "a"]
    with_them = db.session.get_one(Household, first.household_id)
    move_to_household(
        actor=None, member=alone, household=with_them, reason="x", on=evaluate.today()
    )
    db.session.commit()
    hear()
    assert state(alone).tier == "b"


def test_whom_a_member_leaves_is_evaluated_too() -> None:
    down = {"when": "at_once", "to": "right_level"}
    install(
        form(
            tier("a"),
            tier("b", {"metric": "points", "at_least": 3_000}),
            pool="household",
            down=down,
        )
    )
    first = make_member()
    second = make_member(household=db.session.get(Household, first.household_id))
    qualify(second, 3, evaluate.today())
    night(evaluate.today())
    alone = Household()
    db.session.add(alone)
    db.session.flush()
    move_to_household(actor=None, member=second, household=alone, reason="x", on=evaluate.today())
    db.session.commit()
    hear()
    assert [state(each).tier for each in (first, second)] == ["a", "b"]


def test_a_dry_run_says_what_the_night_would_do_and_leaves_no_trace(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    best = {"top": {"metric": "points", "basis_points": 5_000, "of": "a"}}
    install(form(tier("a"), tier("b", best, keep={"metric": "points", "at_least": 1_000})))
    monkeypatch.setattr(clock, "now", lambda: noon(date(2026, 6, 30)))
    members = [make_member(joined_on=date(2024, 1, 1)) for _ in range(2)]
    night(date(2026, 6, 29))
    qualify(members[0], 2, date(2026, 6, 29))
    before = traces()
    told = app.test_cli_runner().invoke(main, ["tiers", "evaluate", "--dry-run"], obj=None)
    assert "club: 0 would move." in told.output
    monkeypatch.setattr(clock, "now", lambda: noon(date(2027, 1, 1)))
    told = app.test_cli_runner().invoke(main, ["tiers", "evaluate", "--dry-run"], obj=None)
    assert "club: a -> b: 1\nclub: 1 would move." in told.output
    assert traces() == before
    night(date(2027, 1, 1))
    assert [state(member).tier for member in members] == ["b", "a"]


def traces() -> list[object]:
    """Return everything that an evaluation writes."""
    db.session.rollback()
    return [
        db.session.scalars(sa.select(sa.func.count()).select_from(model)).one()
        for model in (History, Membership, Ranking, DomainEventRow)
    ] + db.session.scalars(sa.select(Scheme.decided_for)).all()
