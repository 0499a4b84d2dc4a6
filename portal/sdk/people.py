"""The facts of projects and members that a plugin knows by their ids."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import sqlalchemy as sa

from portal.accounts.models import Account, AccountState
from portal.extensions import db
from portal.members import queries as members
from portal.members.models import Member, MemberState, Person
from portal.permissions.models import RoleChange, RoleGrant
from portal.permissions.roles import RoleName, default_permissions
from portal.plugin_host.refs import (
    HomeRef,
    Housemate,
    MemberRef,
    ProjectRef,
    StaffRef,
    member_ref,
    project_ref,
)
from portal.plugin_host.state import projects_with
from portal.projects import queries
from portal.projects.models import Ownership, Project

MOST = 500
"""How many are given at once; both databases limit the parameters of a statement."""
_HOUSEHOLD = 100
_T = TypeVar("_T")


@dataclass(frozen=True)
class MemberDates:
    """The days of a member that are kept every year: the day of joining the club, and the month of
    birth (1 to 12; the day is not kept), None where it is not known."""

    joined_on: date
    birth_month: int | None


def find_projects(ids: Collection[int]) -> dict[int, ProjectRef]:
    """Return the facts of these projects by id; at most 500 at once, else ValueError."""
    found = db.session.scalars(sa.select(Project).where(Project.id.in_(few(ids))))
    return {project.id: project_ref(project) for project in found}


def find_members(ids: Collection[int]) -> dict[int, MemberRef]:
    """Return the facts of these members by id; at most 500 at once, else ValueError."""
    found = db.session.scalars(sa.select(Member).where(Member.id.in_(few(ids))))
    return {member.id: member_ref(member) for member in found}


def dates_of_each(members: Collection[MemberRef]) -> dict[int, MemberDates]:
    """Return the days of each of some members by the member's id, in one statement; at most 500 at
    once, else ValueError."""
    asked = [member.id for member in few(members)]
    rows = db.session.execute(
        sa.select(Member.id, Member.joined_on, Member.birth_month).where(Member.id.in_(asked))
    )
    return {row[0]: MemberDates(row[1], row[2]) for row in rows}


def find_member(public_id: str) -> MemberRef | None:
    """Return the facts of the member with a public id, such as an event has; None for nobody."""
    member = members.find_member(public_id)
    return member_ref(member) if member else None


def open_projects(plugin: str) -> list[ProjectRef]:
    """Return the projects in which a plugin is on now, by slug: for jobs of the whole club."""
    ids = projects_with(plugin, None)
    found = db.session.scalars(sa.select(Project).where(Project.id.in_(ids)).order_by(Project.slug))
    return [project_ref(project) for project in found]


def colleagues(permission: str, project: ProjectRef) -> list[StaffRef]:
    """Return who holds a permission in a project or club-wide now, by name: 500 at most."""
    usual = [role for role in RoleName if permission in default_permissions(role)]
    changed = sa.select(RoleChange.allowed).where(
        RoleChange.role == RoleGrant.role, RoleChange.permission == permission
    )
    # What the club has changed counts; else what the role holds by itself.
    held = sa.func.coalesce(changed.scalar_subquery(), RoleGrant.role.in_(usual))
    here = sa.or_(RoleGrant.project_id.is_(None), RoleGrant.project_id == project.id)
    holds = sa.exists().where(
        RoleGrant.account_id == Account.id, RoleGrant.revoked_at.is_(None), held, here
    )
    mine = sa.select(Account).where(holds, Account.state == AccountState.ACTIVE)
    found = db.session.scalars(mine.order_by(Account.display_name, Account.id).limit(MOST))
    return [StaffRef(account.id, account.public_id, account.display_name) for account in found]


def residents(project: ProjectRef, *, after: int = 0, limit: int = MOST) -> list[MemberRef]:
    """Return members who own or live in a home of the project now, by ascending id.

    For the next ones, give the last one's id as `after`; an empty list is the end.
    """
    here = sa.exists().where(
        Ownership.member_id == Member.id,
        Ownership.project_id == project.id,
        Ownership.until.is_(None),
    )
    statement = sa.select(Member).where(here, Member.id > after, Member.state == MemberState.ACTIVE)
    found = db.session.scalars(statement.order_by(Member.id).limit(min(limit, MOST)))
    return [member_ref(member) for member in found]


def residents_of_each(
    households: Collection[int], project: ProjectRef
) -> dict[int, list[MemberRef]]:
    """Return who of each of some households owns or lives in a home of the project now, by the
    household's id, in one statement; at most 500 households at once, else ValueError."""
    here = sa.exists().where(
        Ownership.member_id == Member.id,
        Ownership.project_id == project.id,
        Ownership.until.is_(None),
    )
    mine = Member.household_id.in_(few(households))
    statement = sa.select(Member).where(mine, here, Member.state == MemberState.ACTIVE)
    found: dict[int, list[MemberRef]] = {household: [] for household in households}
    for member in db.session.scalars(statement.order_by(Member.id)):
        found[member.household_id].append(member_ref(member))
    return found


def homes_of(member: MemberRef, project: ProjectRef) -> list[HomeRef]:
    """Return the homes of the project that a member owns or lives in now, verified ones."""
    return homes_of_each([member], project)[member.id]


def homes_of_each(members: Collection[MemberRef], project: ProjectRef) -> dict[int, list[HomeRef]]:
    """Return the homes of the project that each of some members owns or lives in now, by the
    member's id, in one statement; at most 500 at once, else ValueError."""
    found: dict[int, list[HomeRef]] = {member.id: [] for member in few(members)}
    for each in queries.homes_here(found, project.id):
        unit = each.unit
        found[each.member_id].append(
            HomeRef(
                unit.id,
                unit.public_id,
                unit.building.name,
                unit.entrance,
                unit.number,
                unit.area,
                unit.handover_on,
            )
        )
    return found


def few(asked: Collection[_T]) -> Collection[_T]:
    """Return what is asked for at once. Raises ValueError when it is more than 500."""
    if len(asked) > MOST:
        raise ValueError(f"{len(asked)} asked for: {MOST} at most")
    return asked


def housemates(member: MemberRef) -> list[Housemate]:
    """Return who lives in the member's household, the member first: one statement, 100 at most.

    A child's entry has a guardian's consent; show it inside the household and to staff only.
    """
    nothing = sa.cast(sa.null(), Member.id.type)
    members = sa.select(
        Member.public_id,
        Member.name,
        Member.id,
        sa.literal("member"),
        sa.cast(sa.null(), Person.birth_month.type),
        Member.created_at.label("since"),
    ).where(Member.household_id == member.household_id, Member.state == MemberState.ACTIVE)
    persons = sa.select(
        Person.public_id,
        Person.name,
        nothing,
        Person.relation,
        Person.birth_month,
        Person.created_at,
    ).where(Person.household_id == member.household_id)
    rows = db.session.execute(sa.union_all(members, persons).order_by("since").limit(_HOUSEHOLD))
    found = [Housemate(*row[:5]) for row in rows]
    return sorted(found, key=lambda each: (each.member_id != member.id, each.member_id is None))
