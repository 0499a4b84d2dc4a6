"""Reading trials of drafts."""

from collections.abc import Sequence

import sqlalchemy as sa

from plugins.referrals.models import Trial
from portal.sdk import db

_SHOWN = 10


def latest_trials(project_id: int) -> Sequence[Trial]:
    """Return the drafts that were tried last, the newest first."""
    return db.session.scalars(
        sa.select(Trial)
        .where(Trial.project_id == project_id)
        .order_by(Trial.created_at.desc(), Trial.id.desc())
        .limit(_SHOWN)
    ).all()


def find_trial(project_id: int, public_id: str) -> Trial | None:
    """Return a trial of a project."""
    mine = sa.select(Trial).where(Trial.project_id == project_id, Trial.public_id == public_id)
    return db.session.scalar(mine)
