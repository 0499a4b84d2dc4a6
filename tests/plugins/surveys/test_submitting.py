"""One answer a line of the frame, quotas exact, nothing of an anonymous one that leads back."""

import threading
from collections import Counter
from datetime import timedelta
from unittest.mock import MagicMock

import pytest
import sqlalchemy as sa

from plugins.surveys.anonymous import jobs
from plugins.surveys.answering import drafts, finding, submitting
from plugins.surveys.answering.standing import GRACE, open_until
from plugins.surveys.answering.submitting import AnswersError, submit
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Ballot, Draft, Forged, Participation, Quota, SideAnswer, Wave
from plugins.surveys.states import Mode, State, Unit
from portal import clock
from portal.audit.models import AuditEntry
from portal.extensions import db
from portal.members.models import Household
from portal.plugin_host.refs import member_ref
from portal.sdk import PointsError, points_balance
from tests import factories
from tests.factories import add
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.waves import make_survey, make_wave

HIDING = document(
    [question("q1", required=True)],
    [question("q2", show_if={"question": "q1", "is": "ge", "value": 4}), question("q3", "short")],
)


def found_of(wave, member):
    found = finding.find(wave.project_id, wave.public_id, member_ref(member))
    assert found is not None
    return found


def sending(place, wave, member, given=None, **more):
    """Return an act that sends an answer, in whatever thread it is called."""
    project, address, who, where = wave.project_id, wave.public_id, member_ref(member), place.ref

    def act():
        found = finding.find(project, address, who)
        assert found is not None
        at = more.get("at") or clock.now()
        begun_at = more.get("begun_at")
        answers = given or {"q1": 4}
        submit(found=found, member=who, project=where, given=answers, at=at, begun_at=begun_at)

    return act


def refused(act):
    with pytest.raises(SurveyError) as caught:
        act()
    db.session.rollback()
    return caught.value.code


def at_once(app, acts):
    """Run every act in a thread of its own, all beginning together; count what came of them."""
    db.session.commit()
    start, outcomes = threading.Barrier(len(acts)), Counter()

    def work(act):
        with app.app_context():
            start.wait()
            try:
                act()
                db.session.commit()
                outcomes["done"] += 1
            except SurveyError as error:
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


def count(model):
    return db.session.scalar(sa.select(sa.func.count()).select_from(model))


def test_an_answer_is_taken_once_and_paid_once(place):
    wave = make_wave(place.project.id, members=[place.member], points=20_000)
    drafts.save(
        found=found_of(wave, place.member),
        member=place.owner,
        answers={"q1": 4},
        block="b1",
        at=clock.now(),
    )
    db.session.commit()
    act = sending(place, wave, place.member, {"q1": 4, "q2": None})
    act()
    db.session.commit()
    db.session.expire_all()
    asked = db.session.scalars(sa.select(Participation)).one()
    ballot = db.session.scalars(sa.select(Ballot)).one()
    assert (asked.answered, asked.rewarded, asked.ballot_id) == (True, True, ballot.id)
    # Who answered stands in an identified wave alone.
    assert asked.answered_by is None
    assert (ballot.positions, ballot.stage, ballot.submitted_at is None) == (
        [4, -2],
        "senior",
        False,
    )
    assert (count(Draft), points_balance(place.owner).available) == (0, 20_000)
    assert refused(act) == "ANSWERED"


def test_many_at_once_leave_one_answer(app, place):
    mate = factories.make_member(household=db.session.get(Household, place.member.household_id))
    wave = make_wave(place.project.id, members=[place.member], points=20_000)
    acts = [sending(place, wave, who) for who in (place.member, mate) * 2]
    assert at_once(app, acts) == {"done": 1, "ANSWERED": 3}
    db.session.rollback()
    assert count(Ballot) == 1
    assert (
        sum(points_balance(member_ref(each)).available for each in (place.member, mate)) == 20_000
    )


def test_a_quota_is_exact_under_a_crowd(app, place):
    members = [place.member, place.neighbour, *(factories.make_owner(place.project) for _ in "ab")]
    wave = make_wave(place.project.id, members=members, mode=Mode.ANONYMOUS)
    quota = {"wave_id": wave.id, "project_id": wave.project_id, "field": "stage"}
    add(Quota(**quota, value="senior", most=2))
    db.session.commit()
    acts = [sending(place, wave, each) for each in members]
    assert at_once(app, acts) == {"done": 2, "QUOTA_FULL": 2}
    db.session.rollback()
    answered = sa.select(sa.func.count()).where(Participation.answered)
    assert (db.session.scalar(answered), count(Ballot)) == (2, 2)
    assert db.session.scalars(sa.select(Quota)).one().taken == 2


