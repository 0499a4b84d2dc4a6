"""Making claims of homes: submitting, adding proof, withdrawing, and what the roster confirms."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.accounts.models import Account
from portal.audit.service import record
from portal.claims import matching
from portal.claims.decisions import decide
from portal.claims.errors import ClaimError
from portal.claims.models import (
    FILE_OWNER,
    OPEN_STATES,
    ClaimEvent,
    ClaimReason,
    ClaimState,
    UnitClaim,
)
from portal.claims.moves import grant_home, household_conflict, move
from portal.extensions import db
from portal.files.models import StoredFile
from portal.files.pictures import Picture
from portal.files.service import store_picture
from portal.members.models import Member
from portal.outbox.service import emit
from portal.projects.addresses import address_key
from portal.projects.models import Building, Ownership, Project, Role, Unit
from portal.projects.queries import find_unit
from portal.roster.models import RosterEntry

__all__ = [
    "FILE_OWNER",
    "OPEN_LIMIT",
    "PHOTO_LIMIT",
    "add_proof",
    "claim_from_roster",
    "decide",
    "submit_claim",
    "withdraw_claim",
]
OPEN_LIMIT = 10
PHOTO_LIMIT = 4
TOTAL_PHOTO_LIMIT = 12


def submit_claim(
    *,
    actor: Account,
    member: Member,
    project: Project,
    building: str,
    entrance: str,
    number: str,
    role: str,
    name: str,
    pictures: Sequence[Picture] = (),
) -> UnitClaim:
    """Claim a home. The roster's name and phone verify it at once, in the roster's role.

    Else the photos are for staff: in review, or disputed when another household has the home.
    Raises ClaimError: already_claimed, already_yours, too_many, proof_needed, too_many_photos.
    """
    if len(pictures) > PHOTO_LIMIT:
        raise ClaimError("too_many_photos")
    unit = find_unit(project.id, building, entrance, number)
    _check_room(member, unit)
    # Asked also for an unknown home: a stranger cannot tell the two apart by the time it takes.
    entries = matching.matches(actor, name, unit_id=unit.id if unit else 0)
    entry = entries[0] if entries else None
    if entry is None and not pictures:
        raise ClaimError("proof_needed")
    claim = UnitClaim(
        project_id=project.id,
        member_id=member.id,
        unit_id=unit.id if unit else None,
        building=building,
        entrance=entrance,
        number=number,
        address=_address(unit, building, entrance, number),
        name=name,
        role=Role(entry.role if entry else role),
        state=ClaimState.PENDING,
    )
    _add(claim, actor, pictures)
    if entry and unit and not _contradicts(unit, member, entry):
        _verify(actor, member, unit, claim, entry)
    elif unit and household_conflict(unit, member, claim.role):
        _dispute(claim)
    return claim


def add_proof(
    *, actor: Account, member: Member, claim: UnitClaim, pictures: Sequence[Picture], note: str = ""
) -> None:
    """Add photos to a claim that staff asked more for, which puts it back into their queue.

    Raises ClaimError: proof_needed, too_many_photos; IllegalTransitionError.
    """
    if not pictures:
        raise ClaimError("proof_needed")
    present = db.session.scalar(
        sa.select(sa.func.count()).where(
            StoredFile.owner_kind == FILE_OWNER, StoredFile.owner_key == claim.public_id
        )
    )
    if len(pictures) > PHOTO_LIMIT or len(pictures) + (present or 0) > TOTAL_PHOTO_LIMIT:
        raise ClaimError("too_many_photos")
    unit = db.session.get(Unit, claim.unit_id) if claim.unit_id else None
    disputed = unit is not None and household_conflict(unit, member, claim.role)
    move(
        claim,
        ClaimState.DISPUTED if disputed else ClaimState.PENDING,
        actor=actor,
        reason=ClaimReason.ADDED_PROOF,
        note=note,
        sources=(ClaimState.NEEDS_MORE,),
    )
    _keep(claim, actor, pictures)


def withdraw_claim(*, actor: Account, claim: UnitClaim) -> None:
    """Take a claim back. Raises IllegalTransitionError when it is decided."""
    move(claim, ClaimState.WITHDRAWN, actor=actor, reason=ClaimReason.WITHDRAWN)


def claim_from_roster(*, member: Member) -> list[Ownership]:
    """Verify at once every home for which the roster names this member, and return them.

    A home that another household has becomes a disputed claim instead.
    """
    account = db.session.get_one(Account, member.account_id)
    granted = []
    for entry in matching.matches(account, member.name):
        unit = entry.unit
        if _contradicts(unit, member, entry):
            _dispute_from_roster(account, member, unit, entry)
            continue
        try:
            with db.session.begin_nested():
                taken = matching.take(entry, member)
                ownership = taken and grant_home(
                    actor=account, member=member, unit=unit, role=entry.role
                )
        except ClaimError:
            _dispute_from_roster(account, member, unit, entry)
            continue
        granted.extend([ownership] if ownership else [])
    return granted


def _contradicts(unit: Unit, member: Member, entry: RosterEntry) -> bool:
    """Tell whether the roster's word for this member stands against who has the home now.

    A co-owner or spouse beside somebody whom the same roster named is no contradiction.
    """
    if not household_conflict(unit, member, entry.role):
        return False
    return entry.role == Role.OWNER or not matching.roster_knows_owners(unit.id)


def _check_room(member: Member, unit: Unit | None) -> None:
    open_claims = db.session.scalar(
        sa.select(sa.func.count()).where(
            UnitClaim.member_id == member.id, UnitClaim.state.in_(OPEN_STATES)
        )
    )
    if (open_claims or 0) >= OPEN_LIMIT:
        raise ClaimError("too_many")
    _refuse_own(member, unit)


def _refuse_own(member: Member, unit: Unit | None) -> None:
    yours = db.session.scalar(
        sa.select(Ownership.id).where(
            Ownership.member_id == member.id,
            Ownership.unit_id == (unit.id if unit else 0),
            Ownership.until.is_(None),
        )
    )
    if yours:
        raise ClaimError("already_yours")


def _address(unit: Unit | None, building: str, entrance: str, number: str) -> str:
    if unit is not None:
        return address_key(unit.building.name, unit.entrance, unit.number)
    return address_key(building, entrance, number)


def _add(claim: UnitClaim, actor: Account, pictures: Sequence[Picture]) -> None:
    try:
        with db.session.begin_nested():
            db.session.add(claim)
    except IntegrityError as error:
        raise ClaimError("already_claimed") from error
    db.session.add(
        ClaimEvent(
            claim_id=claim.id,
            to_state=ClaimState.PENDING,
            reason=ClaimReason.SUBMITTED,
            actor_id=actor.id,
        )
    )
    record(
        actor=actor,
        action="claim.submitted",
        subject=("claim", claim.public_id),
        project_id=claim.project_id,
    )
    emit(kind="claim.made", project_id=claim.project_id, subject=("claim", claim.public_id))
    _keep(claim, actor, pictures)


def _keep(claim: UnitClaim, actor: Account, pictures: Sequence[Picture]) -> None:
    for picture in pictures:
        store_picture(
            actor=actor,
            upload=picture,
            owner_kind=FILE_OWNER,
            owner_key=claim.public_id,
            project_id=claim.project_id,
        )


def _verify(
    actor: Account, member: Member, unit: Unit, claim: UnitClaim, entry: RosterEntry
) -> None:
    """Grant a home that the roster confirms; if another was faster, the claim waits for staff."""
    try:
        with db.session.begin_nested():
            if not matching.take(entry, member):
                # The same form, sent twice, may have been faster than itself.
                _refuse_own(member, unit)
                return
            move(claim, ClaimState.APPROVED, actor=None, reason=ClaimReason.ROSTER_MATCH)
            grant_home(actor=actor, member=member, unit=unit, role=claim.role)
    except ClaimError as error:
        if error.code == "already_yours":
            raise
        _dispute(claim)


def _dispute(claim: UnitClaim) -> None:
    """Mark a claim as disputed where only staff see it: the claimant reads "in review"."""
    claim.state = ClaimState.DISPUTED
    db.session.add(
        ClaimEvent(claim_id=claim.id, to_state=ClaimState.DISPUTED, reason=ClaimReason.OWNER_EXISTS)
    )
    db.session.flush()


def _dispute_from_roster(
    account: Account, member: Member, unit: Unit, entry: RosterEntry
) -> UnitClaim | None:
    building = db.session.get_one(Building, unit.building_id)
    claim = UnitClaim(
        project_id=unit.project_id,
        member_id=member.id,
        unit_id=unit.id,
        building=building.name,
        entrance=unit.entrance,
        number=unit.number,
        address=address_key(building.name, unit.entrance, unit.number),
        name=member.name,
        role=Role(entry.role),
        state=ClaimState.PENDING,
    )
    try:
        _add(claim, account, ())
    except ClaimError:
        return None
    _dispute(claim)
    return claim
