"""The figures of projects, for the desk and the group centre."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.claims.models import OPEN_STATES, UnitClaim
from portal.extensions import db
from portal.i18n import LANGUAGES
from portal.members.models import Member
from portal.projects.models import Ownership, Project
from portal.staff.belonging import belonging, members_by_project

RECENT = 8


@dataclass(frozen=True)
class Figures:
    """One project in numbers."""

    members: int = 0
    homes: int = 0
    claims: int = 0


def figures_of(project_ids: Collection[int]) -> Mapping[int, Figures]:
    """Return members, verified homes and open claims of each project, in one statement."""
    people = members_by_project(project_ids).subquery()
    parts = sa.union_all(
        sa.select(sa.literal("members"), people.c.project_id, sa.func.count()).group_by(
            people.c.project_id
        ),
        sa.select(
            sa.literal("homes"),
            Ownership.project_id,
            sa.func.count(Ownership.unit_id.distinct()),
        )
        .where(Ownership.project_id.in_(project_ids), Ownership.until.is_(None))
        .group_by(Ownership.project_id),
        sa.select(sa.literal("claims"), UnitClaim.project_id, sa.func.count())
        .where(UnitClaim.project_id.in_(project_ids), UnitClaim.state.in_(OPEN_STATES))
        .group_by(UnitClaim.project_id),
    )
    found: dict[int, dict[str, int]] = {id_: {} for id_ in project_ids}
    for name, project_id, number in db.session.execute(parts):
        found[project_id][name] = number
    return {id_: Figures(**numbers) for id_, numbers in found.items()}


def waiting_claims(project: Project) -> Sequence[UnitClaim]:
    """Return the claims that wait longest in the project, the members loaded."""
    return db.session.scalars(
        sa.select(UnitClaim)
        .join(UnitClaim.member)
        .options(contains_eager(UnitClaim.member))
        .where(UnitClaim.project_id == project.id, UnitClaim.state.in_(OPEN_STATES))
        .order_by(UnitClaim.created_at, UnitClaim.id)
        .limit(RECENT)
    ).all()


def newest_members(project: Project) -> Sequence[Member]:
    """Return the project's members who joined the club last."""
    return db.session.scalars(
        sa.select(Member)
        .where(*belonging(project))
        .order_by(Member.joined_on.desc(), Member.id.desc())
        .limit(RECENT)
    ).all()


def projects_matching(query: str, ids: frozenset[int] | None) -> sa.Select[tuple[Project]]:
    """Return the statement of projects whose name, city or address has `query`.

    `ids`: the projects that the reader may see; None for all.
    """
    statement = sa.select(Project)
    if ids is not None:
        statement = statement.where(Project.id.in_(ids))
    if query:
        texts = [
            column[language] for column in (Project.name, Project.city) for language in LANGUAGES
        ]
        statement = statement.where(
            sa.or_(
                Project.slug.icontains(query, autoescape=True),
                *(text.as_string().icontains(query, autoescape=True) for text in texts),
            )
        )
    return statement
