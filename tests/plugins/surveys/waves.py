"""Waves for tests, written straight into the tables, in any state and without the services."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from plugins.surveys.models import Ballot, Participation, Publication, Survey, Wave
from plugins.surveys.states import Mode, Stage, State, Unit
from portal import clock
from portal.extensions import db
from portal.members.models import Member
from tests.factories import add

INSTRUMENT: dict[str, Any] = {
    "format": 1,
    "blocks": [
        {
            "key": "b1",
            "title": {"zh_Hans_CN": "总体评价", "en": "Overall"},
            "questions": [
                {
                    "key": "q1",
                    "type": "rating",
                    "text": {"zh_Hans_CN": "总体满意吗", "en": "Are you satisfied overall?"},
                    "required": True,
                    "scale": {"kind": "1-5"},
                    "role": "satisfaction",
                },
                {
                    "key": "q2",
                    "type": "nps",
                    "text": {"zh_Hans_CN": "愿意推荐吗", "en": "Would you recommend us?"},
                },
            ],
        },
    ],
}
_AFTER = (State.FROZEN, State.FIELD, State.CLOSED, State.SEALED, State.PUBLISHED, State.ARCHIVED)


def make_survey(project_id: int, series: str = "yearly") -> Survey:
    """Add a survey."""
    title = {"zh_Hans_CN": "年度满意度调查", "en": "Yearly survey"}
    return add(Survey(project_id=project_id, series=series, title=title, made_by=1))


def make_wave(
    project_id: int,
    *,
    members: Sequence[Member] = (),
    survey: Survey | None = None,
    number: int = 1,
    state: str = State.FIELD,
    mode: str = Mode.CONFIDENTIAL,
    unit: str = Unit.HOUSEHOLD,
    instrument: dict[str, Any] | None = None,
    buildings: Sequence[str] = ("1",),
    **values: Any,
) -> Wave:
    """Add a wave whose frame is these members (their households), in these buildings in turn."""
    at = clock.now()
    survey = survey or make_survey(project_id)
    wave = add(
        Wave(
            survey_id=survey.id,
            project_id=project_id,
            number=number,
            title=survey.title,
            mode=mode,
            named=mode != Mode.ANONYMOUS,
            unit=unit,
            instrument=instrument or INSTRUMENT,
            seed=7,
            opens_at=at - timedelta(days=1),
            closes_at=at + timedelta(days=13),
            made_by=1,
            **values,
        )
    )
    if state == State.DRAFT:
        return wave
    bring(wave, State.REVIEW, sent_by=1)
    for number, member in enumerate(members):
        add_participation(wave, member, building=buildings[number % len(buildings)])
    if state == State.REVIEW:
        return wave
    # A hash of its own: the names of strata are remembered by it.
    kinds = ("instrument_hash", "frame_hash", "weights_hash")
    hashes = dict.fromkeys(kinds, secrets.token_hex(32))
    bring(wave, State.FROZEN, reviewed_by=2, frozen_at=at, **hashes)
    if state == State.PAUSED:
        bring(wave, State.FIELD)
        bring(wave, State.PAUSED)
        return wave
    dates = {State.CLOSED: "closed_at", State.SEALED: "sealed_at", State.PUBLISHED: "published_at"}
    for each in _AFTER[1 : _AFTER.index(State(state)) + 1]:
        more = {dates[each]: at} if each in dates else {}
        if each == State.SEALED and not wave.named:
            more["shuffled_at"] = at
        bring(wave, each, **more)
    return wave


def add_participation(wave: Wave, member: Member, **values: Any) -> Participation:
    """Add a member, or the member's household, to the frame of a wave in review."""
    person = wave.unit == Unit.PERSON
    return add(
        Participation(
            wave_id=wave.id,
            named=wave.named,
            project_id=wave.project_id,
            unit_key=f"m:{member.id}" if person else f"h:{member.household_id}",
            household_id=member.household_id,
            member_id=member.id if person else None,
            **{"stage": Stage.SENIOR, "building": "1", **values},
        )
    )


def add_ballot(wave: Wave, positions: list[int], **values: Any) -> Ballot:
    """Add an answer to a wave in field."""
    return add(
        Ballot(
            id=secrets.randbits(62) + 1,
            wave_id=wave.id,
            named=wave.named,
            project_id=wave.project_id,
            positions=positions,
            **values,
        )
    )


def bring(wave: Wave, state: str, **values: Any) -> None:
    """Lead a wave one state on; a seal and a publication without figures stand for real ones."""
    if state == State.SEALED:
        values.setdefault("seal_hash", "0" * 64)
    if state == State.PUBLISHED:
        values.setdefault("published_by", 2)
        hashes = {"figures_hash": "0" * 64, "seal_hash": "0" * 64, "script_version": "0"}
        mine = {"wave_id": wave.id, "project_id": wave.project_id, "released_at": wave.created_at}
        add(Publication(**mine, **hashes, figures={}))
    db.session.execute(
        sa.update(Wave)
        .where(Wave.id == wave.id)
        .values(state=state, version=Wave.version + 1, **values)
    )
    db.session.commit()
    db.session.refresh(wave)
