"""Waves from the draft to the seal: by hand, by a second person, by the clock."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from plugins.surveys.errors import SurveyError
from plugins.surveys.frame.stages import stage_on
from plugins.surveys.models import Ballot, Participation, Survey, Wave
from plugins.surveys.states import Mode, Stage, State
from plugins.surveys.waves import clock as waves_clock
from plugins.surveys.waves import service
from plugins.surveys.waves.freezing import sha256
from portal import clock
from portal.extensions import db
from tests.plugins.surveys.waves import INSTRUMENT, add_ballot, make_wave

TITLE = {"zh_Hans_CN": "年度满意度调查", "en": "Yearly survey"}


def _draft(place) -> Wave:
    wave = service.make_survey(
        actor=place.clerk, project=place.ref, title=TITLE, series="yearly", instrument=INSTRUMENT
    )
    closes_at = clock.now() + timedelta(days=14)
    service.change(actor=place.clerk, wave=wave, version=1, closes_at=closes_at)
    db.session.commit()
    return wave


def _step(place, wave, step, actor) -> None:
    service.take_step(
        actor=actor, project=place.ref, wave=wave, step=step, version=wave.version, at=clock.now()
    )
    db.session.commit()


def _refused(place, wave, step, actor) -> str:
    with pytest.raises(SurveyError) as refusal:
        _step(place, wave, step, actor)
    db.session.rollback()
    return refusal.value.code


def test_from_the_draft_to_the_seal(place):
    wave = _draft(place)
    _step(place, wave, "send", place.clerk)
    assert _refused(place, wave, "freeze", place.clerk) == "OWN_WORK"
    _step(place, wave, "freeze", place.manager)
    mine = sa.select(Participation).where(Participation.wave_id == wave.id)
    lines = db.session.scalars(mine.order_by(Participation.unit_key)).all()
    households = {place.member.household_id, place.neighbour.household_id}
    assert {line.household_id for line in lines} == households
    assert {(line.stage, line.member_id) for line in lines} == {(Stage.PROSPECT, None)}
    assert wave.instrument_hash == sha256(INSTRUMENT)
    drawn = sorted([line.unit_key, line.building, line.tier, line.stage] for line in lines)
    assert wave.frame_hash == sha256(drawn)
    assert wave.weights_hash == sha256({})
    for step in ("open", "pause", "resume"):
        _step(place, wave, step, place.manager)
    ballot = add_ballot(wave, [5, 9])
    assert _refused(place, wave, "seal", place.manager) == "ILLEGAL_STEP"
    for step in ("close", "seal"):
        _step(place, wave, step, place.manager)
    assert wave.state == State.SEALED
    assert db.session.get_one(Ballot, ballot.id).sealed
    assert wave.sealed_at


def test_nothing_is_sent_to_review_with_problems(place):
    wave = _draft(place)
    service.change(actor=place.clerk, wave=wave, version=2, instrument=service.EMPTY)
    assert _refused(place, wave, "send", place.clerk) == "PROBLEMS"
    service.change(
        actor=place.clerk, wave=wave, version=2, instrument=INSTRUMENT, closes_at=clock.now()
    )
    assert _refused(place, wave, "send", place.clerk) == "TOO_LATE"


def test_a_frame_of_nobody_is_refused(place):
    wave = _draft(place)
    service.change(actor=place.clerk, wave=wave, version=2, frame_rule={"stages": [Stage.SENIOR]})
    _step(place, wave, "send", place.clerk)
    assert _refused(place, wave, "freeze", place.manager) == "NO_FRAME"


def test_the_slower_of_two_is_told(place):
    wave = _draft(place)
    service.change(actor=place.clerk, wave=wave, version=2, points=5000)
    with pytest.raises(SurveyError) as refusal:
        service.change(actor=place.manager, wave=wave, version=2, points=9000)
    assert (refusal.value.code, refusal.value.version, wave.points) == ("STALE", 3, 5000)
    _step(place, wave, "send", place.clerk)
    with pytest.raises(SurveyError) as refusal:
        service.change(actor=place.clerk, wave=wave, version=wave.version, points=1)
    assert (refusal.value.code, refusal.value.state) == ("ILLEGAL_STEP", State.REVIEW)


def test_anonymous_ballots_are_shuffled_before_the_seal(place):
    wave = make_wave(place.project.id, mode=Mode.ANONYMOUS)
    add_ballot(wave, [5, 9])
    _step(place, wave, "close", place.manager)
    assert _refused(place, wave, "seal", place.manager) == "NOT_SHUFFLED"


def test_another_wave_begins_when_the_last_is_written(place):
    wave = _draft(place)
    with pytest.raises(SurveyError):
        service.next_wave(actor=place.clerk, wave=wave)
    _step(place, wave, "send", place.clerk)
    _step(place, wave, "freeze", place.manager)
    made = service.next_wave(actor=place.clerk, wave=wave)
    assert (made.number, made.state, made.instrument) == (2, State.DRAFT, INSTRUMENT)
    assert made.frame_hash is None


def test_the_clock_opens_and_closes_with_grace(place):
    at = clock.now()
    due = make_wave(place.project.id, state=State.FROZEN)
    late = make_wave(place.project.id, survey=db.session.get_one(Survey, due.survey_id), number=2)
    _times(late, closes_at=at - timedelta(minutes=29))
    assert waves_clock.takes_answers(late, at)
    steps = {(wave.id, step) for wave, step in waves_clock._due({place.project.id}, at)}
    assert steps == {(due.id, "open")}
    _times(late, closes_at=at - timedelta(minutes=30))
    assert not waves_clock.takes_answers(late, at)
    steps = {(wave.id, step) for wave, step in waves_clock._due({place.project.id}, at)}
    assert steps == {(due.id, "open"), (late.id, "close")}
    assert waves_clock._tick(place.ref, late, "close", at)
    assert late.state == State.CLOSED
    assert not waves_clock._tick(place.ref, late, "close", at)


def _times(wave, **values) -> None:
    db.session.execute(sa.update(Wave).where(Wave.id == wave.id).values(**values))
    db.session.commit()
    db.session.refresh(wave)


@pytest.mark.parametrize(
    ("handover", "stage"),
    [
        (None, Stage.PROSPECT),
        (date(2026, 5, 2), Stage.PROSPECT),
        (date(2026, 5, 1), Stage.SETTLING),
        (date(2025, 5, 2), Stage.SETTLING),
        (date(2025, 5, 1), Stage.STABLE),
        (date(2024, 5, 2), Stage.STABLE),
        (date(2024, 5, 1), Stage.SENIOR),
        (date(2024, 2, 29), Stage.SENIOR),
    ],
)
def test_stages(handover, stage):
    assert stage_on(handover, date(2026, 5, 1)) == stage
