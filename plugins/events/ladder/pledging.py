"""What a registration is judged by: fixed when it is written down."""

from datetime import datetime

import sqlalchemy as sa

from plugins.events.ladder.models import Pledge
from plugins.events.ladder.queries import policy_now
from plugins.events.models import Registration
from portal.sdk import db


def pledge(made: Registration, at: datetime) -> None:
    """Fix the version in force for a registration; a project without one has none."""
    policy = policy_now(made.project_id, at)
    if policy is not None:
        values = {"project_id": made.project_id, "policy_id": policy.id}
        db.session.add(Pledge(registration_id=made.id, **values))
        db.session.flush()


def note_seated(found: Registration, at: datetime) -> None:
    """Note when a party that had waited took its seats."""
    if found.queued_at is not None:
        _change(found, seated_at=at)


def note_marked(found: Registration, account_id: int) -> None:
    """Note who marked whether a party came."""
    _change(found, marked_by=account_id)


def _change(found: Registration, **values: object) -> None:
    mine = sa.update(Pledge).where(Pledge.registration_id == found.id)
    db.session.execute(mine.values(**values))
