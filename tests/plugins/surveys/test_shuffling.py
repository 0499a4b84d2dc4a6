"""Anonymous waves: nothing at the answer, a shuffle, points, and an attacker with everything."""

import logging
from datetime import timedelta

import pytest
import sqlalchemy as sa

from plugins.surveys.anonymous import jobs, paying, shuffling
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Ballot, Participation, SideAnswer, Wave
from plugins.surveys.states import Mode, State, Unit
from plugins.surveys.waves.service import take_step
from portal import clock
from portal.accounts.models import Account
from portal.extensions import db
from portal.points.models import Transaction
from tests import factories
from tests.plugins.surveys.instruments import document, question
from tests.plugins.surveys.test_submitting import sending
from tests.plugins.surveys.waves import make_wave

WORDS = document([question("q1", required=True), question("q2", "short")])


class Run:
    """A job's run, whose commits can be made to fail: the process ends there."""

    done = 0

    def __init__(self, commits=1000):
        self.left = commits

    def checkpoint(self, *, done):
        self.left -= 1
        if self.left < 0:
            db.session.rollback()
            raise KeyboardInterrupt
        db.session.commit()
        self.done = done


def answered(place, many, *, unit=Unit.PERSON, points=20_000, **more):
    """A wave in which so many answered, one after the other: who says "n" in q2 was the n-th."""
    members = [factories.make_owner(place.project) for _ in range(many)]
    wave = make_wave(
        place.project.id,
        members=members,
        mode=Mode.ANONYMOUS,
        unit=unit,
        points=points,
        instrument=WORDS,
        **more,
    )
    order = list(members)
    shuffling._CHANCE.shuffle(order)
    for number, member in enumerate(order):
        sending(place, wave, member, {"q1": 1 + number % 5, "q2": str(number)})()
        db.session.commit()
    return wave, order


def work(run=None):
    jobs.shuffle_and_pay(run or Run())
    db.session.commit()
    db.session.expire_all()


def close(place, wave, at):
    manager = db.session.get(Account, place.manager.id)
    step = {"actor": manager, "project": place.ref, "wave": wave, "at": at}
    take_step(**step, step="close", version=wave.version)
    db.session.commit()
    return step


def finish(place, wave):
    at = clock.now()
    step = close(place, wave, at - timedelta(hours=1))
    shuffling.shuffle_all(wave, at)
    db.session.commit()
    db.session.expire_all()
    return step


def rho(one, other):
    """Spearman's rank correlation of two orders of the same things."""
    place = {each: number for number, each in enumerate(other)}
    size = len(one)
    apart = sum((number - place[each]) ** 2 for number, each in enumerate(one))
    return 1 - 6 * apart / (size * (size * size - 1))


def physical(model, *columns):
    """Return rows as they lie in the file."""
    sqlite = db.engine.dialect.name == "sqlite"
    place = "rowid" if sqlite and model is not SideAnswer else "ctid"
    mine = sa.select(*columns).select_from(model)
    if not (sqlite and model is SideAnswer):
        mine = mine.order_by(sa.text(f"{model.__tablename__}.{place}"))
    return db.session.execute(mine).all()


def everything():
    """Return all rows of all tables."""
    return {
        table.name: sorted(map(repr, db.session.execute(sa.select(table))))
        for table in db.metadata.sorted_tables
    }


def test_an_answer_leaves_a_ballot_and_a_mark_alone(place, caplog):
    wave = make_wave(
        place.project.id,
        members=[place.member],
        mode=Mode.ANONYMOUS,
        instrument=WORDS,
        points=20_000,
    )
    act = sending(place, wave, place.member, {"q1": 4, "q2": "电梯"})
    before = everything()
    caplog.set_level(logging.INFO)
    act()
    db.session.commit()
    after = everything()
    changed = {name for name in after if after[name] != before[name]}
    assert changed == {"surveys_ballot", "surveys_side_answer", "surveys_participation"}
    assert not [each for each in caplog.records if not each.name.startswith("sqlalchemy")]


def lines_of(order, lines, building):
    """Return the places in the order of answers of the households of these lines."""
    of = {member.household_id: number for number, member in enumerate(order)}
    return [of[line.household_id] for line in lines if line.building == building]


