"""Signs of pressure: noted of waves with names alone, reported as counts, no answer dropped."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.surveys.answering.finding import find
from plugins.surveys.answering.pressure import Seen, Sign
from plugins.surveys.answering.submitting import submit
from plugins.surveys.models import Ballot, Burst
from plugins.surveys.signals.reading import may_show, report_of
from plugins.surveys.states import Mode, State, Unit
from plugins.surveys.waves.service import take_step
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.plugin_host.refs import member_ref
from tests import factories
from tests.plugins.surveys.instruments import document, question, said
from tests.plugins.surveys.test_answering import step
from tests.plugins.surveys.waves import add_ballot, bring, make_wave

ROWS = [{"key": f"r{number}", "text": said(f"r{number}")} for number in range(5)]
ASKED = document([question("m", "matrix", rows=ROWS)], [question("q1")])
LINE = {"m": {row["key"]: 3 for row in ROWS}}
MIXED = {"m": {**LINE["m"], "r0": 5}}


def send(place, wave, member, given, *, after=60, **seen):
    at, who = clock.now(), member_ref(member)
    found = find(wave.project_id, wave.public_id, who)
    assert found is not None
    begun_at = at - timedelta(seconds=after)
    about = {"found": found, "member": who, "project": place.ref, "given": given}
    submit(**about, at=at, begun_at=begun_at, seen=Seen(**seen))
    db.session.commit()


def flags():
    return [Sign(each) for each in db.session.scalars(sa.select(Ballot.flags))]


def test_each_sign_is_noted(place):
    members = [factories.make_owner(place.project) for _ in range(4)]
    wave = make_wave(place.project.id, members=members, instrument=ASKED)
    send(place, wave, members[0], LINE)
    assert flags() == [Sign.STRAIGHT]
    send(place, wave, members[1], MIXED, after=1)
    assert Sign.FAST in flags()
    send(place, wave, members[2], MIXED, assisted=True)
    # What is skipped makes no line.
    send(place, wave, members[3], {"q1": 3})
    assert sorted(flags()) == [Sign(0), Sign.STRAIGHT, Sign.FAST, Sign.ASSISTED]


def test_a_burst_is_of_one_device_and_forgotten_with_the_seal(place, monkeypatch):
    at = clock.now()
    monkeypatch.setattr(clock, "now", lambda: at)
    members = [factories.make_owner(place.project) for _ in range(5)]
    wave = make_wave(place.project.id, members=members, instrument=ASKED)
    for member, device in zip(members, "aaaba", strict=True):
        send(place, wave, member, MIXED, origin=device)
    assert sorted(flags()) == [Sign(0)] * 3 + [Sign.BURST] * 2
    assert sorted(db.session.scalars(sa.select(Burst.count))) == [1, 4]
    bring(wave, State.CLOSED, closed_at=at)
    manager = db.session.get(Account, place.manager.id)
    act = {"actor": manager, "project": place.ref, "wave": wave, "at": at}
    take_step(**act, step="seal", version=wave.version)
    assert db.session.scalar(sa.select(sa.func.count(Burst.slot))) == 0


def test_nothing_is_noted_of_an_anonymous_answer(client, place):
    wave = make_wave(
        place.project.id, members=[place.member], mode=Mode.ANONYMOUS, instrument=ASKED
    )
    owner = factories.sign_in(client, place.member)
    assert 'name="helped"' not in step(owner, wave, "b2").text
    step(owner, wave, "review", "send", carried="{}", helped="yes")
    assert flags() == [Sign(0)]
    assert db.session.scalar(sa.select(sa.func.count(Burst.slot))) == 0
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(
            sa.insert(Burst).values(
                wave_id=wave.id, named=False, origin="a", slot=1, project_id=wave.project_id
            )
        )
    db.session.rollback()


def test_an_owner_says_that_somebody_helped(client, place):
    wave = make_wave(place.project.id, members=[place.member], instrument=ASKED)
    owner = factories.sign_in(client, place.member)
    step(owner, wave, "b1")
    assert (
        'name="helped"' in owner.get(f"/p/binjiang/surveys/{wave.public_id}/answer?at=review").text
    )
    step(owner, wave, "review", "send", helped="yes")
    assert Sign.ASSISTED in flags()[0]


def filled(place, mode, counts, **more):
    wave = make_wave(place.project.id, mode=mode, instrument=ASKED, unit=Unit.PERSON, **more)
    for building, plain, straight in counts:
        for number in range(plain + straight):
            line = number >= plain
            told = {"positions": [3, 3, 3, 3, 3 if line else 4, 5], "building": building}
            if mode != Mode.ANONYMOUS:
                told["flags"] = Sign.STRAIGHT * line
                told["submitted_at"] = clock.now()
            add_ballot(wave, **told)
    db.session.commit()
    return wave


@pytest.mark.parametrize("mode", [Mode.CONFIDENTIAL, Mode.ANONYMOUS])
def test_small_counts_stay_hidden(place, mode):
    counts = [("1", 12, 10), ("2", 20, 3), ("3", 30, 11)]
    wave = filled(place, mode, counts)
    assert not may_show(wave)
    bring(wave, State.CLOSED, closed_at=clock.now())
    report = report_of(wave, place.ref)
    assert (report.answers, report.signs[Sign.STRAIGHT]) == (86, 24)
    shown = {line.name: (line.answers, line.signed) for line in report.buildings}
    # 3 of the second building must not follow from the others, so another one goes with it.
    assert shown["2"] == (23, None)
    assert sorted([shown["1"], shown["3"]], key=str) == [(22, None), (41, 11)]
    assert set(report.signs) == ({Sign.STRAIGHT} if mode == Mode.ANONYMOUS else set(Sign))
    assert bool(report.days) == (mode != Mode.ANONYMOUS)


def test_the_page_waits_for_the_close_and_costs_the_same(client, place, query_count):
    wave = filled(place, Mode.CONFIDENTIAL, [("1", 12, 10)])
    clerk = factories.sign_in(client, place.clerk)
    address = f"/p/binjiang/staff/surveys/{wave.public_id}/signals"
    assert "调查结束后才能看" in clerk.get(address).text
    bring(wave, State.CLOSED, closed_at=clock.now())
    with query_count() as few:
        assert "打分全一样" in clerk.get(address).text
    assert len(few) <= 8
