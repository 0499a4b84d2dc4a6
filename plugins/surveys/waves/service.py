"""Surveys and their waves: made, changed while a draft, led from state to state."""

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.surveys.answering.pressure import forget
from plugins.surveys.errors import SurveyError
from plugins.surveys.frame.eligible import LISTED, draw
from plugins.surveys.instrument import document
from plugins.surveys.instrument.checks import check, check_anonymous
from plugins.surveys.instrument.problems import InstrumentError
from plugins.surveys.inviting.telling import ask_for_invitations, tell_of_results
from plugins.surveys.models import Ballot, Quota, Survey, Wave
from plugins.surveys.publishing.sealing import seal
from plugins.surveys.publishing.service import publish
from plugins.surveys.states import STEPS, Mode, State, Unit
from plugins.surveys.waves.freezing import hashes, keep_frame
from portal.sdk import ProjectRef, business_date, db, record

EMPTY: Mapping[str, Any] = {"format": 1, "blocks": []}


def make_survey(
    *,
    actor: Any,
    project: ProjectRef,
    title: Mapping[str, str],
    series: str,
    instrument: Mapping[str, Any] = EMPTY,
    weights: Mapping[str, int] | None = None,
) -> Wave:
    """Make a survey with its first wave. Raises SurveyError when the series is there already."""
    survey = Survey(project_id=project.id, series=series, title=dict(title), made_by=actor.id)
    try:
        with db.session.begin_nested():
            db.session.add(survey)
    except sa.exc.IntegrityError as error:
        raise SurveyError("SERIES_TAKEN") from error
    wave = _add(survey, 1, actor, title, instrument=dict(instrument), weights=dict(weights or {}))
    _record(actor, "made", wave)
    return wave


def next_wave(*, actor: Any, wave: Wave) -> Wave:
    """Begin another wave with this one's questions and terms. Raises SurveyError while one of the
    same survey is still being written."""
    mine = sa.select(Wave.number, Wave.state).where(Wave.survey_id == wave.survey_id)
    others = db.session.execute(mine).all()
    if any(state in (State.DRAFT, State.REVIEW) for _, state in others):
        raise SurveyError("UNFINISHED", state=wave.state, version=wave.version)
    survey = db.session.get_one(Survey, wave.survey_id)
    kept = ("mode", "named", "unit", "instrument", "weights", "least_cell", "points")
    values = {name: getattr(wave, name) for name in kept}
    # A list is of one occasion.
    values["frame_rule"] = {name: each for name, each in wave.frame_rule.items() if name != LISTED}
    try:
        with db.session.begin_nested():
            made = _add(survey, max(row[0] for row in others) + 1, actor, wave.title, **values)
    except sa.exc.IntegrityError as error:
        raise SurveyError("UNFINISHED", state=wave.state, version=wave.version) from error
    _copy_quotas(wave, made)
    _record(actor, "wave_made", made)
    return made


def _copy_quotas(wave: Wave, made: Wave) -> None:
    names = ("wave_id", "project_id", "field", "value", "most")
    mine = sa.select(Quota.field, Quota.value, Quota.most).where(Quota.wave_id == wave.id)
    for row in db.session.execute(mine).all():
        values = dict(zip(names, (made.id, made.project_id, *row), strict=True))
        db.session.add(Quota(**values))


def _add(survey: Survey, number: int, actor: Any, title: Mapping[str, str], **values: Any) -> Wave:
    wave = Wave(
        survey_id=survey.id,
        project_id=survey.project_id,
        number=number,
        title=dict(title),
        seed=secrets.randbits(31),
        made_by=actor.id,
        **{"mode": Mode.CONFIDENTIAL, "named": True, "unit": Unit.HOUSEHOLD, **values},
    )
    db.session.add(wave)
    db.session.flush()
    return wave


def change(*, actor: Any, wave: Wave, version: int, act: str = "edited", **values: Any) -> None:
    """Change a draft that nobody has changed since it was read. Raises SurveyError."""
    if "mode" in values:
        values["named"] = values["mode"] != Mode.ANONYMOUS
    _guarded(wave, version, State.DRAFT, values)
    _record(actor, act, wave)


def problems_of(wave: Wave) -> list[Any]:
    """Return what is wrong with the questions of a wave, as instrument.problems.Problem."""
    try:
        instrument = document.read(wave.instrument)
        linking = check_anonymous(instrument) if wave.mode == Mode.ANONYMOUS else []
        return [*check(instrument, wave.weights), *linking]
    except InstrumentError as error:
        return list(error.problems)


