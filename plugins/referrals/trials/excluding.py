"""Whom a draft of the rules would have excluded; 500 leads at most at once."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

import sqlalchemy as sa

from plugins.referrals.models import KnownCustomer, Lead, Referrer, Step
from plugins.referrals.states import Seen, State
from portal.sdk import MemberRef, ProjectRef, db, find_phone_holders


def excluded_leads(
    project: ProjectRef,
    leads: Sequence[int],
    known_days: int,
    owners: Mapping[int, MemberRef],
) -> set[int]:
    """Return the leads whose friend was known to the project in the days before the report, is an
    agent, or belongs to the owner's household or to the staff now. `owners`: members by id."""
    return _known(project, leads, known_days) | _persons(project, leads, owners)


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


def _persons(
    project: ProjectRef, leads: Sequence[int], owners: Mapping[int, MemberRef]
) -> set[int]:
    rows = db.session.execute(
        sa.select(Lead.id, Lead.phone, Referrer.member_id)
        .join(Referrer, Referrer.id == Lead.referrer_id)
        .where(Lead.id.in_(leads), Lead.phone.is_not(None))
    ).all()
    holders = find_phone_holders({row.phone for row in rows}, project)
    found = set()
    for lead, phone, member_id in rows:
        holder, owner = holders[phone], owners.get(member_id)
        mate = holder.member and owner and holder.member.household_id == owner.household_id
        if holder.on_staff or mate:
            found.add(lead)
    return found
