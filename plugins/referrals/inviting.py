"""Referrers and their friends: a code, an invitation, and how an invitation ends."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.codes import new_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.exclusions import NAME, check_country, excluded, hash_of, protected
from plugins.referrals.history import log
from plugins.referrals.models import Campaign, Lead, Referrer
from plugins.referrals.rules import rules_now
from plugins.referrals.states import State, Way
from portal.sdk import (
    MemberRef,
    ProjectRef,
    db,
    issue_token,
    mask_phone,
    revoke_tokens,
)

MOST_A_MINUTE = 10
INVITATION = "invitation"


def join(*, project: ProjectRef, member: MemberRef) -> Referrer:
    """Return the member's referrer row with its code, made at the first call."""
    found = referrer_of(project, member)
    if found:
        return found
    made = Referrer(project_id=project.id, member_id=member.id, code=new_code())
    try:
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError:
        made = referrer_of(project, member) or made
    return made


def referrer_of(project: ProjectRef, member: MemberRef) -> Referrer | None:
    """Return the member's referrer row in a project."""
    return db.session.scalar(
        sa.select(Referrer).where(
            Referrer.project_id == project.id, Referrer.member_id == member.id
        )
    )


def invite(
    *, project: ProjectRef, member: MemberRef, referrer: Referrer, phone: str, at: datetime
) -> tuple[Lead, str]:
    """Invite the holder of a number (E.164); return the lead and the link to pass on, told once.

    Only a keyed hash and the masked number are kept. Raises ReferralError; what it has counted
    until then is to be committed all the same: too many in a minute raise a flag.
    """
    rules = rules_now(project.id, at)
    if rules is None:
        raise ReferralError("NOT_OPEN")
    count_report(referrer, rules, at)
    check_country(project, phone)
    code = excluded(project=project, referrer=member, phone=phone, rules=rules, at=at)
    if code:
        raise ReferralError(code)
    found = protected(project, hash_of(phone))
    if found:
        own = found.referrer_id == referrer.id
        raise ReferralError("AlreadyReferred" if own else "LeadProtectedByOther")
    lead = Lead(
        project_id=project.id,
        referrer_id=referrer.id,
        way=Way.INVITATION,
        state=State.INVITED,
        phone_hash=hash_of(phone),
        phone_masked=mask_phone(phone),
        pass_code=new_code(),
        ends_at=at + timedelta(hours=rules.consent_hours),
    )
    try:
        with db.session.begin_nested():
            db.session.add(lead)
    except IntegrityError as error:
        raise ReferralError("AlreadyReferred") from error
    log(actor=None, project=project, lead=lead, at=at, step="invited", version=rules.version)
    return lead, new_link(project=project, lead=lead)


def new_link(*, project: ProjectRef, lead: Lead) -> str:
    """Return a new link for an invitation; the earlier one opens nothing any more.

    It is used up by the friend's answer, not by asking for a code.
    """
    if lead.state != State.INVITED:
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    revoke_tokens(plugin=NAME, purpose=INVITATION, subject=lead.public_id)
    return issue_token(
        plugin=NAME,
        purpose=INVITATION,
        project=project,
        expires_at=lead.ends_at,
        subject=lead.public_id,
    )


def take_back(*, project: ProjectRef, lead: Lead) -> None:
    """Let a referrer take an invitation back: what was kept of the friend goes."""
    end_invitation(project, lead, State.LAPSED, "taken_back")


def refuse(*, project: ProjectRef, lead: Lead) -> None:
    """Write down the friend's no: what was kept of the friend goes."""
    end_invitation(project, lead, State.REFUSED, "ConsentRefused")


def end_invitations(*, project: ProjectRef, leads: list[Lead], reason: str) -> None:
    """Let invitations lapse: what was kept of the friends goes."""
    for lead in leads:
        end_invitation(project, lead, State.LAPSED, reason)


def end_invitation(project: ProjectRef, lead: Lead, state: State, reason: str) -> None:
    """End an invitation; what was kept of the friend goes. Raises ReferralError."""
    done = db.session.execute(
        sa.update(Lead)
        .where(Lead.id == lead.id, Lead.state == State.INVITED)
        .values(state=state, reason=reason, ends_at=None, phone_hash=None, phone_masked="")
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(lead)
    if not getattr(done, "rowcount", 0):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    revoke_tokens(plugin=NAME, purpose=INVITATION, subject=lead.public_id)
    log(actor=None, project=project, lead=lead, step=str(state), reason=reason)


def count_report(referrer: Referrer, rules: Campaign, at: datetime) -> None:
    """Count a report; the row is locked from here on, so that nobody gets past the limit."""
    fresh = Referrer.burst_at > at - timedelta(minutes=1)
    db.session.execute(
        sa.update(Referrer)
        .where(Referrer.id == referrer.id)
        .values(
            burst=sa.case((fresh, Referrer.burst + 1), else_=1),
            burst_at=sa.case((fresh, Referrer.burst_at), else_=at),
        )
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(referrer)
    if referrer.burst > MOST_A_MINUTE:
        referrer.flagged_at = at
        raise ReferralError("TooManyReports")
    today = sa.select(sa.func.count(Lead.id)).where(
        Lead.referrer_id == referrer.id, Lead.created_at > at - timedelta(days=1)
    )
    if (db.session.scalar(today) or 0) >= rules.most_a_day:
        raise ReferralError("ProfileLimitReached")
