"""Who counts as a member of a project to its staff."""

from collections.abc import Collection

import sqlalchemy as sa

from portal.claims.models import OPEN_STATES, UnitClaim
from portal.members.models import Member, MemberState
from portal.projects.models import Ownership, Project, ProjectInterest


def members_by_project(project_ids: Collection[int]) -> sa.CompoundSelect[tuple[int, int]]:
    """Return the statement of (project, member) pairs, each once.

    A member belongs by a verified home, by following the project, and, so that staff can look
    after them, while a claim of a home there waits.
    """
    return sa.union(
        sa.select(Ownership.project_id, Ownership.member_id).where(
            Ownership.project_id.in_(project_ids), Ownership.until.is_(None)
        ),
        sa.select(ProjectInterest.project_id, ProjectInterest.member_id).where(
            ProjectInterest.project_id.in_(project_ids)
        ),
        sa.select(UnitClaim.project_id, UnitClaim.member_id).where(
            UnitClaim.project_id.in_(project_ids), UnitClaim.state.in_(OPEN_STATES)
        ),
    )


def member_ids(project_id: int) -> sa.Select[tuple[int]]:
    """Return the statement of the ids of one project's members."""
    pairs = members_by_project([project_id]).subquery()
    return sa.select(pairs.c.member_id)


def belonging(project: Project) -> tuple[sa.ColumnElement[bool], ...]:
    """Return the conditions under which a `Member` is one of the project's."""
    return (Member.state == MemberState.ACTIVE, Member.id.in_(member_ids(project.id)))
