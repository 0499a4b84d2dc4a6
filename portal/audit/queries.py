"""Reading how the seals of the trail stand."""

from dataclasses import dataclass

import sqlalchemy as sa

from portal.audit.models import AuditCheck, AuditSeal
from portal.extensions import db


@dataclass(frozen=True)
class SealState:
    """The newest seal, and what the last verification found."""

    newest: AuditSeal | None
    check: AuditCheck | None


def seal_state() -> SealState:
    """Return how the seals stand: one statement."""
    one = sa.select(sa.literal(1).label("one")).subquery()
    newest = sa.select(sa.func.max(AuditSeal.number)).scalar_subquery()
    last = (
        sa.select(AuditCheck.id)
        .order_by(AuditCheck.created_at.desc(), AuditCheck.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    seal, check = db.session.execute(
        sa.select(AuditSeal, AuditCheck)
        .select_from(one)
        .outerjoin(AuditSeal, AuditSeal.number == newest)
        .outerjoin(AuditCheck, AuditCheck.id == last)
    ).one()
    return SealState(seal, check)


def digests_checked() -> set[str]:
    """Return the digest of the last check that found everything fitting, if there is one."""
    found = db.session.scalar(
        sa.select(AuditCheck.digest)
        .where(AuditCheck.fault == "", AuditCheck.digest != "")
        .order_by(AuditCheck.created_at.desc(), AuditCheck.id.desc())
        .limit(1)
    )
    return {found} if found else set()
