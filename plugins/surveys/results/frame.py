"""Who is asked and who answered, by a stratum: the rate, and what answers are weighted to."""

import sqlalchemy as sa

from plugins.surveys.models import Participation, Wave
from plugins.surveys.waves.queries import Rate
from portal.sdk import db

__all__ = ["Rate", "of"]


def of(wave: Wave, by: str) -> tuple[Rate, dict[str, int]]:
    """Return the response rate, and how many are asked of each stratum: one statement."""
    field = getattr(Participation, by)
    answered = sa.func.sum(sa.case((Participation.answered, 1), else_=0))
    rows = db.session.execute(
        sa.select(field, sa.func.count(), answered)
        .where(Participation.wave_id == wave.id)
        .group_by(field)
    ).all()
    asked = {name: number for name, number, _ in rows}
    return Rate(sum(asked.values()), sum(row[2] for row in rows)), asked
