"""Writing projects, homes and who owns which home since when."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.members.models import Member
from portal.outbox.service import emit
from portal.projects.errors import HomeError
from portal.projects.households import leave_household
from portal.projects.models import (
    EndReason,
    Invitation,
    Ownership,
    Project,
    ProjectInterest,
    Role,
    Unit,
)
from portal.projects.queries import OWNING_ROLES, people_of
from portal.projects.register import (
    create_project,
    ensure_building,
    ensure_unit,
    update_project,
)
from portal.search.service import refresh

__all__ = [
    "REASONS",
    "add_ownership",
    "change_role",
    "check_date",
    "create_project",
    "end_ownership",
    "ensure_building",
    "ensure_unit",
    "follow",
    "leave_home",
    "lock_unit",
    "unfollow",
    "update_project",
]
OLDEST = date(1980, 1, 1)
"""No home of a club is older: commercial housing in China began then."""
REASONS: dict[Role, tuple[EndReason, ...]] = {
    Role.OWNER: (EndReason.SALE, EndReason.DEATH, EndReason.DIVORCE, EndReason.MISTAKE),
    Role.CO_OWNER: (EndReason.SALE, EndReason.DEATH, EndReason.DIVORCE, EndReason.MISTAKE),
    Role.SPOUSE: (EndReason.DEATH, EndReason.DIVORCE, EndReason.MISTAKE),
    Role.TENANT: (EndReason.MOVED_OUT, EndReason.DEATH, EndReason.MISTAKE),
}
"""Why someone in a role may stop living in a home."""


def add_ownership(
    *, actor: Account | None, unit: Unit, member: Member, role: str, since: date
) -> Ownership:
    """Let `member` live in `unit` in a role since a date.

    The first verified owner's household becomes the home's. Raises HomeError: owner_exists,
    already_there, future, too_old.
    """
    check_date(unit, since)
    lock_unit(unit)
    people = people_of(unit.id)
    if any(person.member_id == member.id for person in people):
        raise HomeError("already_there")
    if role == Role.OWNER and any(person.role == Role.OWNER for person in people):
        raise HomeError("owner_exists")
    ownership = Ownership(
        unit=unit, member=member, project_id=unit.project_id, role=Role(role), since=since
    )
    try:
        with db.session.begin_nested():
            db.session.add(ownership)
    except IntegrityError as error:
        raise HomeError("owner_exists") from error
    if unit.household_id is None and role in (Role.OWNER, Role.CO_OWNER):
        unit.household_id = member.household_id
    record(
        actor=actor,
        action="ownership.added",
        subject=("ownership", ownership.public_id),
        project_id=unit.project_id,
        facts={"unit": unit.public_id, "member": member.public_id, "role": str(role)},
    )
    _tell("ownership.started", ownership, unit)
    return ownership


def end_ownership(
    *,
    actor: Account,
    ownership: Ownership,
    reason: str,
    on: date,
    note: str = "",
    split_household: bool = False,
) -> list[Ownership]:
    """End a member's place in a home on a date, and return every row that ended.

    A sale ends all owners, co-owners and spouses of the home; tenants stay. With
    `split_household` the leaving member gets a household of their own. Raises HomeError:
    reason_not_for_role, future, before_start, not_current.
    """
    if reason not in REASONS[Role(ownership.role)]:
        raise HomeError("reason_not_for_role")
    unit = db.session.get_one(Unit, ownership.unit_id)
    check_date(unit, on)
    lock_unit(unit)
    people = people_of(unit.id)
    sold = reason == EndReason.SALE
    leaving = [
        person
        for person in people
        if person.id == ownership.id or (sold and person.role in OWNING_ROLES)
    ]
    if ownership.id not in {person.id for person in leaving}:
        raise HomeError("not_current")
    if any(person.since > on for person in leaving):
        raise HomeError("before_start")
    for person in leaving:
        _end(actor, person, unit, reason=reason, on=on, note=note)
    _withdraw_invitations(unit, None if sold else ownership.member_id)
    _settle_household(unit, [person for person in people if person not in leaving])
    if split_household:
        leave_household(actor=actor, member=ownership.member, reason=reason, on=on)
    return leaving


def leave_home(*, actor: Account | None, ownership: Ownership) -> None:
    """End the place in a home of a member who leaves the club, from today on; others stay."""
    unit = db.session.get_one(Unit, ownership.unit_id)
    lock_unit(unit)
    people = people_of(unit.id)
    project = db.session.get_one(Project, unit.project_id)
    today = clock.business_date(project.time_zone)
    for person in people:
        if person.id == ownership.id:
            on = max(today, person.since)
            _end(actor, person, unit, reason=EndReason.LEFT_CLUB, on=on, note="")
    _withdraw_invitations(unit, ownership.member_id)
    _settle_household(unit, [person for person in people if person.id != ownership.id])


def change_role(*, actor: Account, ownership: Ownership, role: str, note: str) -> None:
    """Change what a member is to a home. Raises HomeError: owner_exists, not_current."""
    unit = db.session.get_one(Unit, ownership.unit_id)
    lock_unit(unit)
    people = people_of(unit.id)
    if ownership.id not in {person.id for person in people}:
        raise HomeError("not_current")
    others = [person for person in people if person.id != ownership.id]
    if role == Role.OWNER and any(person.role == Role.OWNER for person in others):
        raise HomeError("owner_exists")
    before, ownership.role = ownership.role, Role(role)
    try:
        with db.session.begin_nested():
            db.session.flush()
    except IntegrityError as error:
        raise HomeError("owner_exists") from error
    if role not in (Role.OWNER, Role.CO_OWNER):
        _withdraw_invitations(unit, ownership.member_id)
    _settle_household(unit, people)
    record(
        actor=actor,
        action="ownership.role_changed",
        subject=("ownership", ownership.public_id),
        project_id=unit.project_id,
        facts={"unit": unit.public_id, "from": before, "to": str(role)},
        reason=note,
    )
    _tell("ownership.role_changed", ownership, unit)


def follow(*, member: Member, project: Project) -> None:
    """Let a member follow a project without a home there; doing it twice changes nothing."""
    wanted = sa.select(ProjectInterest.id).where(
        ProjectInterest.member_id == member.id, ProjectInterest.project_id == project.id
    )
    if db.session.scalar(wanted):
        return
    try:
        with db.session.begin_nested():
            db.session.add(ProjectInterest(member_id=member.id, project_id=project.id))
    except IntegrityError:
        return


def unfollow(*, member: Member, project: Project) -> None:
    """Stop following a project; homes there are not touched."""
    db.session.execute(
        sa.delete(ProjectInterest).where(
            ProjectInterest.member_id == member.id, ProjectInterest.project_id == project.id
        )
    )
    refresh("member", [member.id])


def lock_unit(unit: Unit) -> None:
    """Hold the home's row, freshly read, until the transaction ends: one change at a time."""
    db.session.execute(
        sa.select(Unit)
        .where(Unit.id == unit.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def check_date(unit: Unit, on: date) -> None:
    """Refuse a date to come or before there were such homes: HomeError future, too_old."""
    project = db.session.get_one(Project, unit.project_id)
    if on > clock.business_date(project.time_zone):
        raise HomeError("future")
    if on < OLDEST:
        raise HomeError("too_old")


def _end(
    actor: Account | None, person: Ownership, unit: Unit, *, reason: str, on: date, note: str
) -> None:
    person.until, person.end_reason = on, EndReason(reason)
    record(
        actor=actor,
        action="ownership.ended",
        subject=("ownership", person.public_id),
        project_id=unit.project_id,
        facts={
            "unit": unit.public_id,
            "member": person.member.public_id,
            "role": person.role,
            "reason": str(reason),
            "on": on.isoformat(),
        },
        reason=note or None,
    )
    _tell("ownership.ended", person, unit, reason=str(reason))


def _tell(kind: str, ownership: Ownership, unit: Unit, **data: str) -> None:
    """Emit what happened to a home; `data` beside the home, the member and the role."""
    member = db.session.get_one(Member, ownership.member_id)
    emit(
        kind=kind,
        project_id=unit.project_id,
        subject=("ownership", ownership.public_id),
        data={
            "unit": unit.public_id,
            "member": member.public_id,
            "role": str(ownership.role),
            **data,
        },
    )


def _withdraw_invitations(unit: Unit, invited_by_id: int | None) -> None:
    """Withdraw the open invitations into a home: those of one member, or all of them."""
    statement = sa.update(Invitation).where(
        Invitation.unit_id == unit.id,
        Invitation.accepted_at.is_(None),
        Invitation.withdrawn_at.is_(None),
    )
    if invited_by_id is not None:
        statement = statement.where(Invitation.invited_by_id == invited_by_id)
    db.session.execute(statement.values(withdrawn_at=clock.now()))


def _settle_household(unit: Unit, people: Sequence[Ownership]) -> None:
    """Count the home for a household that still owns it, the first owner's, or for none."""
    owning = [person for person in people if person.role in OWNING_ROLES]
    households = [person.member.household_id for person in owning]
    if unit.household_id not in households:
        unit.household_id = households[0] if households else None
