"""Publishing a sealed wave, and the auditor's signature under it."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.surveys.canonical import sha256
from plugins.surveys.errors import SurveyError
from plugins.surveys.models import Publication, Wave
from plugins.surveys.publishing.checking import seal_of
from plugins.surveys.publishing.figures import VERSION, compute
from plugins.surveys.publishing.sealing import sealed
from portal.sdk import db, record


def publish(*, actor: Any, wave: Wave, at: datetime) -> int:
    """Compute and keep the figures of a sealed wave; return the id of who publishes.

    Raises SurveyError: OWN_RESULTS for who wrote the survey or sent it to review, SEAL_BROKEN where
    the answers are not those that were sealed.
    """
    if actor is None or actor.id in (wave.made_by, wave.sent_by):
        raise SurveyError("OWN_RESULTS", state=wave.state, version=wave.version)
    whole = sealed(wave)
    seal = seal_of(whole)
    if wave.seal_hash not in (None, seal):
        raise SurveyError("SEAL_BROKEN", state=wave.state, version=wave.version)
    figures = compute(whole)
    row = Publication(
        wave_id=wave.id,
        project_id=wave.project_id,
        figures=figures,
        figures_hash=sha256(figures),
        seal_hash=seal,
        script_version=VERSION,
        released_at=at,
    )
    try:
        with db.session.begin_nested():
            db.session.add(row)
    except sa.exc.IntegrityError as error:
        raise SurveyError("ILLEGAL_STEP", state=wave.state, version=wave.version) from error
    return int(actor.id)


def publication_of(wave: Wave) -> Publication | None:
    """Return what was published of a wave."""
    return db.session.scalar(sa.select(Publication).where(Publication.wave_id == wave.id))


def sign(*, actor: Any, wave: Wave, at: datetime) -> None:
    """Sign what was published, once, as somebody who neither wrote nor published it.

    Raises SurveyError: NOT_PUBLISHED, OWN_RESULTS, SIGNED.
    """
    if actor.id in (wave.made_by, wave.sent_by, wave.published_by):
        raise SurveyError("OWN_RESULTS", state=wave.state, version=wave.version)
    found = publication_of(wave)
    if found is None:
        raise SurveyError("NOT_PUBLISHED", state=wave.state, version=wave.version)
    done = db.session.execute(
        sa.update(Publication)
        .where(Publication.id == found.id, Publication.signed_at.is_(None))
        .values(signed_by=actor.id, signed_at=at)
        .execution_options(synchronize_session=False)
    )
    if not getattr(done, "rowcount", 0):
        raise SurveyError("SIGNED", state=wave.state, version=wave.version)
    db.session.refresh(found)
    record(
        actor=actor,
        action="surveys.signed",
        subject=("surveys_wave", wave.public_id),
        project_id=wave.project_id,
        facts={"number": wave.number, "figures_hash": found.figures_hash},
    )
