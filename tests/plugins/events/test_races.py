"""Many at once, each in a thread with a connection of its own: the seats and the points tie out."""

import threading
from collections import Counter

import sqlalchemy as sa

from plugins.events import registering, service
from plugins.events.errors import EventError
from plugins.events.models import Quota, Registration, SeatRow
from plugins.events.policy import Terms
from plugins.events.seats import lock_quotas, set_capacity
from plugins.events.states import LIVE, Seat
from portal import clock
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.plugin_host.refs import member_ref, project_ref
from portal.points.models import Transaction
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points


def at_once(app, acts):
    """Run every act in a thread of its own, all beginning together; return what came of them."""
    start, outcomes = threading.Barrier(len(acts)), Counter()

    def work(act):
        with app.app_context():
            start.wait()
            try:
                act()
                db.session.commit()
                outcomes["done"] += 1
            except EventError as error:
                db.session.rollback()
                outcomes[error.code] += 1
            finally:
                db.session.remove()

    threads = [threading.Thread(target=work, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)
    return outcomes


def joining(occurrence, member, project):
    terms = Terms.of(occurrence).mark()
    who, where, number = member_ref(member), project_ref(project), occurrence.id
    return lambda: registering.register(
        occurrence_id=number, member=who, project=where, terms_seen=terms, at=clock.now()
    )


def leaving(registration, project):
    number, occurrence, where = registration.id, registration.occurrence_id, project_ref(project)
    return lambda: registering.cancel(
        registration_id=number, occurrence_id=occurrence, project=where, at=clock.now()
    )


def check(occurrence):
    """Assert that quota, registrations and seats say the same, and that the ledger is sound."""
    db.session.rollback()
    db.session.expire_all()
    quota = db.session.scalar(sa.select(Quota).where(Quota.occurrence_id == occurrence.id))
    for model in (Registration, SeatRow):
        live = sa.select(sa.func.count(model.id)).where(
            model.occurrence_id == occurrence.id, model.state.in_(LIVE)
        )
        assert db.session.scalar(live) == quota.confirmed
    assert verify() == []
    return quota


def test_sixty_at_once_for_twenty_seats(app, place, make_activity):
    occurrence = make_activity(capacity=20, price=5_000, deposit=3_000)
    members = [factories.make_owner(place.project) for _ in range(60)]
    for member in members:
        give_points(member, 8)
    outcomes = at_once(app, [joining(occurrence, each, place.project) for each in members])
    assert outcomes == {"done": 20, "NOT_ENOUGH_SEATS": 40}
    assert check(occurrence).confirmed == 20
    figures = Counter(
        (found.available, found.held)
        for found in (points_balance(member_ref(each)) for each in members)
    )
    assert figures == {(0, 3_000): 20, (8_000, 0): 40}


def test_one_member_on_ten_phones_has_one_seat_and_pays_once(app, place, make_activity):
    occurrence = make_activity(capacity=20, price=5_000)
    give_points(place.member, 100)
    outcomes = at_once(app, [joining(occurrence, place.member, place.project)] * 10)
    assert outcomes == {"done": 10}
    assert check(occurrence).confirmed == 1
    assert points_balance(place.owner).available == 95_000


def test_joining_leaving_and_calling_off_at_once(app, place, make_activity):
    occurrence = make_activity(capacity=10, price=5_000, deposit=3_000)
    members = [factories.make_owner(place.project) for _ in range(24)]
    for member in members:
        give_points(member, 8)
    made = []
    for member in members[:10]:
        made.append(joining(occurrence, member, place.project)())
        db.session.commit()
    number, writer = occurrence.id, place.writer.id

    def call_off():
        from plugins.events.models import Occurrence
        from portal.accounts.models import Account

        service.take_step(
            actor=db.session.get(Account, writer),
            project=project_ref(place_project),
            occurrence=db.session.get_one(Occurrence, number),
            step="cancel",
            at=clock.now(),
            reason="台风",
        )

    place_project = place.project
    project_ref(place_project)
    acts = [leaving(each, place.project) for each in made] * 2
    acts += [joining(occurrence, each, place.project) for each in members[10:]]
    at_once(app, [*acts, call_off])
    Runner(app).run_once()
    assert check(occurrence).confirmed == 0
    ended = set(db.session.scalars(sa.select(Registration.state)))
    assert ended <= {Seat.CANCELLED_FREE, Seat.CANCELLED_BY_CLUB}
    for member in members:
        found = points_balance(member_ref(member))
        assert (found.available, found.held) == (8_000, 0)
    refunds = db.session.scalars(
        sa.select(Transaction.key).where(Transaction.key.startswith("events:refund:"))
    ).all()
    assert (
        len(refunds)
        == len(set(refunds))
        == db.session.scalar(sa.select(sa.func.count(Registration.id)))
    )


def test_cutting_the_capacity_while_they_register_cancels_nobody(app, place, make_activity):
    occurrence = make_activity(capacity=12)
    members = [factories.make_owner(place.project) for _ in range(16)]
    for member in members[:6]:
        joining(occurrence, member, place.project)()
        db.session.commit()
    number = occurrence.id

    def cut():
        set_capacity(lock_quotas(number)[0], 4)

    acts = [joining(occurrence, each, place.project) for each in members[6:]]
    outcomes = at_once(app, [*acts[:5], cut, *acts[5:]])
    quota = check(occurrence)
    came = outcomes["done"] - 1
    assert outcomes == {"done": came + 1, "NOT_ENOUGH_SEATS": 10 - came}
    assert came <= 6
    # Whoever came before the cut stays; nobody came after it.
    assert (quota.confirmed, quota.forced, quota.free) == (6 + came, 2 + came, -2 - came)
    states = set(db.session.scalars(sa.select(Registration.state)))
    assert states == {Seat.CONFIRMED}