@pytest.mark.parametrize(
    ("unit", "buildings"), [(Unit.PERSON, ("1",)), (Unit.HOUSEHOLD, ("1", "2"))]
)
def test_an_attacker_with_every_table_does_no_better_than_chance(place, unit, buildings):
    wave, order = answered(place, 40, unit=unit, buildings=buildings)
    work()
    finish(place, wave)
    step = {"actor": db.session.get(Account, place.manager.id), "project": place.ref, "wave": wave}
    take_step(**step, step="seal", version=wave.version, at=clock.now())
    db.session.commit()
    said = sa.select(SideAnswer.ballot_id, SideAnswer.value).where(SideAnswer.item == 1)
    number = {ballot: int(value) for ballot, value in db.session.execute(said)}
    stratum = dict(db.session.execute(sa.select(Ballot.id, Ballot.building)).all())
    assert set(stratum.values()) == set(buildings)
    clues = {
        "place": [row[0] for row in physical(Ballot, Ballot.id)],
        "id": sorted(number),
        "side": [row[0] for row in physical(SideAnswer, SideAnswer.ballot_id)],
    }
    names = ("public_id", "household_id", "building")
    lines = physical(Participation, *(getattr(Participation, name) for name in names))
    line = {each.public_id: each for each in lines}
    paid = sa.select(Transaction.key).where(Transaction.source == paying.SOURCE)
    keys = db.session.scalars(paid.order_by(Transaction.created_at, Transaction.id))
    posted = [line[key.rsplit(":", 1)[1]] for key in keys]
    assert len(posted) == 40
    # An attacker looks within each building: a ballot there is that of some line there.
    for each in buildings:
        members = {
            name: lines_of(order, some, each)
            for name, some in (("lines", lines), ("posted", posted))
        }
        truth = sorted(members["lines"])
        for name, ballots in clues.items():
            seen = [number[ballot] for ballot in ballots if stratum[ballot] == each]
            assert sorted(seen) == truth
            for clue, told in {"time": truth, **members}.items():
                assert abs(rho(seen, told)) < 0.85, (each, name, clue)
        # The lines and the postings tell no more of the order of answers (the ids of lines on
        # SQLite: the frame's, drawn before anybody answered).
        for told in members.values():
            assert abs(rho(told, truth)) < 0.85
    if db.engine.dialect.name == "postgresql":
        # One shuffle wrote all ballots, one seal all digests of words.
        for table in (Ballot, SideAnswer):
            versions = sa.select(sa.func.count(sa.distinct(sa.literal_column("xmin::text"))))
            assert db.session.scalar(versions.select_from(table)) == 1


def test_a_batch_waits_for_ten(place):
    wave, _ = answered(place, 9, unit=Unit.HOUSEHOLD)
    before = set(db.session.scalars(sa.select(Ballot.id)))
    work()
    assert set(db.session.scalars(sa.select(Ballot.id))) == before
    assert not db.session.scalar(sa.select(sa.func.count(Transaction.id)))
    assert not db.session.get_one(Wave, wave.id).shuffling


def test_sealing_waits_for_the_last_shuffle_which_waits_for_the_grace(place):
    wave, _ = answered(place, 3, unit=Unit.HOUSEHOLD)
    frame = set(db.session.execute(sa.select(Participation.public_id, Participation.answered)))
    at = clock.now()
    step = close(place, wave, at)
    assert shuffling.shuffle_all(wave, at + timedelta(minutes=29)) == 0
    with pytest.raises(SurveyError, match="NOT_SHUFFLED"):
        take_step(**step, step="seal", version=wave.version)
    db.session.rollback()
    assert shuffling.shuffle_all(wave, at + timedelta(minutes=30)) == 3
    db.session.commit()
    db.session.expire_all()
    assert frame == set(
        db.session.execute(sa.select(Participation.public_id, Participation.answered))
    )
    work()
    # The household's first member has the points.
    assert db.session.scalar(sa.select(sa.func.count()).where(Participation.rewarded)) == 3
    take_step(**step, step="seal", version=wave.version)
    assert wave.state == State.SEALED


@pytest.mark.parametrize("commits", [0, 1])
def test_a_crash_pays_neither_twice_nor_never(place, commits, monkeypatch):
    _, order = answered(place, 12)
    monkeypatch.setattr(paying, "_AT_ONCE", 5)
    with pytest.raises(KeyboardInterrupt):
        work(Run(commits))
    db.session.rollback()
    with pytest.raises(KeyboardInterrupt):
        work(Run(2))
    work()
    work()
    ballots = db.session.scalar(sa.select(sa.func.count()).where(Ballot.sealed))
    rewarded = db.session.scalar(sa.select(sa.func.count()).where(Participation.rewarded))
    amounts = db.session.scalars(
        sa.select(Transaction.amount).where(Transaction.source == paying.SOURCE)
    ).all()
    assert (ballots, rewarded, amounts) == (12, 12, [20_000] * len(order))


def test_the_frame_is_rewritten_in_a_shuffle_alone(place):
    wave, _ = answered(place, 1)
    gone = sa.delete(Participation).where(Participation.wave_id == wave.id)
    permit = sa.update(Wave).where(Wave.id == wave.id).values(shuffling=True)
    for first in (sa.select(Wave.id), permit):
        db.session.execute(first)
        with pytest.raises(sa.exc.IntegrityError):
            db.session.execute(gone)
        db.session.rollback()
    finish(place, wave)
    with pytest.raises(sa.exc.IntegrityError):
        db.session.execute(
            sa.insert(Ballot).values(
                id=5, wave_id=wave.id, named=False, project_id=wave.project_id, positions=[]
            )
        )
    db.session.rollback()
