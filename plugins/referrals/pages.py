"""What the owner's home shows of referrals."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from plugins.referrals.models import Lead, Referrer
from plugins.referrals.states import ACTIVE, State
from plugins.referrals.words import STATES
from portal.sdk import MemberRef, ProjectRef, db


@dataclass(frozen=True)
class HomeRow:
    """A friend on the way. `state`: its words and its tone."""

    url: str
    friend: str
    state: tuple[object, str]
    ends_at: datetime | None


@dataclass(frozen=True)
class HomeCard:
    """The friends who are on the way, and where to see them all."""

    url: str
    rows: Sequence[HomeRow]


def home_card(project: ProjectRef, member: MemberRef) -> HomeCard:
    """Return the member's next three friends, in one statement."""
    leads = db.session.scalars(
        sa.select(Lead)
        .join(Referrer, Referrer.id == Lead.referrer_id)
        .where(
            Referrer.project_id == project.id,
            Referrer.member_id == member.id,
            Lead.state.in_((State.INVITED, *ACTIVE)),
        )
        .order_by(Lead.created_at.desc(), Lead.id.desc())
        .limit(3)
    )
    base = f"/p/{project.slug}/referrals/"
    rows = [
        HomeRow(
            f"{base}leads/{lead.public_id}", lead.phone_masked, STATES[lead.state], lead.ends_at
        )
        for lead in leads
    ]
    return HomeCard(base, rows)
