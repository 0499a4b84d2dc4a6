"""What the page of one member shows of homes and household."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.extensions import db
from portal.members.models import Member, MemberState, Person
from portal.projects.models import Ownership, Project, Unit
from portal.staff.belonging import member_ids

PEOPLE_MAX = 50


@dataclass(frozen=True)
class PersonAtHome:
    """Someone of a member's household; `relation` is None for a member, `public_id` is given when
    the reader may open the page of that member in this project."""

    name: str
    relation: str | None
    public_id: str | None


def homes_in(project: Project, member: Member) -> Sequence[Ownership]:
    """Return the member's homes in this project, the present ones first."""
    return db.session.scalars(
        sa.select(Ownership)
        .join(Ownership.unit)
        .join(Unit.building)
        .options(contains_eager(Ownership.unit).contains_eager(Unit.building))
        .where(Ownership.project_id == project.id, Ownership.member_id == member.id)
        .order_by(Ownership.until.is_not(None), Ownership.since.desc(), Ownership.id.desc())
        .limit(PEOPLE_MAX)
    ).all()


def people_at_home(project: Project, member: Member) -> list[PersonAtHome]:
    """Return the others of the member's household, with and without an account."""
    here = Member.id.in_(member_ids(project.id))
    members = sa.select(
        sa.literal(0).label("place"),
        Member.id,
        Member.name,
        sa.null().cast(sa.String).label("relation"),
        sa.case((here, Member.public_id)).label("public_id"),
    ).where(
        Member.household_id == member.household_id,
        Member.id != member.id,
        Member.state == MemberState.ACTIVE,
    )
    persons = sa.select(
        sa.literal(1), Person.id, Person.name, Person.relation, sa.null().cast(sa.String)
    ).where(Person.household_id == member.household_id)
    rows = db.session.execute(members.union_all(persons).order_by("place", "id").limit(PEOPLE_MAX))
    return [PersonAtHome(row.name, row.relation, row.public_id) for row in rows]
