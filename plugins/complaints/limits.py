"""How much a member writes in public: few when new here, more with every sound word.

What only the staff read, and answers in one's own household's cases, are never limited.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from plugins.complaints.errors import CaseError
from plugins.complaints.models import Act, Case, Post
from plugins.complaints.states import ActKind, PostState, Ring, Veil
from portal.sdk import MemberRef, ProjectRef, db, plugin_settings

TRUSTED_FROM = (0, 3, 20)
"""From how many sound words, older than a day, a member is a newcomer, known, trusted."""
TIMES = (1, 2, 6)
"""By how much the limit of a newcomer is multiplied for each."""
_PROBATION = timedelta(days=90)
"""How long something hidden, or a sanction, makes a newcomer of a member again."""
_BAD = (ActKind.HIDE, ActKind.WARN, ActKind.MUTE, ActKind.SUSPEND)


def check_reply(project: ProjectRef, member: MemberRef, at: datetime) -> None:
    """Refuse a reply to others beyond what the member may write in an hour: TOO_MANY."""
    recent = sa.select(sa.func.count(Post.id)).where(
        Post.member_id == member.id,
        Post.project_id == project.id,
        Post.created_at > at - timedelta(hours=1),
    )
    _check(recent, "replies_per_hour", project, member, at)


def check_complaint(project: ProjectRef, member: MemberRef, at: datetime) -> None:
    """Refuse a public complaint beyond what the member may hand in within a day: TOO_MANY."""
    recent = sa.select(sa.func.count(Case.id)).where(
        Case.member_id == member.id,
        Case.project_id == project.id,
        Case.ring != Ring.PRIVATE,
        Case.created_at > at - timedelta(days=1),
    )
    _check(recent, "complaints_per_day", project, member, at)


def _check(
    recent: sa.Select[tuple[int]],
    setting: str,
    project: ProjectRef,
    member: MemberRef,
    at: datetime,
) -> None:
    day_ago = at - timedelta(days=1)
    replies = sa.select(sa.func.count(Post.id)).where(
        Post.member_id == member.id,
        Post.project_id == project.id,
        Post.state == PostState.SHOWN,
        Post.created_at < day_ago,
    )
    cases = sa.select(sa.func.count(Case.id)).where(
        Case.member_id == member.id,
        Case.project_id == project.id,
        Case.ring != Ring.PRIVATE,
        Case.veil == Veil.NONE,
        Case.created_at < day_ago,
    )
    bad = sa.select(sa.func.count(Act.id)).where(
        Act.member_id == member.id,
        Act.project_id == project.id,
        Act.kind.in_(_BAD),
        Act.lifted_at.is_(None),
        Act.created_at > at - _PROBATION,
    )
    counted = (each.scalar_subquery() for each in (recent, replies, cases, bad))
    written, said, handed_in, faults = db.session.execute(sa.select(*counted)).one()
    sound = 0 if faults else said + handed_in
    trust = max(level for level, least in enumerate(TRUSTED_FROM) if sound >= least)
    if written >= plugin_settings("complaints", project)[setting] * TIMES[trust]:
        raise CaseError("TOO_MANY")
