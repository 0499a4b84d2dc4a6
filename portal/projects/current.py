"""The project in this request's address, and the reader's projects."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import g
from werkzeug.exceptions import NotFound

from portal.extensions import db
from portal.members.current import find_current_member
from portal.members.models import Member, MemberState
from portal.permissions.current import current_rights
from portal.projects.models import Ownership, Project, ProjectInterest


@dataclass(frozen=True)
class Belonging:
    """The projects that the reader lives in, and those followed without a home there."""

    owned: frozenset[int] = frozenset()
    followed: frozenset[int] = frozenset()

    def __contains__(self, project_id: int) -> bool:
        return project_id in self.owned or project_id in self.followed


def current_project() -> Project:
    """Return the project of the address, set by the gate; raises 404 without one."""
    project = g.get("project")
    if project is None:
        raise NotFound
    return project


def belonging() -> Belonging:
    """Return the projects of the signed-in member; one statement a request, in which the member is
    read, too, where that has not been done yet."""
    if "belonging" not in g and "member" not in g and g.get("account"):
        g.member, g.belonging = _member_at_home(g.account.id)
    if "belonging" not in g:
        member = find_current_member()
        g.belonging = belonging_of(member.id) if member else Belonging()
    return g.belonging


def _member_at_home(account_id: int) -> tuple[Member | None, Belonging]:
    row = db.session.execute(
        sa.select(Member, _listed(Ownership, Ownership.until.is_(None)), _listed(ProjectInterest))
        .where(Member.account_id == account_id, Member.state == MemberState.ACTIVE)
        .limit(1)
    ).first()
    if row is None:
        return None, Belonging()
    owned, followed = (frozenset(map(int, filter(None, (ids or "").split(",")))) for ids in row[1:])
    return row[0], Belonging(owned, followed)


def _listed(
    model: type[Ownership] | type[ProjectInterest], *conditions: sa.ColumnElement[bool]
) -> sa.ScalarSelect[str]:
    ids = sa.func.aggregate_strings(sa.cast(model.project_id, sa.String), ",")
    return sa.select(ids).where(model.member_id == Member.id, *conditions).scalar_subquery()


def my_projects() -> list[Project]:
    """Return the projects that the reader may open, homes first; for the switch between them."""
    if "my_projects" not in g:
        belongs = belonging()
        rights = current_rights()
        statement = sa.select(Project).order_by(Project.id)
        if "staff.desk" not in rights.club:
            ids = belongs.owned | belongs.followed | rights.by_project.keys()
            statement = statement.where(Project.id.in_(ids))
        projects = db.session.scalars(statement.limit(200)).all() if g.get("account") else []
        g.my_projects = sorted(projects, key=lambda project: project.id not in belongs.owned)
    return g.my_projects


def belonging_of(member_id: int) -> Belonging:
    """Return the projects that a member lives in or follows: one statement."""
    rows = db.session.execute(
        sa.union(
            sa.select(Ownership.project_id, sa.literal(1)).where(
                Ownership.member_id == member_id, Ownership.until.is_(None)
            ),
            sa.select(ProjectInterest.project_id, sa.literal(0)).where(
                ProjectInterest.member_id == member_id
            ),
        )
    ).all()
    return Belonging(
        owned=frozenset(id_ for id_, owns in rows if owns),
        followed=frozenset(id_ for id_, owns in rows if not owns),
    )
