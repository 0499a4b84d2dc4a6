"""The friend's own yes, and taking it back: only now are name and number kept."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from plugins.referrals.codes import new_code
from plugins.referrals.disputes import end_with_friend
from plugins.referrals.errors import ReferralError
from plugins.referrals.evidence.service import forget_pictures
from plugins.referrals.exclusions import NAME, check_country, excluded, hash_of, protected
from plugins.referrals.history import log, tell
from plugins.referrals.inviting import (
    INVITATION,
    count_report,
    end_invitation,
    end_invitations,
)
from plugins.referrals.models import Campaign, Lead, Note, Referrer, Step
from plugins.referrals.rules import rules_now
from plugins.referrals.shares.invited import share_with
from plugins.referrals.states import State, Way
from plugins.referrals.withdrawing import lapse_rewards
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

FRIEND = "friend"


def agree_to_invitation(
    *, project: ProjectRef, lead: Lead, name: str, phone: str, words: str, at: datetime
) -> Lead | None:
    """Write down the friend's yes: from now on name and number are kept, and the lead is reported.

    `phone`: E.164, proven by a code. None: another owner's friend by now; this invitation has
    lapsed. Raises ReferralError:
    OTHER_NUMBER, ReferralExpired, and what excludes the friend.
    """
    if lead.state != State.INVITED or not lead.ends_at or lead.ends_at <= at:
        raise ReferralError("ReferralExpired")
    if hash_of(phone) != lead.phone_hash:
        raise ReferralError("OTHER_NUMBER")
    rules, member = _open_rules(project, lead.referrer_id, phone, at)
    values = _consent(rules, name, phone, words, at)
    if protected(project, hash_of(phone)):
        end_invitation(project, lead, State.LAPSED, "ReferralExpired")
        return None
    try:
        with db.session.begin_nested():
            done = db.session.execute(
                sa.update(Lead)
                .where(Lead.id == lead.id, Lead.state == State.INVITED)
                .values(**values)
                .execution_options(synchronize_session=False)
            )
    except IntegrityError:
        end_invitation(project, lead, State.LAPSED, "ReferralExpired")
        return None
    if not getattr(done, "rowcount", 0):
        raise ReferralError("ReferralExpired")
    db.session.refresh(lead)
    revoke_tokens(plugin=NAME, purpose=INVITATION, subject=lead.public_id)
    _follow_consent(project, member, lead, rules, at)
    return lead


def agree_by_link(
    *, project: ProjectRef, referrer: Referrer, name: str, phone: str, words: str, at: datetime
) -> Lead:
    """Write down the yes of a friend who came by an owner's own link. Raises ReferralError.

    `phone`: E.164, proven by a code.
    """
    counted = rules_now(project.id, at)
    if counted is None:
        raise ReferralError("NOT_OPEN")
    count_report(referrer, counted, at)
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
    """Erase the friend: name, number and hash go, the lead ends, whatever its stage; its rewards
    that were not given lapse."""
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
    forget_pictures(Step.lead_id == lead.id)
    revoke_tokens(plugin=NAME, subject=lead.public_id)
    db.session.refresh(lead)
    lapse_rewards(Lead.id == lead.id)
    log(actor=None, project=project, lead=lead, at=at, step="withdrawn", reason="withdrawn")
    end_with_friend(project=project, lead=lead, at=at)
    tell("referrals.lead_ended", lead)


def _open_rules(
    project: ProjectRef, referrer_id: int, phone: str, at: datetime
) -> tuple[Campaign, MemberRef]:
    rules = rules_now(project.id, at)
    referrer = db.session.get(Referrer, referrer_id)
    if rules is None or referrer is None or referrer.closed_at:
        raise ReferralError("NOT_OPEN")
    check_country(project, phone)
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
    sharing = share_with(project=project, lead=lead, rules=rules, invited=others, at=at)
    end_invitations(project=project, leads=sharing, reason="shared")
    left = [each for each in others if each not in sharing]
    end_invitations(project=project, leads=left, reason="ReferralExpired")
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
