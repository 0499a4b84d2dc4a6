"""The rules of a project in versions: which one counts, and writing the next."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.errors import ReferralError
from plugins.referrals.models import Campaign, RewardLine
from portal.sdk import ProjectRef, db, record


@dataclass(frozen=True)
class Draft:
    """A version as staff write it; days unless the name says otherwise."""

    title: Mapping[str, str]
    promise: Mapping[str, str]
    starts_at: datetime
    ends_at: datetime | None
    protection_days: int
    visit_days: int
    subscribe_days: int
    known_days: int
    notice_minutes: int
    answer_minutes: int
    consent_hours: int
    most_a_day: int
    kin: Sequence[str]
    # Milli-points and fen that one owner's leads may bring to a side in a year; none: no limit.
    cap_points: int | None = None
    cap_cash: int | None = None
    # Fen a square metre and month, and percents of owners who had all invited one friend.
    month_fee: int | None = None
    shares: Sequence[int] = ()
    # What each reward line is made of (reward_forms.LineForm.values).
    promises: Sequence[Mapping[str, Any]] = ()


def rules_now(project_id: int, at: datetime) -> Campaign | None:
    """Return the version that counts: the newest that has begun, unless it has ended."""
    found = db.session.scalar(
        sa.select(Campaign)
        .where(Campaign.project_id == project_id, Campaign.starts_at <= at)
        .order_by(Campaign.starts_at.desc(), Campaign.version.desc())
        .limit(1)
    )
    return None if found is None or (found.ends_at and found.ends_at <= at) else found


def newest(project_id: int) -> Campaign | None:
    """Return the version written last, begun or not."""
    return db.session.scalar(
        sa.select(Campaign)
        .where(Campaign.project_id == project_id)
        .order_by(Campaign.version.desc())
        .limit(1)
    )


def write_version(
    *, actor: Any, project: ProjectRef, draft: Draft, after: int, at: datetime
) -> Campaign:
    """Add the next version; leads that are reported already keep theirs.

    `after`: the newest version that the writer saw, 0 for none. Raises ReferralError: PAST for a
    date that lies back, CHANGED when somebody else wrote one meanwhile.
    """
    if draft.starts_at < at:
        raise ReferralError("PAST")
    found = newest(project.id)
    if (found.version if found else 0) != after:
        raise ReferralError("CHANGED")
    return add_version(actor=actor, project=project, draft=draft, after=after)


def add_version(*, actor: Any, project: ProjectRef, draft: Draft, after: int) -> Campaign:
    """Write the version after `after`, whenever it begins. Raises ReferralError: CHANGED."""
    values = asdict(draft) | {"kin": list(draft.kin), "shares": list(draft.shares)}
    promises = values.pop("promises")
    made = Campaign(project_id=project.id, version=after + 1, made_by=actor.id, **values)
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError as error:
        raise ReferralError("CHANGED") from error
    for place, line in enumerate(promises, 1):
        where = {"project_id": project.id, "campaign_id": made.id, "place": place}
        db.session.add(RewardLine(**where, **line))
    record(
        actor=actor,
        action="referrals.rules_written",
        subject=("referrals_campaign", made.public_id),
        project_id=project.id,
        facts={"version": made.version, "rewards": len(promises)},
    )
    return made
