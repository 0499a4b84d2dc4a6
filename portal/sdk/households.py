"""A member's household with what the member is to a project, for rules of who may take part."""

import sqlalchemy as sa

from portal.extensions import db
from portal.members.models import Member, MemberState, Person
from portal.plugin_host.refs import (
    BuildingRef,
    HouseholdRef,
    Housemate,
    HouseRef,
    MemberRef,
    ProjectRef,
)
from portal.projects.models import Building, Ownership, Unit
from portal.tiers.models import Membership, Scheme

_MOST = 200


def household_of(member: MemberRef, project: ProjectRef) -> HouseholdRef:
    """Return the member's household as `housemates` does, with the member's tier of the club and
    verified homes in the project: one statement."""

    def null(type_: sa.types.TypeEngine[object]) -> sa.ColumnElement[object]:
        return sa.cast(sa.null(), type_)

    tier = (
        sa.select(Membership.tier)
        .join(Scheme, Scheme.id == Membership.scheme_id)
        .where(Scheme.is_club, Membership.member_id == Member.id, Member.id == member.id)
        .scalar_subquery()
    )
    own = sa.and_(
        Ownership.member_id == Member.id,
        Ownership.member_id == member.id,
        Ownership.project_id == project.id,
        Ownership.until.is_(None),
    )
    members = (
        sa.select(
            Member.public_id,
            Member.name,
            Member.id,
            sa.literal("member"),
            null(Person.birth_month.type),
            Member.created_at.label("added"),
            tier,
            Building.id,
            Building.name,
            Ownership.role,
            Ownership.since,
        )
        .outerjoin(Ownership, own)
        .outerjoin(Unit, Unit.id == Ownership.unit_id)
        .outerjoin(Building, Building.id == Unit.building_id)
        .where(Member.household_id == member.household_id, Member.state == MemberState.ACTIVE)
    )
    persons = sa.select(
        Person.public_id,
        Person.name,
        null(Member.id.type),
        Person.relation,
        Person.birth_month,
        Person.created_at,
        null(Membership.tier.type),
        null(Building.id.type),
        null(Building.name.type),
        null(Ownership.role.type),
        null(Ownership.since.type),
    ).where(Person.household_id == member.household_id)
    rows = db.session.execute(sa.union_all(members, persons).order_by("added").limit(_MOST)).all()
    mates = list({row[0]: Housemate(*row[:5]) for row in rows}.values())
    mine = [row for row in rows if row[2] == member.id]
    return HouseholdRef(
        mates=tuple(
            sorted(mates, key=lambda each: (each.member_id != member.id, each.member_id is None))
        ),
        tier=mine[0][6] if mine else None,
        homes=tuple(HouseRef(*row[7:]) for row in mine if row[7] is not None),
    )


def buildings_of(project: ProjectRef) -> list[BuildingRef]:
    """Return the buildings of a project, in the order that people count: 500 at most."""
    mine = sa.select(Building.id, Building.name).where(Building.project_id == project.id)
    rows = db.session.execute(mine.order_by(Building.key).limit(500))
    return [BuildingRef(*row) for row in rows]
