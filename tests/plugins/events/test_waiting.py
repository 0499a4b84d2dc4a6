"""The waiting list: parties in order, all or none; offers that end; nobody is quicker than it."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import registering, service
from plugins.events.errors import EventError
from plugins.events.forms import EventForm
from plugins.events.models import Quota, Registration, SeatRow, Share
from plugins.events.policy import Terms, offer_ends
from plugins.events.states import Counts, QueueRule, Seat, State
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Person
from portal.notifications.models import Notification
from portal.plugin_host.refs import member_ref
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_registering import join, leave, quota_of, refused, run_jobs


@pytest.fixture
def people(place):
    """Return a function that makes an owner and a family of so many without accounts."""

    def make(seats=1, name="邻居"):
        owner = factories.make_owner(place.project, name=name)
        mine = {"household_id": owner.household_id, "guardian_id": owner.id, "relation": "other"}
        family = [factories.add(Person(**mine, name=f"{name}{n}")) for n in range(1, seats)]
        return owner, [owner.public_id, *(each.public_id for each in family)]

    return make


def wait(place, occurrence, who, at=None):
    owner, keys = who
    made = registering.join_queue(
        occurrence_id=occurrence.id,
        member=member_ref(owner),
        project=place.ref,
        at=at or clock.now(),
        party=keys,
    )
    db.session.commit()
    return made


def take(place, found, at=None, terms=None):
    occurrence = db.session.get_one(Registration, found.id).occurrence_id
    from plugins.events.models import Occurrence

    activity = db.session.get_one(Occurrence, occurrence)
    member = factories.db.session.get(type(place.member), found.member_id)
    made = registering.accept(
        registration_id=found.id,
        occurrence_id=occurrence,
        member=member_ref(member),
        project=place.ref,
        terms_seen=terms or Terms.of(activity).mark(),
        at=at or clock.now(),
    )
    db.session.commit()
    return made


def states(*found):
    db.session.expire_all()
    return [each.state for each in found]


def filled(place, make_activity, seats, **values):
    """Return a full activity, one registration a seat, and these registrations."""
    values.setdefault("queue_rule", QueueRule.SKIP)
    occurrence = make_activity(capacity=seats, **values)
    return occurrence, [
        join(place, occurrence, factories.make_owner(place.project)) for _ in range(seats)
    ]


def test_who_is_first_that_fits_is_offered_and_who_is_passed_over_keeps_the_place(
    place, people, make_activity
):
    occurrence, seated = filled(place, make_activity, 3)
    three, two, one = (wait(place, occurrence, people(seats)) for seats in (3, 2, 1))
    leave(place, seated[0])
    assert states(three, two, one) == [Seat.WAITING, Seat.WAITING, Seat.HELD]
    assert (quota_of(occurrence).confirmed, quota_of(occurrence).held) == (2, 1)
    leave(place, seated[1])
    leave(place, seated[2])
    assert states(three, two, one) == [Seat.WAITING, Seat.HELD, Seat.HELD]
    leave(place, one)
    leave(place, two)
    assert states(three, two, one) == [Seat.HELD, Seat.DECLINED, Seat.DECLINED]
    assert quota_of(occurrence).held == 3


def test_strictly_in_order_the_first_blocks_and_no_walk_up_is_quicker(place, people, make_activity):
    occurrence, seated = filled(place, make_activity, 3, queue_rule=QueueRule.STRICT)
    two, one = (wait(place, occurrence, people(seats)) for seats in (2, 1))
    leave(place, seated[0])
    assert states(two, one) == [Seat.WAITING, Seat.WAITING]
    with pytest.raises(EventError, match="QUEUE_FIRST"):
        join(place, occurrence)
    db.session.rollback()
    leave(place, two)
    assert states(one) == [Seat.HELD]


def test_what_the_first_party_needs_is_kept_and_the_rest_goes_on(place, people, make_activity):
    """The first waits for a seat on the bus; strictly in order, nobody else would get one of the
    two others that are free."""
    for rule, second in ((QueueRule.STRICT, Seat.WAITING), (QueueRule.HOLD, Seat.HELD)):
        occurrence = make_activity(capacity=5, queue_rule=rule)
        where = {"occurrence_id": occurrence.id, "project_id": place.project.id}
        bus = {"key": "chosen:1", "counts": Counts.CHOSEN}
        bus = factories.add(Quota(**where, **bus, capacity=3, confirmed=2))
        owner, keys = people(3)
        first = registering.join_queue(
            occurrence_id=occurrence.id, member=member_ref(owner), project=place.ref,
            at=clock.now(), party=keys, wishes={bus.public_id: 3},
        )  # fmt: skip
        db.session.commit()
        fits, too_many = wait(place, occurrence, people(2)), wait(place, occurrence, people(1))
        assert states(first, fits, too_many) == [Seat.WAITING, second, Seat.WAITING]
        assert refused(place, occurrence) == "QUEUE_FIRST"
        bus.confirmed = 0
        db.session.commit()
        leave(place, fits)
        assert states(first)[0] == Seat.HELD


def test_a_freed_seat_is_not_for_who_happens_to_look(place, people, make_activity):
    occurrence, seated = filled(place, make_activity, 1)
    first = wait(place, occurrence, people())
    leave(place, seated[0])
    with pytest.raises(EventError, match="NOT_ENOUGH_SEATS"):
        join(place, occurrence)
    db.session.rollback()
    assert states(first) == [Seat.HELD]


def test_an_offer_is_taken_and_paid_for_the_whole_party(place, people, make_activity):
    occurrence, seated = filled(place, make_activity, 2)
    who = people(2)
    give_points(who[0], 100)
    mine = wait(place, occurrence, who)
    occurrence.price, occurrence.deposit = 20_000, 5_000
    db.session.commit()
    for each in seated:
        leave(place, each)
    with pytest.raises(EventError, match="TERMS_CHANGED"):
        take(place, mine, terms="0.0.x")
    db.session.rollback()
    assert take(place, mine).state == take(place, mine).state == Seat.CONFIRMED
    found = points_balance(member_ref(who[0]))
    assert (found.available, found.held) == (50_000, 10_000)
    assert (quota_of(occurrence).confirmed, quota_of(occurrence).held) == (2, 0)
    assert set(
        db.session.scalars(sa.select(SeatRow.state).where(SeatRow.registration_id == mine.id))
    ) == {Seat.CONFIRMED}
    leave(place, mine)
    assert points_balance(member_ref(who[0])).available == 100_000
    assert verify() == []


def test_too_few_points_leave_the_offer_as_it_was(place, people, make_activity):
    occurrence, seated = filled(place, make_activity, 1)
    mine = wait(place, occurrence, people())
    occurrence.price = 20_000
    db.session.commit()
    leave(place, seated[0])
    with pytest.raises(EventError, match="NOT_ENOUGH_POINTS"):
        take(place, mine)
    db.session.rollback()
    assert states(mine) == [Seat.HELD]


def test_an_offer_ends_and_the_next_is_served(app, place, people, make_activity):
    occurrence, seated = filled(place, make_activity, 1)
    first, second = (wait(place, occurrence, people()) for _ in range(2))
    leave(place, seated[0])
    with pytest.raises(EventError, match="OFFER_OVER"):
        take(place, first, at=first.offer_until)
    db.session.rollback()
    first.offer_until = clock.now() - timedelta(seconds=1)
    db.session.commit()
    run_jobs(app)
    assert states(first, second) == [Seat.EXPIRED, Seat.HELD]
    told = db.session.scalars(sa.select(Notification.kind)).all()
    assert told.count("events.offered") == 2
    assert told.count("events.offer_expired") == 1
    assert quota_of(occurrence).held == 1


def test_an_offer_leaves_half_of_the_time_to_others(place, make_activity):
    occurrence, at = make_activity(), clock.now()
    occurrence.starts_at = at + timedelta(hours=10)
    assert offer_ends(occurrence, at, 48) == at + timedelta(hours=5)
    assert offer_ends(occurrence, at, 2) == at + timedelta(hours=2)


def test_new_seats_go_to_who_waits(app, place, people, make_activity):
    occurrence, _seated = filled(place, make_activity, 1)
    entries = [wait(place, occurrence, people()) for _ in range(3)]
    with app.test_request_context():
        form = EventForm(meta={"csrf": False})
        form.show(occurrence, quota_of(occurrence), place.ref)
        form.capacity.data = 3
        draft = form.draft(place.ref)
    service.rewrite(
        actor=place.writer, project=place.ref, occurrence=occurrence, draft=draft, at=clock.now()
    )
    db.session.commit()
    assert states(*entries) == [Seat.HELD, Seat.HELD, Seat.WAITING]


def test_nobody_waits_twice_and_the_household_is_counted(place, people, make_activity):
    occurrence, _seated = filled(place, make_activity, 2, household_most=2)
    who = people(2)
    assert wait(place, occurrence, who).id == wait(place, occurrence, who).id
    share = sa.select(Share.seats).where(Share.household_id == who[0].household_id)
    assert db.session.scalar(share) == 2
    with pytest.raises(EventError, match="PARTY_TOO_LARGE"):
        wait(place, occurrence, people(3))
    db.session.rollback()
    with pytest.raises(EventError, match="NO_QUEUE"):
        wait(place, make_activity(capacity=1), who)
    db.session.rollback()
    with pytest.raises(EventError, match="CLOSED"):
        wait(place, make_activity(State.CLOSED, queue_rule=QueueRule.SKIP), who)


def test_a_party_that_can_never_be_seated_blocks_nobody(place, people, make_activity):
    occurrence, seated = filled(place, make_activity, 2, queue_rule=QueueRule.STRICT)
    two, one = (wait(place, occurrence, people(seats)) for seats in (2, 1))
    db.session.execute(sa.update(Quota).values(capacity=1, forced=1))
    db.session.commit()
    for each in seated:
        leave(place, each)
    assert states(two, one) == [Seat.WAITING, Seat.HELD]


def test_the_beginning_ends_the_waiting_list(app, place, people, make_activity):
    occurrence, seated = filled(place, make_activity, 1)
    first, second = (wait(place, occurrence, people()) for _ in range(2))
    leave(place, seated[0])
    service.take_step(
        actor=None, project=place.ref, occurrence=occurrence, step="start", at=clock.now()
    )
    run_jobs(app)
    assert states(first, second) == [Seat.EXPIRED, Seat.NOT_REACHED]
    assert quota_of(occurrence).held == 0
    assert "events.not_reached" in db.session.scalars(sa.select(Notification.kind)).all()


def test_an_owner_joins_sees_the_place_takes_the_seats_and_staff_move_parties(
    app, client, place, people, make_activity
):
    occurrence, seated = filled(place, make_activity, 1)
    first = wait(place, occurrence, people(name="陈先生"))
    page, desk = f"/p/binjiang/events/{occurrence.public_id}", "/p/binjiang/staff/events/"
    owner = factories.sign_in(client, place.member)
    shown = owner.get(page).text
    assert "前面还有 1 个家庭" in shown
    data = {"household": "1", "person": place.member.public_id}
    made = owner.post(f"{page}/queue", data=data)
    assert made.status_code == 303
    assert owner.post(f"{page}/queue", data=data).location == made.location
    ticket = owner.get(made.location).text
    assert "前面还有 1 个家庭" in ticket
    assert "data:image/svg+xml" not in ticket
    assert "查看我的候补" in owner.get(page).text
    assert "候补中" in owner.get("/p/binjiang/events/").text
    staff = factories.sign_in(app.test_client(), place.writer)
    queue = f"{desk}{occurrence.public_id}/queue"
    assert "陈先生" in staff.get(queue).text
    mine = made.location.rsplit("/", 1)[1]
    front = f"{desk}{occurrence.public_id}/registrations/{mine}/front"
    assert staff.post(front).status_code == 422
    assert staff.post(front, data={"reason": "行动不便"}).status_code == 303
    assert "下一个就是您家" in owner.get(made.location).text
    acts = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert "events.moved_to_front" in acts
    leave(place, seated[0])
    assert states(first) == [Seat.WAITING]
    assert staff.post(front, data={"reason": "行动不便"}).status_code == 409
    offer = owner.get(made.location).text
    assert "已为您留了 1 个名额" in offer
    assert owner.post(f"{made.location}/accept", data={"terms": "x"}).status_code == 409
    terms = {"terms": Terms.of(occurrence).mark()}
    stranger = factories.sign_in(app.test_client(), factories.make_owner(place.project))
    assert stranger.post(f"{made.location}/accept", data=terms).status_code == 404
    db.session.execute(sa.update(Registration).values(offer_until=clock.now()))
    db.session.commit()
    assert owner.post(f"{made.location}/accept", data=terms).status_code == 410
    later = clock.now() + timedelta(hours=1)
    db.session.execute(sa.update(Registration).values(offer_until=later))
    db.session.commit()
    assert owner.post(f"{made.location}/accept", data=terms).status_code == 303
    assert "data:image/svg+xml" in owner.get(made.location).text
