"""What the database itself refuses: frozen stays frozen, once answered, nothing links."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from plugins.surveys import privacy
from plugins.surveys.models import Ballot, Draft, Participation, Quota, SideAnswer, Survey, Wave
from plugins.surveys.states import Mode, State
from portal.extensions import db
from tests.factories import add
from tests.plugins.surveys.waves import add_ballot, add_participation, make_survey, make_wave

AT = datetime(2026, 5, 1, tzinfo=UTC)


def _refused(statement, **values) -> None:
    with pytest.raises(sa.exc.IntegrityError), db.session.begin_nested():
        db.session.execute(statement, values or None)


def _set(model, row, **values) -> None:
    db.session.execute(sa.update(model).where(model.id == row.id).values(**values))


def _stays(model, row, **values) -> None:
    _refused(sa.update(model).where(model.id == row.id).values(**values))


FIXED = [
    {"instrument": {"format": 1, "blocks": []}},
    {"weights": {"sales": 3}},
    {"frame_rule": {"stages": ["senior"]}},
    {"mode": Mode.IDENTIFIED},
    {"mode": Mode.ANONYMOUS, "named": False},
    {"unit": "person"},
    {"least_cell": 5},
    {"points": 5000},
    {"seed": 8},
    {"instrument_hash": "1" * 64},
    {"frame_hash": None},
    {"reviewed_by": 3},
    {"state": State.DRAFT},
    {"state": State.CLOSED, "closed_at": AT},
    {"number": 4},
]


def test_frozen_stays_frozen(place):
    wave = make_wave(place.project.id, state=State.FROZEN)
    for values in FIXED:
        _stays(Wave, wave, **values)


def test_a_draft_may_change_and_a_review_not(place):
    wave = make_wave(place.project.id, state=State.DRAFT)
    _set(Wave, wave, instrument={"format": 1, "blocks": []}, mode=Mode.ANONYMOUS, named=False)
    _stays(Wave, wave, mode=Mode.IDENTIFIED)
    _stays(Wave, wave, state=State.FROZEN)
    _set(Wave, wave, state=State.REVIEW)
    _stays(Wave, wave, points=1)
    _set(Wave, wave, state=State.DRAFT)


def test_two_persons(place):
    wave = make_wave(place.project.id, state=State.REVIEW)
    hashes = dict.fromkeys(("instrument_hash", "frame_hash", "weights_hash"), "0" * 64)
    frozen = {"state": State.FROZEN, "frozen_at": AT, **hashes}
    _stays(Wave, wave, **frozen, reviewed_by=1)
    _stays(Wave, wave, **frozen)
    _stays(Wave, wave, **{**frozen, "frame_hash": None}, reviewed_by=2)
    _set(Wave, wave, **frozen, reviewed_by=2)


def test_the_frame_is_drawn_in_review_alone(place):
    wave = make_wave(place.project.id, members=[place.member])
    with pytest.raises(sa.exc.IntegrityError):
        add_participation(wave, place.neighbour)
    db.session.rollback()
    row = db.session.scalars(sa.select(Participation).where(Participation.wave_id == wave.id)).one()
    _stays(Participation, row, stage="prospect")
    _stays(Participation, row, named=False)
    _stays(Participation, row, rewarded=True)
    _stays(Participation, row, answered=True)
    _refused(sa.delete(Participation).where(Participation.id == row.id))


def test_one_line_a_household(place):
    wave = make_wave(place.project.id, members=[place.member], state=State.REVIEW)
    with pytest.raises(sa.exc.IntegrityError):
        add_participation(wave, place.member)
    db.session.rollback()


def test_nothing_links_an_anonymous_ballot(place):
    wave = make_wave(place.project.id, members=[place.member], mode=Mode.ANONYMOUS)
    ballot = add_ballot(wave, [5, 9])
    row = db.session.scalars(sa.select(Participation).where(Participation.wave_id == wave.id)).one()
    _stays(Participation, row, answered=True, ballot_id=ballot.id)
    _stays(Participation, row, answered=True, answered_by=place.member.id)
    _stays(Ballot, ballot, submitted_at=AT)
    _stays(Ballot, ballot, flags=1)
    _stays(Ballot, ballot, named=True)
    begun = {"participation_id": row.id, "project_id": wave.project_id, "member_id": 1}
    for named in (True, False):
        with pytest.raises(sa.exc.IntegrityError):
            add(Draft(**begun, named=named, saved_at=AT))
        db.session.rollback()
    _set(Participation, row, answered=True)
    _stays(Participation, row, answered=False)


def test_answers_stay_as_they_are(place):
    wave = make_wave(place.project.id, members=[place.member])
    ballot = add_ballot(wave, [5, 9])
    side = add(
        SideAnswer(ballot_id=ballot.id, item=1, project_id=wave.project_id, kind="text", value="好")
    )
    mine = sa.update(SideAnswer).where(SideAnswer.ballot_id == side.ballot_id)
    _refused(mine.values(value="不好"))
    db.session.execute(mine.values(value=""))
    _stays(Ballot, ballot, positions=[1, 1])
    _set(Ballot, ballot, flags=2)
    _set(Ballot, ballot, sealed=True)
    _stays(Ballot, ballot, flags=0)
    _set(Ballot, ballot, weight=1_000_000)
    _set(Wave, wave, state=State.CLOSED, closed_at=AT)
    _set(Wave, wave, state=State.SEALED, sealed_at=AT, seal_hash="0" * 64)
    _stays(Ballot, ballot, weight=2_000_000)
    _refused(sa.delete(SideAnswer).where(SideAnswer.ballot_id == ballot.id))
    _refused(sa.delete(Ballot).where(Ballot.id == ballot.id))
    db.session.commit()
    with pytest.raises(sa.exc.IntegrityError):
        add_ballot(wave, [5, 9])
    db.session.rollback()
    privacy.purge(place.ref)
    assert not db.session.scalar(sa.select(sa.func.count(Ballot.id)))


def test_quotas_are_exact(place):
    wave = make_wave(place.project.id)
    quota = add(
        Quota(wave_id=wave.id, project_id=wave.project_id, field="stage", value="senior", most=1)
    )
    _set(Quota, quota, taken=1)
    _stays(Quota, quota, taken=2)


def test_a_series_is_there_once(place):
    make_survey(place.project.id)
    with pytest.raises(sa.exc.IntegrityError):
        make_survey(place.project.id)
    db.session.rollback()
    assert db.session.scalar(sa.select(sa.func.count(Survey.id))) == 1
