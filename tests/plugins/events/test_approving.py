"""Asking for a place: nothing is taken before the club says yes, and it says so once."""

from datetime import timedelta

import sqlalchemy as sa

from plugins.events import registering, service
from plugins.events.asking.approving import decide
from plugins.events.door import refusal_at_door
from plugins.events.models import Registration, Share
from plugins.events.policy import Terms
from plugins.events.states import QueueRule, Seat, State
from portal import clock
from portal.accounts.models import Account
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.jobs.runner import Runner
from portal.notifications.models import Notification
from portal.points.verify import verify
from portal.sdk import points_balance
from tests import factories
from tests.plugins.events.conftest import give_points
from tests.plugins.events.test_ladder import come, mark, policy
from tests.plugins.events.test_pages import DESK, LIST
from tests.plugins.events.test_races import at_once
from tests.plugins.events.test_registering import join, leave, quota_of

__all__ = ["policy"]


def answer(place, occurrence, *parties, act="approve", reason=""):
    found = decide(
        actor=place.writer,
        occurrence_id=occurrence.id,
        project=place.ref,
        parties=[each.public_id for each in parties],
        act=act,
        at=clock.now(),
        reason=reason,
    )
    db.session.commit()
    return [error.code if error else None for error in found.values()]


def told(kind):
    kinds = sa.select(sa.func.count(Notification.id)).where(Notification.kind == kind)
    return db.session.scalar(kinds)


