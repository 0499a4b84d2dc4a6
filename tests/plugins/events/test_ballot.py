"""Seats that are drawn: entries cost nothing, are frozen before the seed is known, drawn once."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.events import registering, service
from plugins.events.ballot.drawing import differences, digest_of
from plugins.events.ballot.entering import enter, times_missed
from plugins.events.ballot.jobs import draw_due_ones
from plugins.events.ballot.models import Ballot, Draw, DrawEntry, Freeze, Mode
from plugins.events.ballot.pages import proof_of
from plugins.events.ballot.service import Way, hold_draw, set_way
from plugins.events.errors import EventError
from plugins.events.models import Occurrence, Quota, Registration, SeatRow
from plugins.events.policy import Terms
from plugins.events.seats import lock_quotas
from plugins.events.showing import to_local
from plugins.events.states import Counts, QueueRule, Seat, State
from plugins.events.waiting import serve
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.notifications.models import Notification
from portal.plugin_host.refs import member_ref
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.api.conftest import call
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_races import at_once
from tests.plugins.events.test_registering import leave, quota_of, refused, run_jobs
from tests.plugins.events.test_waiting import people, states, take

__all__ = ["call", "people"]
SOURCE = {"zh_Hans_CN": "福彩3D 第 2026330 期", "en": "Lottery 3D no. 2026330"}


@pytest.fixture
def drawn_activity(place, make_activity):
    """Make an activity whose seats are drawn; entries are open."""

    def make(mode=Mode.BALLOT, *, source=None, minutes=None, weights=None, **values):
        values.setdefault("queue_rule", QueueRule.SKIP)
        found = make_activity(State.DRAFT, **values)
        way = Way(
            mode=mode,
            minutes=minutes,
            draw_at=found.closes_at if mode == Mode.BALLOT else None,
            source=source,
            **(weights or {}),
        )
        set_way(actor=place.writer, occurrence=found, way=way, at=clock.now())
        found.state = State.OPEN
        db.session.commit()
        return found

    return make


def entering(place, occurrence, who, at=None):
    owner, keys = who
    made = enter(
        occurrence_id=occurrence.id,
        member=member_ref(owner),
        project=place.ref,
        at=at or clock.now(),
        party=keys,
    )
    db.session.commit()
    return made


def close(occurrence):
    """Let the time for entering be over, and with it the time of the draw."""
    past = clock.now() - timedelta(seconds=1)
    occurrence.closes_at = past
    mine = sa.update(Ballot).where(Ballot.occurrence_id == occurrence.id)
    db.session.execute(mine.where(Ballot.draw_at.is_not(None)).values(draw_at=past))
    db.session.commit()


def drawing(place, occurrence, number="", actor=None):
    made = hold_draw(
        actor=actor,
        occurrence_id=occurrence.id,
        project=place.ref,
        at=clock.now(),
        number=number,
    )
    db.session.commit()
    return made


def refusal_of(act, *args, **values):
    with pytest.raises(EventError) as found:
        act(*args, **values)
    db.session.rollback()
    return found.value.code


def test_entries_are_frozen_and_hashed_before_the_seed_and_drawn_by_the_number(
    app, place, people, drawn_activity
):
    occurrence = drawn_activity(capacity=5, price=5_000, source=SOURCE)
    parties = [people(1 + n % 3) for n in range(6)]
    for owner, _keys in parties:
        give_points(owner, 100)
    entries = [entering(place, occurrence, each) for each in parties]
    # Entering charges nothing, takes no seat, and is one a person.
    assert entering(place, occurrence, parties[0]).id == entries[0].id
    assert refused(place, occurrence) == "DRAW_FIRST"
    assert quota_of(occurrence).held == quota_of(occurrence).confirmed == 0
    assert points_balance(member_ref(parties[0][0])).available == 100_000
    assert leave(place, entries[5]).state == Seat.DECLINED
    assert refusal_of(drawing, place, occurrence, "528") == "DRAW_TOO_EARLY"
    secret_hash = occurrence.ballot.secret_hash
    close(occurrence)
    assert refusal_of(leave, place, entries[1]) == "FROZEN"
    run_jobs(app)
    db.session.expire_all()
    frozen = db.session.get_one(Freeze, occurrence.id)
    assert (occurrence.ballot.digest, occurrence.ballot.drawn_at) == (frozen.digest, None)
    assert digest_of(frozen.entries) == frozen.digest
    told = db.session.scalars(sa.select(AuditEntry).where(AuditEntry.action == "events.freeze"))
    assert frozen.digest in told.one().reason
    assert refusal_of(drawing, place, occurrence, " ") == "NO_NUMBER"
    made = drawing(place, occurrence, "5 2 8", place.writer)
    assert refusal_of(drawing, place, occurrence, "999") == "ALREADY_DRAWN"
    assert digest_of(made.secret) == secret_hash
    assert differences(proof_of(occurrence).told) == []
    run_jobs(app)
    db.session.expire_all()
    won = [each for each in entries if each.state == Seat.HELD]
    lost = [each for each in entries if each.state == Seat.WAITING]
    assert len(won) + len(lost) == 5
    quota = quota_of(occurrence)
    assert quota.held == sum(each.seats for each in won) <= 5
    assert all(each.seats > quota.free for each in lost)
    # Who is drawn pays when they take the seats, until a deadline; then the next are served.
    assert points_balance(member_ref(parties[0][0])).available == 100_000
    assert take(place, won[0]).state == Seat.CONFIRMED
    payer = next(owner for owner, _keys in parties if owner.id == won[0].member_id)
    assert points_balance(member_ref(payer)).available == 100_000 - 5_000 * won[0].seats
    kinds = db.session.scalars(sa.select(Notification.kind)).all()
    assert (kinds.count("events.drawn"), kinds.count("events.drawn_later")) == (
        len(won),
        len(lost),
    )
    places = dict(
        db.session.execute(sa.select(DrawEntry.registration_id, DrawEntry.place)).tuples().all()
    )
    order = sorted(lost, key=lambda each: each.queued_at)
    assert order == sorted(lost, key=lambda each: places[each.id])
    if len(won) > 1:
        won[1].offer_until = clock.now() - timedelta(seconds=1)
        db.session.commit()
        serve(occurrence, lock_quotas(occurrence.id), place.ref, clock.now())
        db.session.commit()
        assert states(won[1]) == [Seat.EXPIRED]
    assert verify() == []


def test_shuffled_minutes_are_one_pool_then_first_come(app, place, people, drawn_activity):
    occurrence = drawn_activity(Mode.SHUFFLED, minutes=30, capacity=3, queue_rule=QueueRule.NONE)
    occurrence.opens_at = clock.now() - timedelta(minutes=29)
    db.session.commit()
    entries = [entering(place, occurrence, people()) for _ in range(4)]
    occurrence.opens_at = clock.now() - timedelta(minutes=31)
    db.session.commit()
    assert refusal_of(entering, place, occurrence, people()) == "DRAW_FIRST"
    run_jobs(app)
    # Free of charge: confirmed at once.
    found = sorted(states(*entries))
    assert found == [Seat.CONFIRMED] * 3 + [Seat.NOT_DRAWN]
    assert quota_of(occurrence).confirmed == 3
    loser = next(each for each in entries if each.state == Seat.NOT_DRAWN)
    assert loser.ended_at is not None
    # From then on whoever comes first.
    winner = next(each for each in entries if each.state == Seat.CONFIRMED)
    leave(place, winner)
    late = people()[0]
    joined = registering.register(
        occurrence_id=occurrence.id,
        member=member_ref(late),
        project=place.ref,
        terms_seen=Terms.of(occurrence).mark(),
        at=clock.now(),
    )
    db.session.commit()
    assert joined.state == Seat.CONFIRMED
    assert refusal_of(entering, place, occurrence, people()) == "NOT_ENOUGH_SEATS"


def test_every_quota_is_respected_and_the_whole_pool_fits_where_there_is_room(
    place, people, drawn_activity
):
    occurrence = drawn_activity(capacity=20)
    where = {"occurrence_id": occurrence.id, "project_id": place.project.id}
    bus = factories.add(Quota(**where, key="chosen:1", counts=Counts.CHOSEN, capacity=2))
    made = []
    for _ in range(4):
        owner, keys = people(2)
        made.append(
            enter(
                occurrence_id=occurrence.id, member=member_ref(owner), project=place.ref,
                at=clock.now(), party=keys, wishes={bus.public_id: 1},
            )
        )  # fmt: skip
        db.session.commit()
    close(occurrence)
    drawing(place, occurrence)
    db.session.expire_all()
    assert sorted(states(*made)) == [Seat.HELD, Seat.HELD, Seat.WAITING, Seat.WAITING]
    held = dict(db.session.execute(sa.select(Quota.key, Quota.held)).tuples().all())
    assert held == {"total": 4, "chosen:1": 2}


def test_seats_cut_or_given_after_the_freeze_leave_fewer_to_draw(
    app, place, people, drawn_activity
):
    occurrence = drawn_activity(capacity=4, source=SOURCE)
    entries = [entering(place, occurrence, people()) for _ in range(4)]
    close(occurrence)
    run_jobs(app)
    db.session.execute(sa.update(Quota).values(capacity=1))
    db.session.commit()
    made = drawing(place, occurrence, "1")
    assert sorted(states(*entries)) == [Seat.HELD] + [Seat.WAITING] * 3
    assert list(made.room.values()) == [1]
    assert differences(proof_of(occurrence).told) == []


def test_lots_come_from_the_tier_and_from_times_without_a_seat(place, people, drawn_activity):
    weights = {"tiers": {"gold": 3}, "missed": 2, "missed_most": 3}
    who = people()
    for _ in range(2):
        lost = drawn_activity(capacity=1, queue_rule=QueueRule.NONE)
        db.session.execute(sa.update(Quota).values(capacity=1, confirmed=1))
        db.session.commit()
        entering(place, lost, who)
        close(lost)
        drawing(place, lost)
    assert times_missed(member_ref(who[0]), place.ref) == 2
    again = drawn_activity(capacity=1, weights=weights)
    made = entering(place, again, who)
    lots = sa.select(DrawEntry.lots).where(DrawEntry.registration_id == made.id)
    # One for everybody, and two times two, but three at most.
    assert db.session.scalar(lots) == 4
    close(again)
    drawing(place, again)
    assert states(made) == [Seat.HELD]
    assert times_missed(member_ref(who[0]), place.ref) == 0


def test_the_household_limit_counts_entries_and_nobody_is_in_two(place, people, drawn_activity):
    occurrence = drawn_activity(capacity=9, household_most=2)
    owner, keys = people(3)
    assert refusal_of(entering, place, occurrence, (owner, keys)) == "HOUSEHOLD_FULL"
    entering(place, occurrence, (owner, keys[:2]))
    partner = factories.make_owner(place.project)
    partner.household_id = owner.household_id
    db.session.commit()
    assert refusal_of(entering, place, occurrence, (partner, keys[1:2])) == "ALREADY_GOING"
    assert refusal_of(entering, place, occurrence, (partner, [partner.public_id])) == (
        "HOUSEHOLD_FULL"
    )


def test_the_way_is_fixed_once_registration_has_begun_and_the_proof_never_changes(
    place, people, drawn_activity
):
    occurrence = drawn_activity(capacity=1)
    entering(place, occurrence, people())
    change = {"actor": place.writer, "occurrence": occurrence, "at": clock.now()}
    assert refusal_of(set_way, way=Way(mode=None), **change) == "MODE_FIXED"
    close(occurrence)
    drawing(place, occurrence)
    for model in (Freeze, Draw):
        with pytest.raises(sa.exc.DBAPIError):
            db.session.execute(sa.update(model).values(project_id=model.project_id))
        db.session.rollback()


def test_a_draw_that_never_was_ends_with_the_beginning(app, place, people, drawn_activity):
    occurrence = drawn_activity(capacity=1, source=SOURCE)
    made = entering(place, occurrence, people())
    service.take_step(
        actor=None, project=place.ref, occurrence=occurrence, step="start", at=clock.now()
    )
    run_jobs(app)
    assert states(made) == [Seat.NOT_DRAWN]


def test_two_jobs_and_clicks_at_once_draw_once(app, place, people, drawn_activity):
    occurrence = drawn_activity(capacity=3)
    for _ in range(6):
        entering(place, occurrence, people())
    close(occurrence)
    number, project, actor = occurrence.id, place.ref, place.writer

    def by_hand():
        hold_draw(actor=actor, occurrence_id=number, project=project, at=clock.now())

    class Run:
        done = 0

        def checkpoint(self, **_values):
            db.session.commit()

    outcomes = at_once(app, [by_hand, lambda: draw_due_ones(Run())] * 3)
    assert outcomes["done"] + outcomes["ALREADY_DRAWN"] == 6
    assert outcomes["done"] >= 3
    db.session.expire_all()
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Draw)) == 1
    assert quota_of(occurrence).held == 3
    held = sa.select(sa.func.count(SeatRow.id)).where(SeatRow.state == Seat.HELD)
    assert db.session.scalar(held) == 3
    acts = db.session.scalars(sa.select(AuditEntry.action)).all()
    assert (acts.count("events.freeze"), acts.count("events.draw")) == (1, 1)


def test_many_enter_at_once_while_it_is_frozen(app, place, people, drawn_activity):
    """Whoever is in the frozen list is in the draw, and nobody else."""
    occurrence = drawn_activity(capacity=2)
    who = [(member_ref(owner), keys) for owner, keys in (people() for _ in range(8))]
    number, project = occurrence.id, place.ref
    ends = clock.now() + timedelta(days=2, hours=23)

    def going_in(member, keys):
        return lambda: enter(
            occurrence_id=number, member=member, project=project, at=clock.now(), party=keys
        )

    def freezing():
        found = db.session.get_one(Occurrence, number)
        after = max(found.closes_at, ends) + timedelta(seconds=1)
        hold_draw(actor=None, occurrence_id=number, project=project, at=after)

    acts = [going_in(*each) for each in who]
    outcomes = at_once(app, [*acts[:4], freezing, *acts[4:]])
    db.session.expire_all()
    draw = db.session.get_one(Draw, number)
    assert len(draw.outcome) == db.session.scalar(sa.select(sa.func.count(Registration.id)))
    assert outcomes["done"] == len(draw.outcome) + 1
    assert quota_of(occurrence).held == min(2, len(draw.outcome))


def test_an_owner_enters_reads_the_proof_and_staff_draw(
    app, client, place, people, drawn_activity, query_count
):
    occurrence = drawn_activity(capacity=1, source=SOURCE, weights={"missed": 1, "missed_most": 2})
    here, desk = f"/p/binjiang/events/{occurrence.public_id}", "/p/binjiang/staff/events/"
    owner = factories.sign_in(client, place.member)
    owner.get(here)
    with query_count() as sent:
        page = owner.get(here).text
    assert len(sent) <= 8, sent
    assert "参加抽签" in page
    assert SOURCE["zh_Hans_CN"] in owner.get(f"{here}/draw").text
    data = {"household": "1", "person": place.member.public_id}
    made = owner.post(f"{here}/enter", data=data)
    assert (made.status_code, owner.post(f"{here}/enter", data=data).location) == (
        303,
        made.location,
    )
    ticket = owner.get(made.location).text
    assert "data:image/svg+xml" not in ticket
    assert "退出抽签" in ticket
    assert owner.get(f"{here}/draw.json").status_code == 404
    entering(place, occurrence, people())
    staff = factories.sign_in(app.test_client(), place.writer)
    way = f"{desk}{occurrence.public_id}/draw"
    assert "2 个家庭" in staff.get(way).text
    assert staff.post(way, data={"mode": ""}).status_code == 409
    run = f"{way}/run"
    assert staff.post(run, data={"number": "528"}).status_code == 409
    close(occurrence)
    assert staff.post(run).status_code == 422
    assert staff.post(run, data={"number": "528"}).status_code == 303
    assert staff.post(run, data={"number": "529"}).status_code == 409
    with query_count() as sent:
        shown = staff.get(way).text
    assert len(sent) <= 8, sent
    assert "重新计算" in shown
    proof = owner.get(f"{here}/draw.json").json
    assert (proof["number"], differences(proof)) == ("528", [])
    assert "重新计算" in owner.get(f"{here}/draw").text
    other = factories.make_project(slug="other")
    stranger = factories.sign_in(app.test_client(), factories.make_owner(other))
    assert stranger.get(f"{here}/draw.json").status_code in (403, 404)


def test_a_program_enters_and_reads_the_proof(call, place, drawn_activity):
    occurrence = drawn_activity(capacity=1)
    owner, here = call(place.member), f"/p/binjiang/events/{occurrence.public_id}"
    shown = owner("GET", here).json
    assert (shown["refusal"], shown["draws"][0]["takes_entries"]) == ("DRAW_FIRST", True)
    assert shown["draws"][0]["lots"] == 1
    refused_ = owner("POST", f"{here}/register", {"terms": shown["terms"]})
    assert (refused_.status_code, refused_.json["code"]) == (409, "DRAW_FIRST")
    assert owner("GET", f"{here}/draw").status_code == 404
    made = owner("POST", f"{here}/enter", {})
    assert (made.status_code, made.json["state"]) == (200, "ballot_entered")
    close(occurrence)
    drawing(place, occurrence)
    told = owner("GET", f"{here}/draw").json
    assert (told["drawn"], differences(json.loads(told["file"]))) == (True, [])


def test_staff_set_a_ballot_with_lots(client, place, make_activity):
    occurrence = make_activity(State.DRAFT)
    staff = factories.sign_in(client, place.writer)
    way = f"/p/binjiang/staff/events/{occurrence.public_id}/draw"
    assert staff.get(way).status_code == 200
    assert staff.post(way, data={"mode": "shuffled"}).status_code == 422
    assert (
        staff.post(way, data={"mode": "ballot", "draw_at": "2020-01-01T10:00"}).status_code == 422
    )
    assert staff.post(way, data={"mode": "shuffled", "minutes": "1.5"}).status_code == 422
    assert staff.post(way, data={"mode": "lottery"}).status_code == 422
    assert staff.post(way, data={"mode": "shuffled", "minutes": "15"}).status_code == 303
    db.session.expire_all()
    assert (occurrence.ballot.mode, occurrence.ballot.minutes) == ("shuffled", 15)
    kept = occurrence.ballot.secret_hash
    day = to_local(occurrence.starts_at - timedelta(minutes=30), place.ref)
    data = {"mode": "ballot", "draw_at": day.strftime("%Y-%m-%dT%H:%M"), "lots_0": "2"}
    assert staff.post(way, data=data).status_code == 303
    db.session.expire_all()
    assert (occurrence.ballot.mode, occurrence.ballot.secret_hash) == ("ballot", kept)
    assert staff.post(way, data={"mode": ""}).status_code == 303
    db.session.expire_all()
    assert occurrence.ballot is None
