"""What the page of one member shows of homes and household."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import contains_eager

from portal.extensions import db
from portal.members.models import Member, MemberState, Person
from portal.projects.models import Ownership, Project, Unit
from portal.staff.belonging import belonging, member_ids

PEOPLE_MAX = 50


@dataclass(frozen=True)
class PersonAtHome:
    """Someone of a member's household; `relation` is None for a member, `public_id` is given when
    the reader may open the page of that member in this project."""

    name: str
    relation: str | None
    public_id: str | None


def member_with_homes(
    project: Project, public_id: str
) -> tuple[Member, Sequence[Ownership]] | None:
    """Return a member of the project and their homes in it, the present ones first.

    The account, the homes' units and buildings are loaded. None for nobody of this project.
    """
    rows = db.session.execute(
        sa.select(Member, Ownership)
        .join(Member.account)
        .outerjoin(
            Ownership,
            sa.and_(Ownership.member_id == Member.id, Ownership.project_id == project.id),
        )
        .outerjoin(Ownership.unit)
        .outerjoin(Unit.building)
        .options(
            contains_eager(Member.account),
            contains_eager(Ownership.unit).contains_eager(Unit.building),
        )
        .where(Member.public_id == public_id, *belonging(project))
        .order_by(Ownership.until.is_not(None), Ownership.since.desc(), Ownership.id.desc())
        .limit(PEOPLE_MAX)
    ).all()
    if not rows:
        return None
    return rows[0][0], [home for _member, home in rows if home is not None]


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
