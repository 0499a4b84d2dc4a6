"""Whom a draft of the rules would have excluded among the leads of the last year."""

from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from plugins.referrals.models import KnownCustomer, Lead, Referrer, Step
from plugins.referrals.states import Seen, State
from portal.sdk import ProjectRef, db, find_members, find_phone_holder


def excluded_leads(project: ProjectRef, leads: Sequence[int], known_days: int) -> set[int]:
    """Return the leads whose friend was known to the project in the days before the report, is an
    agent, or belongs to the owner's household or to the staff now."""
    return _known(project, leads, known_days) | _persons(project, leads)


def _known(project: ProjectRef, leads: Sequence[int], known_days: int) -> set[int]:
    rows = db.session.execute(
        sa.select(Lead.id, KnownCustomer.seen, KnownCustomer.seen_on, Step.on_day)
        .join(
            KnownCustomer,
            sa.and_(
                KnownCustomer.project_id == Lead.project_id,
                KnownCustomer.phone_hash == Lead.phone_hash,
            ),
        )
        .join(Step, Step.lead_id == Lead.id)
        .where(
            Lead.id.in_(leads), Lead.project_id == project.id, Step.stage,
            Step.step == State.REPORTED,
        )
    ).all()  # fmt: skip
    return {
        lead
        for lead, seen, seen_on, reported in rows
        if seen in (Seen.AGENT, Seen.STAFF)
        # On the day itself and later it is the visit that the referral brought.
        or reported - timedelta(days=known_days) <= seen_on < reported
    }


def _persons(project: ProjectRef, leads: Sequence[int]) -> set[int]:
    rows = db.session.execute(
        sa.select(Lead.id, Lead.phone, Referrer.member_id)
        .join(Referrer, Referrer.id == Lead.referrer_id)
        .where(Lead.id.in_(leads), Lead.phone.is_not(None))
    ).all()
    members = find_members({row.member_id for row in rows})
    found = set()
    for lead, phone, member_id in rows:
        holder, owner = find_phone_holder(phone, project), members.get(member_id)
        mate = holder.member and owner and holder.member.household_id == owner.household_id
        if holder.on_staff or mate:
            found.add(lead)
    return found
