"""Several quotas at once: all seats, children, what is chosen; the smallest rules."""

import pytest
import sqlalchemy as sa

from plugins.events import on_behalf, registering
from plugins.events.errors import EventError
from plugins.events.models import Counted, Quota, Registration
from plugins.events.policy import Terms
from plugins.events.states import LIVE, Counts, QueueRule, Seat
from portal import clock
from portal.extensions import db
from portal.members.models import Person
from portal.plugin_host.refs import member_ref
from portal.sdk import housemates
from tests import factories
from tests.plugins.events.test_households import born
from tests.plugins.events.test_pages import DESK, LIST
from tests.plugins.events.test_races import at_once
from tests.plugins.events.test_registering import leave


@pytest.fixture
def outing(place, make_activity):
    """An activity of ten seats, three of them for children, two on the bus."""

    def make(total=10, children=3, bus=2, **values):
        occurrence = make_activity(capacity=total, **values)
        where = {"occurrence_id": occurrence.id, "project_id": place.project.id}
        kinds = {"children": (Counts.CHILDREN, children), "chosen:1": (Counts.CHOSEN, bus)}
        for key, (counts, capacity) in kinds.items():
            title = {"zh_Hans_CN": "大巴座位"} if counts == Counts.CHOSEN else {}
            factories.add(Quota(**where, key=key, counts=counts, capacity=capacity, title=title))
        return occurrence

    return make


def family(place, children=1):
    member = factories.make_owner(place.project)
    for number in range(children):
        factories.add(
            Person(
                household_id=member.household_id, guardian_id=member.id, relation="child",
                name=f"孩子{number}", birth_month=born(8),
            )
        )  # fmt: skip
    return member


def acting(place, occurrence, member, bus=0, act=registering.register):
    who, ref, number = member_ref(member), place.ref, occurrence.id
    values = {"party": [each.key for each in housemates(who)], "at": clock.now()}
    if act == registering.register:
        values["terms_seen"] = Terms.of(occurrence).mark()
    key = db.session.scalar(
        sa.select(Quota.public_id).where(
            Quota.occurrence_id == number, Quota.counts == Counts.CHOSEN
        )
    )
    values["wishes"] = {key: bus} if bus else {}
    return lambda: act(occurrence_id=number, member=who, project=ref, **values)


def come(*args, **values):
    made = acting(*args, **values)()
    db.session.commit()
    return made


def taken(occurrence):
    db.session.rollback()
    rows = db.session.execute(
        sa.select(Quota.key, Quota.confirmed, Quota.held).where(
            Quota.occurrence_id == occurrence.id
        )
    )
    return {row[0]: (row[1], row[2]) for row in rows}


def test_a_party_is_counted_where_it_belongs_and_leaves_nothing_behind(place, outing):
    occurrence = outing()
    made = come(place, occurrence, family(place, 2), bus=1)
    assert taken(occurrence) == {"total": (3, 0), "children": (2, 0), "chosen:1": (1, 0)}
    leave(place, made)
    assert set(taken(occurrence).values()) == {(0, 0)}


def test_the_smallest_quota_rules(place, outing):
    occurrence = outing()
    come(place, occurrence, family(place, 2), bus=2)
    with pytest.raises(EventError) as found:
        come(place, occurrence, family(place, 2))
    assert (found.value.code, found.value.available) == ("NOT_ENOUGH_SEATS", 1)
    assert "1" in found.value.said
    db.session.rollback()
    with pytest.raises(EventError, match="NOT_ENOUGH_SEATS"):
        come(place, occurrence, family(place, 0), bus=1)
    db.session.rollback()
    assert taken(occurrence)["total"] == (3, 0)
    for bus in (2, -1):
        with pytest.raises(EventError, match="BAD_WISH"):
            come(place, occurrence, family(place, 0), bus=bus)
        db.session.rollback()
    come(place, occurrence, family(place, 1))


