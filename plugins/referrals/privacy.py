"""Members' data: what a copy holds, what an erasure takes, what a purge deletes."""

import sqlalchemy as sa

from plugins.referrals.evidence.service import forget_pictures
from plugins.referrals.inviting import end_invitations
from plugins.referrals.models import (
    Batch,
    Beneficiary,
    Budget,
    Campaign,
    Correction,
    Dispute,
    EarlyStage,
    KnownCustomer,
    Lead,
    Note,
    Partner,
    PayeeLine,
    PurgePermit,
    Quota,
    Referrer,
    Reward,
    RewardLine,
    Step,
    TaxRate,
    Trial,
)
from plugins.referrals.states import State
from portal.sdk import ExportPart, MemberRef, ProjectRef, db, find_projects, lazy, now

_COLUMNS = {
    "friend": lazy("Number, masked"),
    "state": lazy("State"),
    "begun_at": lazy("Lead since"),
    "reached_on": lazy("Day of the latest stage"),
}
_REWARDS = {
    "kind": lazy("Kind of reward"),
    "amount": lazy("Amount in milli-points or fen"),
    "state": lazy("State"),
    "earned_on": lazy("Earned on"),
    "posted_at": lazy("Paid on"),
}
_CODES = {"code": lazy("Your code"), "alias": lazy("Alias for neighbours"), "since": lazy("Since")}


def export_of(member: MemberRef) -> list[ExportPart]:
    """Return a member's codes and referrals; of friends only what the member may see."""
    codes = db.session.scalars(sa.select(Referrer).where(Referrer.member_id == member.id)).all()
    leads = db.session.scalars(
        sa.select(Lead)
        .join(Referrer, Referrer.id == Lead.referrer_id)
        .where(Referrer.member_id == member.id)
        .order_by(Lead.created_at, Lead.id)
    )
    told = [
        {
            "friend": lead.phone_masked,
            "state": lead.state,
            "begun_at": lead.created_at,
            "reached_on": lead.stage_on,
        }
        for lead in leads
    ]
    rewards = db.session.scalars(
        sa.select(Reward)
        .join(Referrer, Referrer.id == Reward.referrer_id)
        .where(Referrer.member_id == member.id, Reward.beneficiary == Beneficiary.OWNER)
        .order_by(Reward.created_at, Reward.id)
    )
    earned = [{key: getattr(each, key) for key in _REWARDS} for each in rewards]
    own = [
        {"code": each.code, "alias": each.alias or "", "since": each.created_at} for each in codes
    ]
    return [
        ExportPart("codes", lazy("Referral codes"), _CODES, own),
        ExportPart("leads", lazy("Referrals"), _COLUMNS, told),
        ExportPart("rewards", lazy("Rewards of referrals"), _REWARDS, earned),
    ]


def erase(member: MemberRef) -> None:
    """Close the member's codes and let the invitations lapse; friends who agreed stay customers."""
    mine = sa.select(Referrer.id).where(Referrer.member_id == member.id)
    invited = db.session.scalars(
        sa.select(Lead).where(Lead.referrer_id.in_(mine), Lead.state == State.INVITED)
    ).all()
    projects = find_projects({lead.project_id for lead in invited})
    for lead in invited:
        end_invitations(project=projects[lead.project_id], leads=[lead], reason="ReferralExpired")
    own = sa.update(Referrer).where(Referrer.member_id == member.id)
    db.session.execute(own.values(closed_at=now(), alias=None))
    leads = sa.select(Lead.id).where(Lead.referrer_id.in_(mine))
    db.session.execute(sa.update(Note).where(Note.lead_id.in_(leads)).values(text=""))
    forget_pictures(Step.lead_id.in_(leads))


def purge(project: ProjectRef) -> None:
    """Delete everything of a project, from the leaves up; the permit opens the history."""
    db.session.add(PurgePermit(project_id=project.id))
    db.session.flush()
    # What takes a reward back goes before the reward.
    db.session.execute(
        sa.delete(Reward).where(Reward.project_id == project.id, Reward.reverses_id.is_not(None))
    )
    # Nor does a lead while another is merged into it.
    db.session.execute(
        sa.update(Lead)
        .where(Lead.project_id == project.id, Lead.merged_into_id.is_not(None))
        .values(merged_into_id=None, state=State.LAPSED)
    )
    for model in (
        PayeeLine, TaxRate, Reward, Batch, Quota, Budget, RewardLine, Note, Step, Dispute,
        EarlyStage, Partner, Lead, Referrer, KnownCustomer, Correction, Campaign, Trial,
        PurgePermit,
    ):  # fmt: skip
        db.session.execute(sa.delete(model).where(model.project_id == project.id))
