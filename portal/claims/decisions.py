"""Staff's decisions on claims."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import joinedload

from portal.accounts.models import Account
from portal.audit.service import record
from portal.claims import matching
from portal.claims.errors import ClaimError
from portal.claims.models import ClaimReason, ClaimState, UnitClaim
from portal.claims.moves import grant_home, household_conflict, move
from portal.crypto import lookup_hash
from portal.extensions import db
from portal.members.models import Member
from portal.phones import phone_tail
from portal.projects.models import EndReason, Ownership, Project, Role, Unit
from portal.projects.queries import OWNING_ROLES, find_unit, people_of
from portal.projects.service import end_ownership, ensure_unit, lock_unit
from portal.roster.models import RosterEntry
from portal.roster.queries import entries_of_unit


class Decision(StrEnum):
    """What staff may say to a claim."""

    APPROVE = "approve"
    MORE = "more"
    REFUSE = "refuse"


class Resolution(StrEnum):
    """What becomes of the present owner when a disputed claim is approved."""

    SALE = "sale"
    MISTAKE = "mistake"
    CO_OWNER = "co_owner"


REASONS: dict[Decision, tuple[ClaimReason, ...]] = {
    Decision.APPROVE: (ClaimReason.PROOF_GOOD, ClaimReason.PHONE_CHANGED, ClaimReason.OTHER),
    Decision.MORE: (ClaimReason.PROOF_UNREADABLE, ClaimReason.NAME_DIFFERS, ClaimReason.OTHER),
    Decision.REFUSE: (
        ClaimReason.NOT_ENTITLED,
        ClaimReason.NAME_DIFFERS,
        ClaimReason.UNIT_UNKNOWN,
        ClaimReason.OTHER,
    ),
}
"""The reasons for each decision; the claimant reads them."""
_TARGETS = {
    Decision.APPROVE: ClaimState.APPROVED,
    Decision.MORE: ClaimState.NEEDS_MORE,
    Decision.REFUSE: ClaimState.REFUSED,
}


@dataclass(frozen=True)
class Approval:
    """The details of an approval: since when, and what else is to be put right with it."""

    since: date | None = None
    resolution: Resolution | None = None
    ended_on: date | None = None
    add_unit: bool = False
    update_roster_phone: bool = False


def decide(
    *,
    actor: Account,
    claim: UnitClaim,
    decision: Decision,
    reason: ClaimReason,
    note: str = "",
    approval: Approval | None = None,
) -> Ownership | None:
    """Approve, refuse or ask for more; return the ownership that an approval makes.

    Raises IllegalTransitionError; ClaimError: reason_needed, unknown_unit, resolution_needed,
    own_claim, owner_exists, already_there; HomeError for dates that cannot be.
    """
    if db.session.get_one(Member, claim.member_id).account_id == actor.id:
        raise ClaimError("own_claim")
    if reason not in REASONS[decision] or (reason == ClaimReason.OTHER and not note):
        raise ClaimError("reason_needed")
    approval = approval or Approval()
    unit = _unit_for(claim, approval) if decision is Decision.APPROVE else None
    move(claim, _TARGETS[decision], actor=actor, reason=reason, note=note)
    return _approve(actor, claim, unit, approval) if unit else None


def unit_of(claim: UnitClaim) -> Unit | None:
    """Return the claimed home, also one that came into the register after the claim."""
    if claim.unit_id is not None:
        return db.session.get(Unit, claim.unit_id, options=[joinedload(Unit.building)])
    return find_unit(claim.project_id, claim.building, claim.entrance, claim.number)


def _approve(actor: Account, claim: UnitClaim, unit: Unit, approval: Approval) -> Ownership:
    member = db.session.get_one(Member, claim.member_id)
    lock_unit(unit)
    role = Role(claim.role)
    if household_conflict(unit, member, role):
        if approval.resolution is None:
            raise ClaimError("resolution_needed")
        if approval.resolution is Resolution.CO_OWNER:
            role = Role.CO_OWNER if role == Role.OWNER else role
        else:
            _end_present_owners(actor, unit, approval)
    ownership = grant_home(actor=actor, member=member, unit=unit, role=role, since=approval.since)
    if ownership is None:
        raise ClaimError("already_there")
    _settle_roster(actor, claim, unit, member, approval)
    return ownership


def _unit_for(claim: UnitClaim, approval: Approval) -> Unit:
    unit = unit_of(claim)
    if unit is None:
        if not approval.add_unit:
            raise ClaimError("unknown_unit")
        project = db.session.get_one(Project, claim.project_id)
        unit = ensure_unit(
            project=project, building=claim.building, entrance=claim.entrance, number=claim.number
        )
        db.session.flush()
    claim.unit_id = unit.id
    db.session.flush()
    return unit


def _end_present_owners(actor: Account, unit: Unit, approval: Approval) -> None:
    """End everybody who owns the home, as a sale or as a mistake, on the date that staff gave."""
    if approval.ended_on is None:
        raise ClaimError("resolution_needed")
    sold = approval.resolution is Resolution.SALE
    if sold and approval.since and approval.since < approval.ended_on:
        raise ClaimError("since_before_sale")
    owning = [person for person in people_of(unit.id) if person.role in OWNING_ROLES]
    by_role = sorted(owning, key=lambda person: list(Role).index(Role(person.role)))
    for person in by_role:
        if person.until is None:
            reason = EndReason.SALE if sold and person.role != Role.SPOUSE else EndReason.MISTAKE
            end_ownership(actor=actor, ownership=person, reason=reason, on=approval.ended_on)
    db.session.flush()


def _settle_roster(
    actor: Account, claim: UnitClaim, unit: Unit, member: Member, approval: Approval
) -> None:
    """Mark the roster entry that is this member's, and give it the new phone when staff say so."""
    account = db.session.get_one(Account, member.account_id)
    entry = matching.likeliest(entries_of_unit(unit.id), claim.name, account)
    if entry is None or not matching.same_name(entry.name, claim.name):
        return
    if not matching.take(entry, member):
        return
    if approval.update_roster_phone and account.phone and entry.phone_hash != account.phone_hash:
        _change_phone(actor, entry, account.phone)


def _change_phone(actor: Account, entry: RosterEntry, phone: str) -> None:
    entry.phone = phone
    entry.phone_hash = lookup_hash("phone", phone)
    entry.phone_tail_hash = lookup_hash("phone_tail", phone_tail(phone))
    record(
        actor=actor,
        action="roster.phone_changed",
        subject=("roster_entry", entry.public_id),
        project_id=entry.project_id,
    )
