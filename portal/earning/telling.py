"""Telling tiers of facts that gave no points; those that did are told as points.posted."""

import sqlalchemy as sa

from portal import clock
from portal.club.queries import current_club
from portal.extensions import db
from portal.facts.models import Fact
from portal.members.models import Member
from portal.outbox.service import emit
from portal.tiers.versions import sources_read


def tell_tiers(*where: sa.ColumnElement[bool]) -> None:
    """Emit facts.changed for each member of these facts, where a scheme in force counts them."""
    counted = sources_read(clock.business_date(current_club().time_zone))
    if not counted:
        return
    rows = db.session.execute(
        sa.select(Member.public_id, Fact.source)
        .join(Fact, Fact.member_id == Member.id)
        .where(Fact.source.in_(counted), *where)
        .distinct()
        .order_by(Member.public_id)
    )
    for public_id, source in rows:
        emit(
            kind="facts.changed",
            project_id=None,
            subject=("member", public_id),
            data={"source": source},
        )