def test_a_freed_bus_seat_goes_to_the_first_it_lets_in(place, outing):
    occurrence = outing(bus=1, queue_rule=QueueRule.SKIP)
    first = come(place, occurrence, family(place, 0), bus=1)
    waits = come(place, occurrence, family(place, 0), bus=1, act=registering.join_queue)
    # Who needs no bus is not kept waiting.
    assert come(place, occurrence, family(place, 0), act=registering.join_queue).state == Seat.HELD
    assert waits.state == Seat.WAITING
    with pytest.raises(EventError, match="PARTY_TOO_LARGE"):
        come(place, occurrence, family(place, 1), bus=2, act=registering.join_queue)
    db.session.rollback()
    leave(place, first)
    db.session.refresh(waits)
    assert waits.state == Seat.HELD
    assert taken(occurrence)["chosen:1"] == (0, 1)
    registering.accept(
        registration_id=waits.id,
        occurrence_id=occurrence.id,
        member=member_ref(db.session.get_one(factories.Member, waits.member_id)),
        project=place.ref,
        terms_seen=Terms.of(occurrence).mark(),
        at=clock.now(),
    )
    db.session.commit()
    assert taken(occurrence)["chosen:1"] == (1, 0)


def test_staff_force_only_what_lies_beyond(place, outing):
    occurrence = outing(children=0)
    member = family(place, 1)
    made = on_behalf.register_for(
        actor=place.writer,
        occurrence_id=occurrence.id,
        member=member_ref(member),
        project=place.ref,
        party=[each.key for each in housemates(member_ref(member))],
        terms_seen=Terms.of(occurrence).mark(),
        reason="来电",
        force=True,
        at=clock.now(),
    )
    db.session.commit()
    forced = dict(db.session.execute(sa.select(Quota.key, Quota.forced)).all())
    assert (made.forced, forced) == (1, {"total": 0, "children": 1, "chosen:1": 0})


def test_the_database_refuses_more_in_any_quota(place, outing):
    outing()
    for key in ("children", "chosen:1"):
        with pytest.raises(sa.exc.IntegrityError):
            db.session.execute(sa.update(Quota).where(Quota.key == key).values(confirmed=4))
        db.session.rollback()


def test_a_crowd_keeps_every_quota(app, place, outing):
    occurrence = outing(total=9, children=4, bus=3)
    families = [family(place, number % 3) for number in range(12)]
    acts = [acting(place, occurrence, each, bus=number % 2) for number, each in enumerate(families)]
    # The one writer of SQLite is free for them.
    db.session.rollback()
    outcomes = at_once(app, acts)
    assert set(outcomes) <= {"done", "NOT_ENOUGH_SEATS"}
    db.session.rollback()
    counted = (
        sa.select(Counted.quota_id, sa.func.sum(Counted.seats))
        .join(Registration, Registration.id == Counted.registration_id)
        .where(Registration.state.in_(LIVE))
        .group_by(Counted.quota_id)
    )
    sums = dict(db.session.execute(counted).all())
    quotas = db.session.scalars(sa.select(Quota).execution_options(populate_existing=True)).all()
    for quota in quotas:
        assert sums.get(quota.id, 0) == quota.confirmed <= quota.capacity
    assert any(quota.free == 0 for quota in quotas)


def test_staff_take_the_choices_as_a_file(app, place, outing):
    occurrence = outing()
    come(place, occurrence, family(place, 1), bus=2)
    staff = factories.sign_in(app.test_client(), place.writer)
    with staff.post(f"{DESK}{occurrence.public_id}/export.csv") as answer:
        header, row = answer.data.decode("utf-8-sig").splitlines()
    assert header.endswith("大巴座位")
    assert row.endswith(",2")


def test_the_form_asks_for_how_many(client, place, outing):
    occurrence = outing()
    owner = factories.sign_in(client, place.member)
    page = f"{LIST}{occurrence.public_id}"
    shown = owner.get(page).text
    assert "大巴座位" in shown
    quota = db.session.scalars(sa.select(Quota).where(Quota.key == "chosen:1")).one()
    wish = f"wish-{quota.public_id}"
    form = {"terms": Terms.of(occurrence).mark(), "household": "1"}
    form["person"] = place.member.public_id
    for bad in ("2", "-1", "1.5", "x", "1000000000"):
        assert owner.post(f"{page}/register", data=form | {wish: bad}).status_code == 422
    unknown = {"wish-nothing": "1"}
    assert owner.post(f"{page}/register", data=form | unknown).status_code == 422
    quota.confirmed = 2
    db.session.commit()
    answer = owner.post(f"{page}/register", data=form | {wish: "1"})
    assert answer.status_code == 409
    assert "大巴座位" in answer.text
    assert owner.post(f"{page}/register", data=form | {wish: ""}).status_code == 303