def take_step(
    *, actor: Any, project: ProjectRef, wave: Wave, step: str, version: int, at: datetime
) -> None:
    """Lead a wave to its next state. Raises SurveyError; `actor` is None for the clock."""
    way = STEPS.get(step)
    if way is None or wave.state not in way.sources:
        raise SurveyError("ILLEGAL_STEP", state=wave.state, version=wave.version)
    values = {"state": way.target, **_effects(actor, project, wave, step, at)}
    _guarded(wave, version, State(wave.state), values)
    _record(actor, step, wave)
    if way.target == State.FIELD:
        ask_for_invitations(wave, project)
    elif step == "publish":
        tell_of_results(wave, project)


def _effects(
    actor: Any, project: ProjectRef, wave: Wave, step: str, at: datetime
) -> dict[str, Any]:
    """Do what belongs to a step, and return what it changes of the wave beside its state."""
    match step:
        case "send":
            return _sent(actor, wave, at)
        case "freeze":
            return _frozen(actor, project, wave, at)
        case "open":
            if wave.closes_at and wave.closes_at <= at:
                raise SurveyError("TOO_LATE", state=wave.state, version=wave.version)
            return {"opens_at": min(wave.opens_at or at, at)}
        case "close":
            return {"closed_at": at}
        case "seal":
            return {"sealed_at": at, "seal_hash": _sealed(wave)}
        case "publish":
            who = publish(actor=actor, wave=wave, at=at)
            return {"published_at": at, "published_by": who}
    return {}


def _sent(actor: Any, wave: Wave, at: datetime) -> dict[str, Any]:
    if problems_of(wave):
        raise SurveyError("PROBLEMS", state=wave.state, version=wave.version)
    if wave.closes_at is None or wave.closes_at <= (wave.opens_at or at) or wave.closes_at <= at:
        raise SurveyError("TOO_LATE", state=wave.state, version=wave.version)
    return {"sent_by": actor.id}


def _frozen(actor: Any, project: ProjectRef, wave: Wave, at: datetime) -> dict[str, Any]:
    if actor.id in (wave.made_by, wave.sent_by):
        raise SurveyError("OWN_WORK", state=wave.state, version=wave.version)
    if problems_of(wave):
        raise SurveyError("PROBLEMS", state=wave.state, version=wave.version)
    today = business_date(project.time_zone, at)
    lines = draw(project, unit=wave.unit, rule=wave.frame_rule, today=today)
    if not lines:
        raise SurveyError("NO_FRAME", state=wave.state, version=wave.version)
    keep_frame(wave, lines)
    return {"reviewed_by": actor.id, "frozen_at": at, **hashes(wave, lines)}


def _sealed(wave: Wave) -> str:
    # Held until the end: no late answer comes between the hash and the seal.
    db.session.execute(sa.select(Wave.id).where(Wave.id == wave.id).with_for_update())
    _seal_ballots(wave)
    return seal(wave)


def _seal_ballots(wave: Wave) -> None:
    """Seal what has a name; anonymous ballots were sealed in shuffled batches before."""
    mine = (Ballot.wave_id == wave.id, Ballot.sealed.is_(False))
    if wave.named:
        db.session.execute(sa.update(Ballot).where(*mine).values(sealed=True))
        forget(wave)
    elif wave.shuffled_at is None or db.session.scalar(sa.select(sa.exists().where(*mine))):
        raise SurveyError("NOT_SHUFFLED", state=wave.state, version=wave.version)


def _guarded(wave: Wave, version: int, state: State, values: Mapping[str, Any]) -> None:
    """Write only where nobody was faster; the row says where the wave stands then."""
    mine = sa.update(Wave).where(Wave.id == wave.id, Wave.version == version, Wave.state == state)
    done = db.session.execute(
        mine.values(version=version + 1, **values).execution_options(synchronize_session=False)
    )
    db.session.refresh(wave)
    if not done.rowcount:  # type: ignore[attr-defined]
        code = "STALE" if wave.state == state else "ILLEGAL_STEP"
        raise SurveyError(code, state=wave.state, version=wave.version)


def _record(actor: Any, act: str, wave: Wave) -> None:
    record(
        actor=actor,
        action=f"surveys.{act}",
        subject=("surveys_wave", wave.public_id),
        project_id=wave.project_id,
        facts={"number": wave.number, "state": wave.state, "version": wave.version},
    )
