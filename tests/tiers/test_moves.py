"""Percentages, pools, second chances, maps, events, and two who evaluate at once."""

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from portal.extensions import db
from portal.members.models import Household
from portal.notifications.models import Notification
from portal.outbox.models import DomainEventRow
from portal.tiers import evaluate, service, standard
from portal.tiers.models import History, Ranking
from tests.factories import make_member, make_staff
from tests.tiers.helpers import form, found, install, night, qualify, state, story, tier

LAST = {"key": "last", "kind": "points", "window": {"kind": "calendar", "span": "year", "back": 1}}
KEEP = {"metric": "last", "at_least": 1}


def top(ties: str, share: int = 5_000) -> dict:
    """Return a scheme whose second tier is for the first of the first one."""
    reach = {"top": {"metric": "last", "basis_points": share, "of": "a", "ties": ties}}
    return form(tier("a"), tier("b", reach, keep=KEEP), metrics=[LAST], up="period_start")


@pytest.mark.parametrize(("ties", "up"), [("all", 3), ("none", 1), ("longest", 2)])
def test_the_first_half_moves_up_next_year_and_ties_have_a_rule(ties, up):
    install(top(ties))
    members = [make_member(joined_on=date(2020, 1, 1 + i)) for i in range(4)]
    for member, points in zip(members, (9, 5, 5, 1), strict=True):
        qualify(member, points, date(2025, 6, 1))
    night(date(2025, 12, 1))
    assert {state(member).tier for member in members} == {"a"}
    night(date(2026, 1, 1))
    assert [state(member).tier for member in members].count("b") == up
    frozen = db.session.scalar(sa.select(sa.func.count()).select_from(Ranking))
    assert night(date(2026, 1, 1)) == 0
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Ranking)) == frozen


def test_a_household_counts_together():
    install(form(tier("a"), tier("b", {"metric": "points", "at_least": 3_000}), pool="household"))
    first = make_member()
    second = make_member(household=db.session.get(Household, first.household_id))
    alone = make_member()
    qualify(first, 1, date(2026, 1, 1))
    qualify(second, 2, date(2026, 1, 1))
    qualify(alone, 2, date(2026, 1, 1))
    evaluate.evaluate_members([first.id], on=date(2026, 1, 2))
    evaluate.evaluate_members([alone.id], on=date(2026, 1, 2))
    db.session.commit()
    assert [state(each).tier for each in (first, second, alone)] == ["b", "b", "a"]


def test_grace_then_a_fall_then_a_second_chance():
    reach = {"metric": "points", "at_least": 10_000}
    down = {"when": "at_once", "to": "right_level", "grace_days": 10, "second_chance_days": 30}
    metrics = [{"key": "points", "kind": "points", "window": {"kind": "rolling", "months": 1}}]
    install(form(tier("a"), tier("b", reach), metrics=metrics, keep_percent=50, down=down))
    member = make_member()
    qualify(member, 10, date(2026, 1, 1))
    night(date(2026, 1, 1))
    night(date(2026, 2, 5))
    assert state(member).grace_until == date(2026, 2, 15)
    night(date(2026, 2, 15))
    night(date(2026, 2, 16))
    assert (state(member).tier, state(member).lost) == ("a", "b")
    qualify(member, 5, date(2026, 3, 1))
    night(date(2026, 3, 1))
    assert story(member) == [
        ("first", "b"), ("at_risk", "b"), ("down", "a"), ("second_chance", "b"),
    ]  # fmt: skip


def test_a_new_version_carries_tiers_over():
    scheme = install(form(tier("a"), tier("b", {"metric": "points", "at_least": 1_000})))
    member = make_member()
    qualify(member, 1, date(2026, 1, 1))
    night(date(2026, 1, 1))
    later = form(tier("x"), tier("y", {"metric": "points", "at_least": 5_000}))
    from portal.tiers import schema
    from portal.tiers.models import SchemeVersion

    body = schema.dump(schema.load({**later, "carry_over": {"a": "x", "b": "y"}}))
    db.session.add(
        SchemeVersion(
            scheme_id=scheme.id, version=2, body=body, state="published",
            begins_on=date(2026, 2, 1), published_at=scheme.created_at,
        )
    )  # fmt: skip
    db.session.commit()
    night(date(2026, 2, 1))
    assert story(member) == [("first", "b"), ("carried_over", "y")]
    assert night(date(2026, 2, 2)) == 0


def test_going_up_is_told_once():
    install()
    member = make_member()
    night(date(2026, 1, 1))
    assert db.session.scalars(sa.select(Notification)).all() == []
    qualify(member, 20_000, date(2026, 1, 2))
    night(date(2026, 1, 2))
    night(date(2026, 1, 2))
    told = db.session.scalars(sa.select(Notification)).all()
    assert [each.kind for each in told] == ["tiers.up"]
    assert "金卡" in told[0].subject["zh_Hans_CN"]
    events = db.session.scalars(
        sa.select(DomainEventRow).where(DomainEventRow.kind == "tier.changed")
    ).all()
    assert [(event.data["from"], event.data["to"]) for event in events] == [("blue", "gold")]


def test_an_event_and_the_night_write_one_row(app: Flask):
    install()
    member = make_member(joined_on=date(2024, 1, 1))
    day = evaluate.today()
    night(day)
    qualify(member, 20_000, day)
    ids, start = [member.id], threading.Barrier(4)
    db.session.commit()

    def work(nightly: bool) -> None:
        with app.app_context():
            start.wait()
            if nightly:
                evaluate.evaluate_batch(found(on=day), on=day)
            else:
                evaluate.evaluate_members(ids, on=day)
            db.session.commit()
            db.session.remove()

    threads = [threading.Thread(target=work, args=(number % 2 == 0,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    db.session.rollback()
    assert story(member) == [("first", "blue"), ("up", "gold")]


def test_batches_of_one_come_to_the_same_as_one_batch():
    install()
    members = [make_member() for _ in range(3)]
    qualify(members[1], 20_000, date(2026, 1, 1))
    assert night(date(2026, 1, 1), size=1) == 3
    assert night(date(2026, 1, 1)) == 0
    assert [state(member).tier for member in members] == ["blue", "gold", "blue"]


def test_history_is_never_changed():
    install()
    make_member()
    night(date(2026, 1, 1))
    row = db.session.scalars(sa.select(History)).one()
    row.day += timedelta(days=1)
    with pytest.raises(sa.exc.DatabaseError, match="append-only"):
        db.session.commit()
    db.session.rollback()


def test_a_key_is_used_once():
    install()
    actor = make_staff("administrator")
    with pytest.raises(service.TierError) as error:
        service.create_scheme(
            actor=actor, key="club", name={"en": "x"}, is_club=False, form=standard.FORM
        )
    assert error.value.code == "key_taken"
    db.session.rollback()