def test_an_anonymous_answer_leads_back_to_nobody(place):
    audited = count(AuditEntry)
    wave = make_wave(
        place.project.id,
        members=[place.member],
        mode=Mode.ANONYMOUS,
        instrument=HIDING,
        points=20_000,
    )
    sending(place, wave, place.member, {"q1": 5, "q2": 1, "q3": "电梯"})()
    db.session.commit()
    db.session.expire_all()
    asked = db.session.scalars(sa.select(Participation)).one()
    ballot = db.session.scalars(sa.select(Ballot)).one()
    assert (asked.answered, asked.ballot_id, asked.answered_by) == (True, None, None)
    # One household is fewer than k: the ballot does not say where it comes from.
    assert (ballot.stage, ballot.building, ballot.tier, ballot.language) == ("", "", "", "")
    assert (ballot.submitted_at, ballot.flags, asked.rewarded) == (None, 0, False)
    side = db.session.scalars(sa.select(SideAnswer)).one()
    assert (side.item, side.value) == (2, "电梯")
    assert (count(AuditEntry), points_balance(place.owner).available) == (audited, 0)
    with pytest.raises(ValueError, match="no draft"):
        drafts.save(
            found=found_of(wave, place.member),
            member=place.owner,
            answers={},
            block="b1",
            at=clock.now(),
        )


def test_forged_answers_to_hidden_questions_are_counted(place, caplog):
    members = [place.member, place.neighbour]
    wave = make_wave(place.project.id, members=members, instrument=HIDING)
    for member in members:
        sending(place, wave, member, {"q1": 1, "q2": 5})()
        db.session.commit()
    forged = db.session.scalars(sa.select(Forged)).one()
    assert (forged.item, forged.count) == ("q2", 2)
    assert caplog.text.count(f"hidden question: wave {wave.public_id}, q2") == 2
    assert {tuple(each.positions) for each in db.session.scalars(sa.select(Ballot))} == {
        (1, -1, -2)
    }


def test_what_does_not_fit_leaves_nothing(place):
    wave = make_wave(place.project.id, members=[place.member], instrument=HIDING)
    with pytest.raises(AnswersError) as caught:
        sending(place, wave, place.member, {"q1": 6, "q9": 1})()
    assert {each.path: each.code for each in caught.value.problems} == {
        "q1": "off_scale",
        "q9": "unknown",
    }
    db.session.rollback()
    assert (count(Ballot), found_of(wave, place.member).asked.answered) == (0, False)


def test_who_had_begun_may_send_half_an_hour_after_the_close(place):
    wave = make_wave(place.project.id, members=[place.member])
    end = wave.closes_at
    begun = end - timedelta(minutes=5)
    late = end + GRACE

    def sent(at, begun_at):
        return refused(sending(place, wave, place.member, at=at, begun_at=begun_at))

    assert sent(end, None) == sent(late, begun) == sent(end, end) == "OVER"
    sending(place, wave, place.member, at=late - timedelta(seconds=1), begun_at=begun)()
    db.session.commit()
    assert count(Ballot) == 1


@pytest.mark.parametrize(
    ("state", "code"), [(State.PAUSED, "PAUSED"), (State.CLOSED, "OVER"), (State.SEALED, "OVER")]
)
def test_a_wave_that_is_not_open_takes_nothing(place, state, code):
    wave = make_wave(place.project.id, members=[place.member], state=state)
    assert refused(sending(place, wave, place.member)) == code


def test_in_a_wave_of_persons_each_of_a_household_answers(place):
    mate = factories.make_member(household=db.session.get(Household, place.member.household_id))
    wave = make_wave(
        place.project.id, members=[place.member, mate], unit=Unit.PERSON, mode=Mode.IDENTIFIED
    )
    for member in (place.member, mate):
        sending(place, wave, member)()
        db.session.commit()
    db.session.expire_all()
    asked = db.session.scalars(sa.select(Participation)).all()
    assert {each.answered_by for each in asked} == {place.member.id, mate.id}


def test_others_of_a_project_are_not_asked(place):
    wave = make_wave(place.project.id, members=[place.member])
    project = place.project.id
    assert finding.find(project, wave.public_id, member_ref(place.neighbour)) is None
    assert finding.find(project + 1, wave.public_id, place.owner) is None
    assert db.session.get(Wave, wave.id) is not None


@pytest.mark.parametrize("mode", [Mode.IDENTIFIED, Mode.CONFIDENTIAL])
def test_points_that_were_refused_come_later(place, monkeypatch, mode):
    mate = factories.make_member(household=db.session.get(Household, place.member.household_id))
    wave = make_wave(place.project.id, members=[place.member], points=20_000, mode=mode)

    def refuse(**_):
        raise PointsError("nobody pays today")

    with monkeypatch.context() as patched:
        patched.setattr(submitting, "earn_points", refuse)
        sending(place, wave, mate)()
        db.session.commit()
    assert not db.session.scalar(sa.select(Participation.rewarded))
    for _ in range(2):
        jobs.shuffle_and_pay(MagicMock(done=0))
        db.session.commit()
        db.session.expire_all()
    assert db.session.scalar(sa.select(Participation.rewarded))
    # Of a confidential wave nobody knows who of the household sent it.
    paid = [points_balance(member_ref(each)).available for each in (place.member, mate)]
    assert paid == ([0, 20_000] if mode == Mode.IDENTIFIED else [20_000, 0])


def test_a_wave_that_is_closed_early_tells_its_grace(place):
    wave = make_wave(place.project.id, state=State.CLOSED)
    assert wave.closed_at < wave.closes_at
    assert open_until(wave, clock.now()) == wave.closed_at + GRACE
    field = make_wave(place.project.id, survey=make_survey(place.project.id, "other"))
    assert open_until(field, clock.now()) == field.closes_at
    field.closes_at = None
    assert open_until(field, clock.now()) is None
