"""Who has which part of a lead."""

from collections.abc import Sequence

import sqlalchemy as sa

from plugins.referrals.models import Lead, Partner
from plugins.referrals.shares.drawing import WHOLE
from portal.sdk import db


def partners_of(lead: Lead) -> Sequence[Partner]:
    """Return the owners beside the one of the lead, in their order."""
    return db.session.scalars(
        sa.select(Partner).where(Partner.lead_id == lead.id).order_by(Partner.place)
    ).all()


def shares_of(lead: Lead) -> list[tuple[int, int]]:
    """Return (referrer, percent) of every owner of a lead, its own first; together 100."""
    others = [(each.referrer_id, each.share) for each in partners_of(lead)]
    return [(lead.referrer_id, WHOLE - sum(share for _, share in others)), *others]


def owners_of(lead: Lead) -> list[int]:
    """Return the referrers of a lead, its own first."""
    return [referrer for referrer, _ in shares_of(lead)]


def share_among(lead: Lead, others: Sequence[tuple[int, int]]) -> None:
    """Let other owners, (referrer, percent) each, have their parts of a lead from now on; without
    any, its own owner has it all."""
    db.session.execute(sa.delete(Partner).where(Partner.lead_id == lead.id))
    for place, (referrer_id, share) in enumerate(others, 1):
        db.session.add(
            Partner(
                project_id=lead.project_id, lead_id=lead.id, referrer_id=referrer_id, place=place,
                share=share,
            )
        )  # fmt: skip
        db.session.flush()
