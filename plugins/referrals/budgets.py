"""Budgets of a project: written by day and kind, raised or lowered, never below what is used."""

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.errors import ReferralError
from plugins.referrals.models.rewards import Budget, Kind
from portal.sdk import ProjectRef, db, record


def write_budget(
    *, actor: Any, project: ProjectRef, kind: Kind, starts_on: date, amount: int
) -> Budget:
    """Set what may be given from a day on, milli-points or fen. Raises ReferralError."""
    values = {"project_id": project.id, "kind": kind, "starts_on": starts_on}
    try:
        with db.session.begin_nested():
            db.session.add(Budget(**values, amount=amount, used=0))
    except IntegrityError:
        done = db.session.execute(
            sa.update(Budget)
            .filter_by(**values)
            .where(Budget.used <= amount)
            .values(amount=amount)
            .execution_options(synchronize_session=False)
        )
        if not getattr(done, "rowcount", 0):
            raise ReferralError("TOO_LITTLE") from None
    found = db.session.scalars(sa.select(Budget).filter_by(**values)).one()
    record(
        actor=actor,
        action="referrals.budget_written",
        subject=("referrals_budget", found.public_id),
        project_id=project.id,
        facts={"kind": str(kind), "from": starts_on.isoformat(), "amount": amount},
    )
    return found
