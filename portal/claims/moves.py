"""The two things that every decision does: move a claim on, and give the home."""

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.claims.errors import ClaimError, IllegalTransitionError
from portal.claims.models import TRANSITIONS, ClaimEvent, ClaimReason, ClaimState, UnitClaim
from portal.extensions import db
from portal.members.models import Member
from portal.outbox.service import emit
from portal.projects.errors import HomeError
from portal.projects.households import join_household
from portal.projects.models import Ownership, Project, Role, Unit
from portal.projects.queries import OWNING_ROLES, household_shape, owner_of
from portal.projects.service import add_ownership, lock_unit
from portal.search.service import refresh

DECIDED = (ClaimState.APPROVED, ClaimState.REFUSED, ClaimState.NEEDS_MORE)


def move(
    claim: UnitClaim,
    to: ClaimState,
    *,
    actor: Account | None,
    reason: ClaimReason,
    note: str = "",
    sources: Sequence[ClaimState] | None = None,
) -> None:
    """Move a claim to a state that may follow its present one, with a line in its history.

    Raises IllegalTransitionError naming the state in which another request has put it.
    """
    allowed = sources or [state for state, next_ones in TRANSITIONS.items() if to in next_ones]
    ends = not TRANSITIONS[to]
    done = db.session.execute(
        sa.update(UnitClaim)
        .where(UnitClaim.id == claim.id, UnitClaim.state.in_(allowed))
        .values(state=to, **({"decided_at": clock.now()} if ends else {}))
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(claim, ["state", "decided_at"])
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise IllegalTransitionError(claim.state)
    refresh("claim", [claim.id])
    refresh("member", [claim.member_id])
    db.session.add(
        ClaimEvent(
            claim_id=claim.id,
            to_state=to,
            reason=reason,
            note=note,
            actor_id=actor.id if actor else None,
        )
    )
    record(
        actor=actor,
        action=f"claim.{to}",
        subject=("claim", claim.public_id),
        project_id=claim.project_id,
        facts={"reason": str(reason)},
    )
    if to in DECIDED:
        member = db.session.get_one(Member, claim.member_id)
        emit(
            kind="claim.decided",
            project_id=claim.project_id,
            subject=("claim", claim.public_id),
            data={"state": str(to), "reason": str(reason), "member": member.public_id},
        )


def household_conflict(unit: Unit, member: Member, role: str) -> bool:
    """Tell whether owning this home would take it from another household; tenants take nothing."""
    return role in OWNING_ROLES and unit.household_id not in (None, member.household_id)


def likely_since(unit: Unit, role: str) -> date:
    """Return since when an owner most likely owns: the handover, or the end of the one before."""
    project = db.session.get_one(Project, unit.project_id)
    today = clock.business_date(project.time_zone)
    before = db.session.scalars(
        sa.select(Ownership).where(Ownership.unit_id == unit.id, Ownership.until.is_not(None))
    ).all()
    return first_day(unit, role, before, today)


def first_day(unit: Unit, role: str, people: Sequence[Ownership], today: date) -> date:
    """Return the handover's day or the end of the owners before; of a tenant, or unknown, today."""
    if role not in OWNING_ROLES:
        return today
    ends = [person.until for person in people if person.role in OWNING_ROLES]
    known = [day for day in (unit.handover_on, *ends) if day is not None]
    return min(max(known, default=today), today)


def grant_home(
    *,
    actor: Account | None,
    member: Member,
    unit: Unit,
    role: str,
    since: date | None = None,
) -> Ownership | None:
    """Let a member into a home; an owner beside another owner of the same household co-owns it.

    A co-owner or spouse with nobody else in their household joins that of the home. Returns None
    when the member lives there already. Raises ClaimError("owner_exists"), HomeError for dates.
    """
    lock_unit(unit)
    owner = owner_of(unit.id)
    if role == Role.OWNER and owner is not None and owner.member_id != member.id:
        if owner.member.household_id != member.household_id:
            raise ClaimError("owner_exists")
        role = Role.CO_OWNER
    since = since or likely_since(unit, role)
    try:
        ownership = add_ownership(actor=actor, unit=unit, member=member, role=role, since=since)
    except HomeError as error:
        if error.code == "already_there":
            return None
        if error.code == "owner_exists":
            raise ClaimError("owner_exists") from error
        raise
    _join(actor, member, unit, role, ownership.since)
    return ownership


def _join(actor: Account | None, member: Member, unit: Unit, role: str, on: date) -> None:
    household_id = unit.household_id
    if role not in OWNING_ROLES or household_id in (None, member.household_id):
        return
    assert household_id is not None
    if household_shape(member.household_id).alone:
        project = db.session.get_one(Project, unit.project_id)
        today = clock.business_date(project.time_zone)
        join_household(
            actor=actor,
            member=member,
            household_id=household_id,
            reason="co_owner",
            on=max(on, today),
        )
