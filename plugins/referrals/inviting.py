"""Referrers and their friends: a code, an invitation, the friend's own yes or no."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.codes import new_code
from plugins.referrals.errors import ReferralError
from plugins.referrals.exclusions import NAME, excluded, hash_of, protected
from plugins.referrals.history import log, tell
from plugins.referrals.models import Campaign, Lead, Note, Referrer
from plugins.referrals.rules import rules_now
from plugins.referrals.states import State, Way
from portal.sdk import (
    MemberRef,
    ProjectRef,
    business_date,
    db,
    find_members,
    issue_token,
    mask_phone,
    notify,
    revoke_tokens,
)

MOST_A_MINUTE = 10
INVITATION, FRIEND = "invitation", "friend"


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
    _count(referrer, rules, at)
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
    """Return a new one-time link for an invitation; the earlier one opens nothing any more."""
    if lead.state != State.INVITED:
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    revoke_tokens(plugin=NAME, purpose=INVITATION, subject=lead.public_id)
    return issue_token(
        plugin=NAME,
        purpose=INVITATION,
        project=project,
        expires_at=lead.ends_at,
        subject=lead.public_id,
        single_use=True,
    )


def take_back(*, project: ProjectRef, lead: Lead) -> None:
    """Let a referrer take an invitation back: what was kept of the friend goes."""
    _end_invitation(project, lead, State.LAPSED, "taken_back")


def refuse(*, project: ProjectRef, lead: Lead) -> None:
    """Write down the friend's no: what was kept of the friend goes."""
    _end_invitation(project, lead, State.REFUSED, "ConsentRefused")


