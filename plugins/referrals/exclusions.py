"""Who cannot be referred: asked when invited, at consent, on site and at the contract."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Campaign, KnownCustomer, Lead
from plugins.referrals.states import ACTIVE, Seen
from portal.sdk import (
    MemberRef,
    ProjectRef,
    business_date,
    db,
    find_phone_holder,
    phone_key,
    plugin_settings,
)

NAME = "referrals"
EXCLUDED_FOR_EVER = ("HouseholdOfReferrer", "StaffExcluded")
"""What excludes a friend also after the contract."""


def hash_of(phone: str) -> bytes:
    """Return what is kept of a number (E.164) in order to find it again."""
    return phone_key(NAME, phone)


def excluded(
    *, project: ProjectRef, referrer: MemberRef, phone: str, rules: Campaign, at: datetime
) -> str | None:
    """Return the code of why the holder of a number cannot be referred by this member."""
    holder = find_phone_holder(phone, project)
    if holder.member and holder.member.household_id == referrer.household_id:
        return "HouseholdOfReferrer"
    if holder.on_staff:
        return "StaffExcluded"
    known = known_as(project, hash_of(phone), rules, at)
    if known and known.seen in (Seen.AGENT, Seen.STAFF):
        return "StaffExcluded"
    if known or holder.on_roster:
        return "LeadKnownToProject"
    return None


def check_country(project: ProjectRef, phone: str) -> None:
    """Raise ReferralError CountryNotAllowed for a number (E.164) of a country that the project does
    not take; without a list it takes all."""
    listed = (
        str(plugin_settings(NAME, project).get("countries") or "").replace("，", ",").split(",")
    )
    codes = tuple(f"+{each.strip().lstrip('+')}" for each in listed if each.strip())
    if codes and not phone.startswith(codes):
        raise ReferralError("CountryNotAllowed")


def known_as(
    project: ProjectRef, phone_hash: bytes, rules: Campaign, at: datetime
) -> KnownCustomer | None:
    """Return how the project knew a number within the days of the rules; agents for ever."""
    since = business_date(project.time_zone, at) - timedelta(days=rules.known_days)
    return db.session.scalar(
        sa.select(KnownCustomer)
        .where(
            KnownCustomer.project_id == project.id,
            KnownCustomer.phone_hash == phone_hash,
            sa.or_(
                KnownCustomer.seen.in_((Seen.AGENT, Seen.STAFF)), KnownCustomer.seen_on >= since
            ),
        )
        .order_by(KnownCustomer.seen.in_((Seen.AGENT, Seen.STAFF)).desc(), KnownCustomer.seen_on)
        .limit(1)
    )


def protected(project: ProjectRef, phone_hash: bytes) -> Lead | None:
    """Return the lead of a number in the project that is active or disputed."""
    return db.session.scalar(
        sa.select(Lead)
        .limit(1)
        .where(
            Lead.project_id == project.id,
            Lead.phone_hash == phone_hash,
            sa.or_(Lead.state.in_(ACTIVE), Lead.disputed_at.is_not(None)),
        )
    )
