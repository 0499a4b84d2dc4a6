"""Who follows a complaint, and what they hear of it."""

from collections.abc import Collection

import sqlalchemy as sa

from plugins.complaints.models import Case, Follow
from plugins.complaints.searching import GONE
from plugins.complaints.states import Ring, Veil
from portal.sdk import (
    JobRun,
    MemberRef,
    ProjectRef,
    db,
    enqueue,
    find_members,
    find_projects,
    homes_of,
    notify,
)

NEWS = "complaints.tell_followers"
_AT_ONCE = 100


def follow(*, case: Case, member: MemberRef) -> None:
    """Let a member hear of every answer; once, however often it is asked for."""
    if follows(case, member):
        return
    try:
        with db.session.begin_nested():
            db.session.add(Follow(case_id=case.id, project_id=case.project_id, member_id=member.id))
    except sa.exc.IntegrityError:
        pass  # two taps at once: the row is there


def unfollow(*, case: Case, member: MemberRef) -> None:
    """Let a member hear no more of it."""
    mine = sa.and_(Follow.case_id == case.id, Follow.member_id == member.id)
    db.session.execute(sa.delete(Follow).where(mine))


def follows(case: Case, member: MemberRef) -> bool:
    """Tell whether a member follows a complaint."""
    mine = sa.select(Follow.id).where(Follow.case_id == case.id, Follow.member_id == member.id)
    return db.session.scalar(mine) is not None


def spread(case: Case) -> None:
    """Tell who follows a complaint that there is something new, after the commit."""
    if db.session.scalar(_followers(case.id).limit(1)) is None:
        return
    enqueue(
        kind=NEWS,
        payload={"case": case.id, "version": case.version},
        project_id=case.project_id,
        key=f"{NEWS}:{case.public_id}:{case.version}",
    )


def tell_followers(run: JobRun) -> None:
    """Tell who follows a complaint and still has a home there, some at a time; nobody when
    neighbours may not read it any more."""
    project = find_projects([run.project_id or 0])[run.project_id or 0]
    after = int(run.payload.get("after", 0))
    case = db.session.get(Case, run.payload["case"])
    if case is None or case.ring == Ring.PRIVATE or case.veil != Veil.NONE or case.state in GONE:
        return
    while some := db.session.scalars(
        _followers(case.id).where(Follow.id > after).order_by(Follow.id).limit(_AT_ONCE)
    ).all():
        after = some[-1].id
        _tell(case, project, [each.member_id for each in some], run.payload["version"])
        run.checkpoint(done=run.done + len(some), payload={**run.payload, "after": after})


def _followers(case_id: int) -> sa.Select[tuple[Follow]]:
    """Who follows a complaint, or one that was joined into it."""
    both = sa.select(Case.id).where(sa.or_(Case.id == case_id, Case.merged_into_id == case_id))
    return sa.select(Follow).where(Follow.case_id.in_(both))


def _tell(case: Case, project: ProjectRef, ids: Collection[int], version: int) -> None:
    members = find_members(ids).values()
    notify(
        members=[each for each in members if each.id != case.member_id and homes_of(each, project)],
        kind="complaints.news",
        cause=f"complaints:news:{case.public_id}:{version}",
        project=project,
        values={"title": case.title, "code": case.code},
        url=f"/p/{project.slug}/complaints/{case.public_id}",
    )
