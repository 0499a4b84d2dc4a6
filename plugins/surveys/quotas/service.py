"""Quotas of a draft: set, changed and taken out; submitting takes their places."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from plugins.surveys.models import Quota, Wave
from plugins.surveys.waves import service
from plugins.surveys.words import STAGES
from portal.sdk import ProjectRef, buildings_of, db, localized, tiers

MOST = 1_000_000
"""The largest quota."""


def listed(wave: Wave) -> Sequence[Quota]:
    """Return the quotas of a wave, by field and value."""
    mine = sa.select(Quota).where(Quota.wave_id == wave.id)
    return db.session.scalars(mine.order_by(Quota.field, Quota.value)).all()


def strata(project: ProjectRef) -> dict[str, Mapping[str, str]]:
    """Return what a quota may be for: field -> value -> its title."""
    return {
        "stage": {key: str(title) for key, title in STAGES.items()},
        "building": {each.name: each.name for each in buildings_of(project)},
        "tier": {each.key: localized(each.name) for each in tiers()},
    }


def put(*, actor: Any, wave: Wave, version: int, field: str, value: str, most: int) -> None:
    """Set the quota of a stratum in a draft. Raises SurveyError: STALE, ILLEGAL_STEP."""
    # The wave's own guard: of two at once, and against review, one wins.
    service.change(actor=actor, wave=wave, version=version, act="quota_set")
    found = db.session.scalar(sa.select(Quota).where(*_named(wave, field, value)))
    if found is None:
        found = Quota(wave_id=wave.id, project_id=wave.project_id, field=field, value=value)
        db.session.add(found)
    found.most = most
    db.session.flush()


def drop(*, actor: Any, wave: Wave, version: int, field: str, value: str) -> None:
    """Take the quota of a stratum out of a draft. Raises SurveyError: STALE, ILLEGAL_STEP."""
    service.change(actor=actor, wave=wave, version=version, act="quota_dropped")
    db.session.execute(sa.delete(Quota).where(*_named(wave, field, value)))


def _named(wave: Wave, field: str, value: str) -> tuple[sa.ColumnElement[bool], ...]:
    return Quota.wave_id == wave.id, Quota.field == field, Quota.value == value