def test_nothing_is_taken_before_yes_and_then_what_was_shown(place, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(capacity=1, price=20_000, deposit=10_000, by_approval=True)
    made = join(place, occurrence)
    assert join(place, occurrence).id == made.id
    assert (made.state, made.charged) == (Seat.PENDING, 0)
    assert quota_of(occurrence).free == 1
    assert points_balance(place.owner).available == 100_000
    # What it costs now is for who asks now.
    occurrence.price = 90_000
    db.session.commit()
    assert answer(place, occurrence, made) == [None]
    assert answer(place, occurrence, made) == [None]
    db.session.refresh(made)
    assert (made.state, made.charged, made.deposit) == (Seat.CONFIRMED, 20_000, 10_000)
    assert quota_of(occurrence).free == 0
    found = points_balance(place.owner)
    assert (found.available, found.held) == (70_000, 10_000)
    assert told("events.confirmed") == 1
    assert answer(place, occurrence, made, act="reject", reason="x") == ["NOT_PENDING"]
    assert verify() == []


def test_what_does_not_fit_or_cannot_pay_still_waits(place, make_activity):
    occurrence = make_activity(
        capacity=1, price=20_000, by_approval=True, queue_rule=QueueRule.SKIP
    )
    members = [place.member, *(factories.make_owner(place.project) for _ in range(2))]
    made = [join(place, occurrence, each) for each in members]
    give_points(members[1], 20)
    give_points(members[2], 20)
    assert answer(place, occurrence, *made) == ["NOT_ENOUGH_POINTS", None, "NOT_ENOUGH_SEATS"]
    states = [db.session.get_one(Registration, each.id).state for each in made]
    assert states == [Seat.PENDING, Seat.CONFIRMED, Seat.PENDING]
    assert (quota_of(occurrence).confirmed, told("events.points_missing")) == (1, 1)
    assert answer(place, occurrence, made[2], act="queue") == [None]
    leave(place, made[1])
    db.session.refresh(made[2])
    assert (made[2].state, quota_of(occurrence).held) == (Seat.HELD, 1)
    # The free seat is theirs now.
    give_points(members[0], 20)
    assert answer(place, occurrence, made[0]) == ["NOT_ENOUGH_SEATS"]
    assert verify() == []


def test_who_may_only_wait_is_not_approved_and_the_desk_reads_why(
    app, client, place, policy, make_activity
):
    long_open = clock.now() - timedelta(days=3)
    asked, unlisted = (
        make_activity(by_approval=True, queue_rule=rule, opens_at=long_open)
        for rule in (QueueRule.SKIP, QueueRule.NONE)
    )
    made = come(place, asked)
    staff = factories.sign_in(app.test_client(), place.writer)
    desk = f"{DESK}{asked.public_id}/requests"
    assert "失约" not in staff.get(desk).text.split("<form")[-1]
    mark(place, make_activity, 3)
    refused = staff.post(desk, data={"party": made.public_id, "act": "approve"})
    assert (refused.status_code, "目前只能转入候补" in refused.text) == (409, True)
    assert "失约 3 次，仅可候补" in refused.text
    assert answer(place, asked, made) == ["WAITING_LIST_ONLY"]
    assert answer(place, asked, made, act="queue") == [None]
    db.session.refresh(made)
    assert made.state == Seat.HELD
    # Where there is no list, asking would lead nowhere.
    owner = factories.sign_in(client, place.member)
    form = {"terms": Terms.of(unlisted, None, 1).mark()}
    refused = owner.post(f"{LIST}{unlisted.public_id}/register", data=form)
    assert (refused.status_code, "您目前只能加入候补" in refused.text) == (403, True)


def test_two_clerks_at_once_have_one_effect(app, place, make_activity):
    give_points(place.member, 100)
    occurrence = make_activity(capacity=5, price=20_000, by_approval=True)
    made = join(place, occurrence)
    number, party, clerks = occurrence.id, made.public_id, (place.writer.id, place.reviewer.id)
    project, outcomes = place.ref, []
    db.session.rollback()

    def deciding(clerk, act):
        def work():
            found = decide(
                actor=db.session.get_one(Account, clerk), occurrence_id=number, project=project,
                parties=[party], act=act, at=clock.now(), reason="x",
            )  # fmt: skip
            outcomes.extend((act, error.code if error else None) for error in found.values())

        return work

    at_once(app, [deciding(clerk, act) for clerk in clerks for act in ("approve", "reject")])
    db.session.rollback()
    kept = db.session.get_one(Registration, made.id, populate_existing=True)
    winner = "approve" if kept.state == Seat.CONFIRMED else "reject"
    assert set(outcomes) == {
        (winner, None), ({"approve": "reject", "reject": "approve"}[winner], "NOT_PENDING"),
    }  # fmt: skip
    acts = sa.select(AuditEntry.action).where(AuditEntry.action.startswith("events.request_"))
    assert db.session.scalars(acts).all() == [f"events.request_{winner}"]
    paid = 20_000 if winner == "approve" else 0
    assert points_balance(place.owner).available == 100_000 - paid
    assert quota_of(occurrence).confirmed == (winner == "approve")
    assert verify() == []


def test_who_asks_is_told_so_at_the_door(place, make_activity):
    made = join(place, activity := make_activity(by_approval=True))
    assert refusal_at_door(activity, made, clock.now()) == "NOT_CONFIRMED"


def test_the_beginning_ends_what_nobody_answered(app, place, make_activity):
    occurrence = make_activity(by_approval=True)
    made = join(place, occurrence)
    at = occurrence.starts_at + timedelta(minutes=1)
    service.keep_time(project=place.ref, occurrence=occurrence, at=at)
    db.session.commit()
    Runner(app).run_once()
    db.session.refresh(made)
    assert (made.state, made.decided_by, told("events.not_decided")) == (Seat.REJECTED, None, 1)
    assert db.session.scalars(sa.select(Share.seats)).one() == 0
    assert answer(place, occurrence, made, act="queue") == ["NOT_PENDING"]


def test_the_pages_of_both_sides(app, client, place, make_activity):
    occurrence = make_activity(capacity=1, by_approval=True, queue_rule=QueueRule.SKIP)
    owner = factories.sign_in(client, place.member)
    page, desk = f"{LIST}{occurrence.public_id}", f"{DESK}{occurrence.public_id}/requests"
    assert "申请参加" in owner.get(page).text
    form = {"terms": Terms.of(occurrence).mark()}
    assert owner.post(f"{page}/queue", data=form).status_code == 409
    ticket = owner.post(f"{page}/register", data=form).location
    assert "业主会已收到您的申请" in owner.get(ticket).text
    assert "撤回申请" in owner.get(ticket).text
    staff = factories.sign_in(app.test_client(), place.writer)
    assert place.member.name in staff.get(desk).text
    made = db.session.scalars(sa.select(Registration)).one()
    data = {"party": made.public_id, "act": "reject"}
    assert staff.post(desk, data={"act": "approve"}).status_code == 422
    assert staff.post(desk, data={**data, "act": "other"}).status_code == 404
    assert staff.post(desk, data=data).status_code == 422
    assert staff.post(desk, data={**data, "reason": "这次优先新住户"}).status_code == 303
    assert "这次优先新住户" in owner.get(ticket).text
    assert told("events.rejected") == 1
    again = owner.post(f"{page}/register", data=form).location
    assert owner.post(f"{again}/cancel").status_code == 303
    states = sa.select(Registration.state).order_by(Registration.created_at)
    assert db.session.scalars(states).all() == [Seat.REJECTED, Seat.DECLINED]
    third = registering.register(
        occurrence_id=occurrence.id, member=place.owner, project=place.ref,
        terms_seen=form["terms"], at=clock.now(),
    )  # fmt: skip
    neighbour = join(place, occurrence, factories.make_owner(place.project))
    both = {"party": [neighbour.public_id, third.public_id], "act": "approve"}
    refused = staff.post(desk, data=both)
    assert (refused.status_code, "名额已报满。" in refused.text) == (409, True)
    assert quota_of(occurrence).confirmed == 1
    other = factories.make_project(slug="siji", name="四季苑")
    elsewhere = make_activity(project=other, by_approval=True)
    assert staff.get(f"{DESK}{elsewhere.public_id}/requests").status_code == 404
    assert occurrence.state == State.OPEN


def test_who_asks_is_told_and_the_staff_find_it_on_their_home(app, place, make_activity):
    writer = factories.sign_in(app.test_client(), place.writer)
    home, everywhere = "/p/binjiang/staff/", f"{DESK}requests"
    assert everywhere not in writer.get(home).text
    assert "没有待答复的申请" in writer.get(everywhere).text
    occurrence = make_activity(capacity=5, by_approval=True)
    made = join(place, occurrence)
    assert told("events.requested") == 1
    assert everywhere in writer.get(home).text
    assert f"{DESK}{occurrence.public_id}/requests" in writer.get(everywhere).text
    assert answer(place, occurrence, made) == [None]
    assert everywhere not in writer.get(home).text