def agree_to_invitation(
    *, project: ProjectRef, lead: Lead, name: str, phone: str, words: str, at: datetime
) -> Lead | None:
    """Write down the friend's yes: from now on name and number are kept, and the lead is reported.

    None: another owner's friend by now; this invitation has lapsed. Raises ReferralError:
    OTHER_NUMBER, ReferralExpired, and what excludes the friend.
    """
    if lead.state != State.INVITED or not lead.ends_at or lead.ends_at <= at:
        raise ReferralError("ReferralExpired")
    if hash_of(phone) != lead.phone_hash:
        raise ReferralError("OTHER_NUMBER")
    rules, member = _open_rules(project, lead.referrer_id, phone, at)
    values = _consent(rules, name, phone, words, at)
    try:
        with db.session.begin_nested():
            done = db.session.execute(
                sa.update(Lead)
                .where(Lead.id == lead.id, Lead.state == State.INVITED)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
    except IntegrityError:
        _end_invitation(project, lead, State.LAPSED, "ReferralExpired")
        return None
    if not getattr(done, "rowcount", 0):
        raise ReferralError("ReferralExpired")
    db.session.refresh(lead)
    _follow_consent(project, member, lead, rules, at)
    return lead


def agree_by_link(
    *, project: ProjectRef, referrer: Referrer, name: str, phone: str, words: str, at: datetime
) -> Lead:
    """Write down the yes of a friend who came by an owner's own link. Raises ReferralError."""
    counted = rules_now(project.id, at)
    if counted is None:
        raise ReferralError("NOT_OPEN")
    _count(referrer, counted, at)
    rules, member = _open_rules(project, referrer.id, phone, at)
    found = protected(project, hash_of(phone))
    if found:
        raise ReferralError("LeadProtectedByOther")
    lead = Lead(
        project_id=project.id,
        referrer_id=referrer.id,
        way=Way.LINK,
        pass_code=new_code(),
        phone_hash=hash_of(phone),
        phone_masked=mask_phone(phone),
        **_consent(rules, name, phone, words, at),
    )
    try:
        with db.session.begin_nested():
            db.session.add(lead)
    except IntegrityError as error:
        raise ReferralError("LeadProtectedByOther") from error
    _follow_consent(project, member, lead, rules, at)
    return lead


def friend_link(*, project: ProjectRef, lead: Lead) -> str:
    """Return the friend's own page: the code for the sales office, and the way to withdraw."""
    return issue_token(
        plugin=NAME, purpose=FRIEND, project=project, expires_at=None, subject=lead.public_id
    )


def withdraw(*, project: ProjectRef, lead: Lead, at: datetime) -> None:
    """Erase the friend: name, number and hash go, the lead ends, whatever its stage."""
    done = db.session.execute(
        sa.update(Lead)
        .where(Lead.id == lead.id, Lead.consented_at.is_not(None), Lead.withdrawn_at.is_(None))
        .values(
            state=State.CANCELLED, reason="withdrawn", withdrawn_at=at, ends_at=None,
            answer_by=None, name="", phone=None, phone_hash=None, phone_masked="",
        )
        .execution_options(synchronize_session=False)
    )  # fmt: skip
    if not getattr(done, "rowcount", 0):
        raise ReferralError("ILLEGAL_STEP", state=lead.state)
    db.session.execute(sa.update(Note).where(Note.lead_id == lead.id).values(text=""))
    revoke_tokens(plugin=NAME, subject=lead.public_id)
    db.session.refresh(lead)
    log(actor=None, project=project, lead=lead, at=at, step="withdrawn", reason="withdrawn")
    tell("referrals.lead_ended", lead)


def end_invitations(*, project: ProjectRef, leads: list[Lead], reason: str) -> None:
    """Let invitations lapse: what was kept of the friends goes."""
    for lead in leads:
        _end_invitation(project, lead, State.LAPSED, reason)


def _end_invitation(project: ProjectRef, lead: Lead, state: State, reason: str) -> None:
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


def _open_rules(
    project: ProjectRef, referrer_id: int, phone: str, at: datetime
) -> tuple[Campaign, MemberRef]:
    rules = rules_now(project.id, at)
    referrer = db.session.get(Referrer, referrer_id)
    if rules is None or referrer is None or referrer.closed_at:
        raise ReferralError("NOT_OPEN")
    member = find_members([referrer.member_id])[referrer.member_id]
    code = excluded(project=project, referrer=member, phone=phone, rules=rules, at=at)
    if code:
        raise ReferralError(code)
    return rules, member


def _consent(rules: Campaign, name: str, phone: str, words: str, at: datetime) -> dict[str, Any]:
    return {
        "state": State.REPORTED,
        "campaign_id": rules.id,
        "name": name,
        "phone": phone,
        "consented_at": at,
        "consent_digest": hashlib.sha256(words.encode()).hexdigest(),
        "reported_at": at,
        "ends_at": at + timedelta(days=min(rules.visit_days, rules.protection_days)),
        "answer_by": at + timedelta(minutes=rules.answer_minutes),
    }


def _follow_consent(
    project: ProjectRef, member: MemberRef, lead: Lead, rules: Campaign, at: datetime
) -> None:
    # Whoever is being agreed to in this instant fails at the unique index, and lapses there.
    others = db.session.scalars(
        sa.select(Lead)
        .where(
            Lead.project_id == project.id,
            Lead.phone_hash == lead.phone_hash,
            Lead.state == State.INVITED,
        )
        .with_for_update(skip_locked=True)
    ).all()
    end_invitations(project=project, leads=list(others), reason="ReferralExpired")
    lead.stage_on = business_date(project.time_zone, at)
    for state in (State.CONSENTED, State.REPORTED):
        log(
            actor=None, project=project, lead=lead, at=at, step=str(state), state=state,
            on=lead.stage_on, version=rules.version, facts={"way": str(lead.way)},
        )  # fmt: skip
    tell("referrals.lead_reported", lead, rules_version=rules.version)
    notify(
        members=[member],
        kind="referrals.consented",
        cause=f"consented:{lead.public_id}",
        project=project,
        values={"friend": lead.phone_masked},
        url=f"/p/{project.slug}/referrals/leads/{lead.public_id}",
    )


def _count(referrer: Referrer, rules: Campaign, at: datetime) -> None:
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
