"""Changing a registration until its deadline: all of it or nothing, at the price that was shown."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import registering
from plugins.events.asking.changing import change
from plugins.events.asking.guests import Guest
from plugins.events.asking.models import Answer
from plugins.events.asking.parties import Asked
from plugins.events.asking.questions import Question
from plugins.events.errors import EventError
from plugins.events.models import Counted, Quota, Registration, SeatRow, Share
from plugins.events.policy import Terms
from plugins.events.states import Counts, QueueRule, Seat, State
from portal import clock
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_households import family
from tests.plugins.events.test_ladder import mark, rules
from tests.plugins.events.test_pages import DESK, LIST
from tests.plugins.events.test_races import at_once
from tests.plugins.events.test_registering import join, leave, quota_of

__all__ = ["family"]
FOOD = Question("short", "person", required=True, title={"zh_Hans_CN": "餐食"}, key="food")


def come(place, occurrence, people, guests=(), answers=None):
    made = registering.register(
        occurrence_id=occurrence.id, member=place.owner, project=place.ref,
        terms_seen=Terms.of(occurrence).mark(), at=clock.now(),
        party=[each.public_id for each in people], asked=Asked(guests, answers or {}),
    )  # fmt: skip
    db.session.commit()
    return made


def changing(place, made, *people, at=None, **values):
    party = [each.public_id for each in people] if people else None
    member, project, number, occurrence = place.owner, place.ref, made.id, made.occurrence_id
    return lambda: change(
        registration_id=number, occurrence_id=occurrence, member=member, project=project,
        at=at or clock.now(), party=party, **values,
    )  # fmt: skip


def changed(*args, **values):
    found = changing(*args, **values)()
    db.session.commit()
    return found


def refused(*args, **values):
    with pytest.raises(EventError) as found:
        changing(*args, **values)()
    db.session.rollback()
    return found.value.code


def names(made):
    mine = sa.select(SeatRow.name).where(SeatRow.registration_id == made.id)
    return sorted(db.session.scalars(mine))


def balance(place):
    found = points_balance(place.owner)
    return found.available // 1000, found.held // 1000


def test_a_party_grows_and_shrinks_at_the_price_that_was_shown(place, family, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(price=10_000, deposit=5_000, capacity=3, guests_most=1)
    occurrence.event.questions = [FOOD.as_json()]
    me, (_spouse, child, father) = place.member, family
    said = {f"food.{each.public_id}": ["素"] for each in (me, child, father)}
    made = come(place, occurrence, [me, child], answers=said)
    first = db.session.scalars(sa.select(SeatRow.id).where(SeatRow.member_id == me.id)).one()
    occurrence.price = 50_000
    db.session.commit()
    assert balance(place) == (70, 10)
    changed(place, made, me, child, father, answers=said)
    assert (balance(place), quota_of(occurrence).confirmed) == ((55, 15), 3)
    guest = [Guest("guest-1", "王小明")]
    more = {**said, "food.guest-1": ["荤"]}
    assert refused(place, made, me, child, father, guests=guest, answers=more) == "NOT_ENOUGH_SEATS"
    assert refused(place, made, child, father, guests=guest, answers=more) == "NO_HOST"
    assert refused(place, made, child, answers=said) == "CHILD_ALONE"
    assert refused(place, made, me, father, answers={}) == "BAD_ANSWERS"
    # Nothing of what was refused stays.
    assert (names(made), balance(place)) == (["林国栋", "林晓芸", "陈小满"], (55, 15))
    changed(place, made, me, guests=guest, answers=more)
    assert (names(made), balance(place)) == (["林晓芸", "王小明"], (70, 10))
    changed(place, made, me, guests=[], answers=said)
    assert (made.seats, made.charged, balance(place)) == (1, 10_000, (85, 5))
    assert quota_of(occurrence).confirmed == db.session.scalars(sa.select(Share.seats)).one() == 1
    assert db.session.scalars(sa.select(SeatRow.id)).one() == first
    assert db.session.scalar(sa.select(sa.func.count(Answer.id))) == 1
    leave(place, made)
    assert (balance(place), quota_of(occurrence).confirmed) == ((100, 0), 0)
    assert verify() == []


def test_what_stays_as_it_is_and_when_it_is_too_late(place, family, make_activity):
    occurrence = make_activity(capacity=2)
    occurrence.event.questions = [FOOD.as_json()]
    me, father = place.member, family[2]
    said = {f"food.{me.public_id}": ["素"]}
    made = come(place, occurrence, [me], answers=said)
    new = {f"food.{me.public_id}": ["荤"]}
    changed(place, made, answers=new)
    assert db.session.scalars(sa.select(Answer.value)).one() == "荤"
    changed(place, made)
    assert db.session.scalars(sa.select(Answer.value)).one() == "荤"
    late = made.cancel_until + timedelta(seconds=1)
    assert refused(place, made, answers=said, at=late) == "TOO_LATE_TO_CHANGE"
    # After registration has closed nobody is added, but who stays may answer anew.
    occurrence.state = State.CLOSED
    db.session.commit()
    both = {**new, f"food.{father.public_id}": ["素"]}
    assert refused(place, made, me, father, answers=both) == "CLOSED"
    changed(place, made, answers=said)
    # Cutting the capacity does not keep anybody from coming with fewer.
    occurrence.state = State.OPEN
    changed(place, made, me, father, answers=both)
    db.session.execute(sa.update(Quota).values(capacity=0, forced=2))
    db.session.commit()
    changed(place, made, me, answers=said)
    assert (quota_of(occurrence).confirmed, quota_of(occurrence).forced) == (1, 1)


def test_wishes_change_and_the_queue_comes_first(place, family, make_activity):
    occurrence = make_activity(capacity=2, queue_rule=QueueRule.SKIP)
    where = {"occurrence_id": occurrence.id, "project_id": place.project.id}
    bus = factories.add(Quota(**where, key="chosen:1", counts=Counts.CHOSEN, capacity=1))
    me, father = place.member, family[2]
    made = come(place, occurrence, [me, father])
    waits = registering.join_queue(
        occurrence_id=occurrence.id, member=member_ref(factories.make_owner(place.project)),
        project=place.ref, at=clock.now(),
    )  # fmt: skip
    db.session.commit()
    changed(place, made, wishes={bus.public_id: 1})
    assert refused(place, made, wishes={bus.public_id: 2}) == "NOT_ENOUGH_SEATS"
    counted = sa.select(Counted.seats).where(Counted.quota_id == bus.id)
    assert db.session.scalars(counted).all() == [1]
    changed(place, made, me, wishes={})
    db.session.refresh(waits)
    held = sa.select(Quota.held).where(Quota.key == "total")
    # The seat that came free is offered to who waits, not to who would come back.
    assert (waits.state, db.session.scalar(held)) == (Seat.HELD, 1)
    assert refused(place, made, me, father) == "NOT_ENOUGH_SEATS"
    assert db.session.scalars(counted).all() == []


def test_who_may_only_wait_adds_nobody_but_takes_out_and_answers(place, family, make_activity):
    occurrence = make_activity(opens_at=clock.now() - timedelta(days=3))
    me, (spouse, child, _father) = place.member, family
    made = come(place, occurrence, [me, child])
    rules(place)
    mark(place, make_activity, 3)
    assert refused(place, made, me, child, spouse) == "WAITING_LIST_ONLY"
    assert names(changed(place, made, me)) == ["林晓芸"]


def test_two_phones_change_at_once(app, place, family, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(price=10_000, capacity=3)
    me, (_spouse, child, father) = place.member, family
    made = come(place, occurrence, [me])
    neighbour = factories.make_owner(place.project)
    give_points(neighbour, 10)
    acts = [changing(place, made, me, child, father), changing(place, made, me, father)]
    other = Terms.of(occurrence).mark()
    who, project, number = member_ref(neighbour), place.ref, occurrence.id
    acts.append(
        lambda: registering.register(
            occurrence_id=number, member=who, project=project, terms_seen=other, at=clock.now()
        )
    )
    db.session.rollback()
    at_once(app, acts)
    db.session.rollback()
    db.session.expire_all()
    kept = db.session.get_one(Registration, made.id)
    live = db.session.scalar(sa.select(sa.func.count(SeatRow.id)))
    assert quota_of(occurrence).confirmed == live <= 3
    assert (kept.seats, kept.charged) == (len(names(kept)), 10_000 * kept.seats)
    assert balance(place) == (100 - 10 * kept.seats, 0)
    assert verify() == []


def test_the_page_keeps_what_was_typed(app, client, place, family, make_activity):
    occurrence = make_activity(guests_most=1, capacity=2)
    occurrence.event.questions = [FOOD.as_json()]
    me = place.member.public_id
    made = come(place, occurrence, [place.member], answers={f"food.{me}": ["素食"]})
    owner = factories.sign_in(client, place.member)
    ticket = f"{LIST}tickets/{made.public_id}"
    assert f"{ticket}/change" in owner.get(ticket).text
    assert "素食" in owner.get(f"{ticket}/change").text
    form = {
        "person": [me, family[2].public_id], "guest-1-name": "王小明",
        f"answer-food.{me}": "清真", f"answer-food.{family[2].public_id}": "素",
    }  # fmt: skip
    wrong = owner.post(f"{ticket}/change", data=form)
    assert (wrong.status_code, "清真" in wrong.text, "王小明" in wrong.text) == (422, True, True)
    full = owner.post(f"{ticket}/change", data={**form, "answer-food.guest-1": "素"})
    assert (full.status_code, "清真" in full.text) == (409, True)
    form["person"] = [me]
    done = owner.post(f"{ticket}/change", data={**form, "answer-food.guest-1": "素"})
    assert done.status_code == 303
    assert "王小明" in owner.get(f"{ticket}/change").text
    other = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    assert other.get(f"{ticket}/change").status_code == 404
    occurrence.state = State.RUNNING
    db.session.commit()
    assert owner.get(f"{ticket}/change").status_code == 200
    assert owner.post(f"{ticket}/change", data=form).status_code == 409
    staff = factories.sign_in(app.test_client(), place.writer)
    assert "清真" in staff.get(f"{DESK}{occurrence.public_id}").text
    assert join(place, occurrence).id == made.id
