"""One writer of a project's contracts, payments and fees at a time.

A payment looks for its contract, a contract for its payments, and both for a verified buyer. Two
that were written at the same moment would miss each other and wait for ever.
"""

from collections.abc import Collection

import sqlalchemy as sa

from portal.extensions import db
from portal.projects.models import Project, Unit


def hold_project(project_id: int) -> None:
    """Hold the right to write a project's contracts until the transaction ends.

    Rows may still be added that point at the project. SQLite has one writer anyway.
    """
    _hold([project_id])


def hold_homes(unit_ids: Collection[int]) -> None:
    """Hold the projects of these homes, in the order of their ids."""
    found = db.session.scalars(sa.select(Unit.project_id).where(Unit.id.in_(unit_ids)).distinct())
    _hold(found.all())


def _hold(project_ids: Collection[int]) -> None:
    db.session.execute(
        sa.select(Project.id)
        .where(Project.id.in_(project_ids))
        .order_by(Project.id)
        .with_for_update(key_share=True)
    )
