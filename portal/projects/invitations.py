"""Inviting a co-owner, spouse or tenant into a home by a link that works once."""

import secrets
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.crypto import lookup_hash, token_hash
from portal.extensions import db
from portal.members.models import Member
from portal.projects.errors import HomeError
from portal.projects.households import join_household
from portal.projects.models import Invitation, Ownership, Project, Role, Unit
from portal.projects.queries import OWNING_ROLES, household_shape, invitations_of, people_of
from portal.projects.service import add_ownership, lock_unit

LIFE = timedelta(days=14)
OPEN_LIMIT = 10
INVITING_ROLES = (Role.OWNER, Role.CO_OWNER)
INVITED_ROLES = (Role.SPOUSE, Role.CO_OWNER, Role.TENANT)


def invite(
    *, actor: Account, member: Member, unit: Unit, name: str, phone: str, role: str
) -> tuple[Invitation, str]:
    """Invite the holder of `phone` (E.164) into a home; return the invitation and its token.

    Only the token's hash is kept: the link can be shown this once. Raises HomeError:
    not_entitled, own_phone, already_invited, too_many_invitations.
    """
    # Nobody is invited twice at once, nor while the home is sold.
    lock_unit(unit)
    people = people_of(unit.id)
    entitled = {person.member_id for person in people if person.role in INVITING_ROLES}
    if member.id not in entitled or role not in INVITED_ROLES:
        raise HomeError("not_entitled")
    phone_hash = lookup_hash("phone", phone)
    if phone_hash == actor.phone_hash:
        raise HomeError("own_phone")
    now = clock.now()
    live = [invitation for invitation in invitations_of(unit.id) if invitation.expires_at > now]
    if any(invitation.phone_hash == phone_hash for invitation in live):
        raise HomeError("already_invited")
    if len(live) >= OPEN_LIMIT:
        raise HomeError("too_many_invitations")
    token = secrets.token_urlsafe(24)
    invitation = Invitation(
        unit_id=unit.id,
        project_id=unit.project_id,
        role=Role(role),
        name=name,
        phone_hash=phone_hash,
        token_hash=token_hash(token),
        invited_by_id=member.id,
        expires_at=now + LIFE,
    )
    db.session.add(invitation)
    db.session.flush()
    record(
        actor=actor,
        action="invitation.sent",
        subject=("invitation", invitation.public_id),
        project_id=unit.project_id,
        facts={"unit": unit.public_id, "role": role},
    )
    return invitation, token


def find_invitation(token: str) -> Invitation | None:
    """Return the invitation that a link opens, in any state, home and inviter loaded."""
    return db.session.scalar(
        sa.select(Invitation)
        .options(
            joinedload(Invitation.unit, innerjoin=True).options(
                joinedload(Unit.building, innerjoin=True), joinedload(Unit.project, innerjoin=True)
            ),
            joinedload(Invitation.invited_by, innerjoin=True),
        )
        .where(Invitation.token_hash == token_hash(token))
    )


def check_open(invitation: Invitation | None) -> Invitation:
    """Return an invitation that can still be accepted. Raises HomeError: gone, used, expired."""
    if invitation is None or invitation.withdrawn_at is not None:
        raise HomeError("gone")
    if invitation.accepted_at is not None:
        raise HomeError("used")
    if invitation.expires_at <= clock.now():
        raise HomeError("expired")
    return invitation


def must_choose(invitation: Invitation, member: Member) -> bool:
    """Tell whether accepting asks which household to live in: the home's, or the present one."""
    unit = invitation.unit
    if invitation.role not in OWNING_ROLES or unit.household_id in (None, member.household_id):
        return False
    return not household_shape(member.household_id).alone


def accept_invitation(
    *,
    actor: Account,
    member: Member,
    invitation: Invitation,
    join: bool | None = None,
) -> Ownership:
    """Let the invited member into the home and, as co-owner or spouse, into its household.

    `join`: the answer of a member who would leave others or homes behind. Raises HomeError:
    gone, used, expired, wrong_phone, choice_needed, already_there.
    """
    check_open(invitation)
    if actor.phone_hash != invitation.phone_hash:
        raise HomeError("wrong_phone")
    choice = must_choose(invitation, member)
    if choice and join is None:
        raise HomeError("choice_needed")
    taken = db.session.execute(
        sa.update(Invitation)
        .where(
            Invitation.id == invitation.id,
            Invitation.accepted_at.is_(None),
            Invitation.withdrawn_at.is_(None),
        )
        .values(accepted_at=clock.now(), accepted_by_id=member.id)
    )
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise HomeError("used")
    unit = invitation.unit
    project = db.session.get_one(Project, unit.project_id)
    today = clock.business_date(project.time_zone)
    ownership = add_ownership(
        actor=actor, unit=unit, member=member, role=invitation.role, since=today
    )
    shares = invitation.role in OWNING_ROLES and (join or not choice)
    if shares and unit.household_id is not None:
        join_household(
            actor=actor,
            member=member,
            household_id=unit.household_id,
            reason="invitation",
            on=today,
        )
    record(
        actor=actor,
        action="invitation.accepted",
        subject=("invitation", invitation.public_id),
        project_id=unit.project_id,
        facts={"unit": unit.public_id, "member": member.public_id},
    )
    return ownership


def withdraw_invitation(*, actor: Account, invitation: Invitation) -> None:
    """Take an invitation back. Raises HomeError("used") for one that was accepted first."""
    done = db.session.execute(
        sa.update(Invitation)
        .where(Invitation.id == invitation.id, Invitation.accepted_at.is_(None))
        .values(withdrawn_at=clock.now())
    )
    if done.rowcount != 1:  # type: ignore[attr-defined]
        raise HomeError("used")
    record(
        actor=actor,
        action="invitation.withdrawn",
        subject=("invitation", invitation.public_id),
        project_id=invitation.project_id,
    )
