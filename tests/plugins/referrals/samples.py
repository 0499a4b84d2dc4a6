"""A friend who agreed by a member's link, for the portal's own tests."""

from datetime import timedelta

from plugins.referrals.codes import new_code
from plugins.referrals.exclusions import hash_of
from plugins.referrals.forms import NUMBERS
from plugins.referrals.models import (
    Batch,
    Campaign,
    Correction,
    Dispute,
    Lead,
    Quota,
    Referrer,
    Reward,
    RewardLine,
    Trial,
)
from plugins.referrals.states import State, Way
from portal import clock
from portal.members.models import Member
from portal.projects.models import Project
from tests.factories import add, make_phone
from tests.plugin_host.conftest import switch_on

_LEAD, _RULES, _CODE = "referrals.lead", "referrals.campaign", "referrals.code"
_BATCH = "referrals.batch"
_DISPUTE = "referrals.dispute"
_CORRECTION = "referrals.correction"
_TRIAL = "referrals.trial"
_CORRECTIONS = ("correction", "confirm_correction", "drop_correction")
_BY_PROGRAM = ("correction", "confirm", "drop")
_DISPUTES = ("dispute", "dispute_evidence", "decide_dispute")
_PAYOUT = (
    "payout",
    "approve_payout",
    "drop_payout",
    "pay_payout",
    "export_payout",
    "export_statement",
)
NAMES = {
    "referrals": {"public_id": _LEAD},
    "referrals_api": {"public_id": _LEAD},
    "referrals_verify_api": {"public_id": _LEAD},
    "referrals_pay_api": {"public_id": _BATCH},
    "referrals_rules_api": {"public_id": _RULES},
    **{f"referrals_rules_api.{page}": {"public_id": _CORRECTION} for page in _BY_PROGRAM},
    "referrals_rules_api.trial": {"public_id": _TRIAL},
    "referrals_staff.trial": {"public_id": _TRIAL},
    "referrals_friend": {"code": _CODE},
    "referrals_staff": {"public_id": _LEAD},
    "referrals_staff.version": {"public_id": _RULES},
    **{f"referrals_staff.{page}": {"public_id": _BATCH} for page in _PAYOUT},
    **{f"referrals_staff.{page}": {"public_id": _DISPUTE} for page in _DISPUTES},
    **{f"referrals_staff.{page}": {"public_id": _CORRECTION} for page in _CORRECTIONS},
}


def add_sample(project: Project, member: Member) -> dict[str, str]:
    """Add rules in force, the member's code and a friend who is reported."""
    switch_on("referrals", project)
    now, texts, phone = clock.now(), {"zh_Hans_CN": "邀好友"}, make_phone()
    rules = add(
        Campaign(
            project_id=project.id, version=1, starts_at=now - timedelta(days=1), title=texts,
            promise=texts, kin=["spouse"],
        )
    )  # fmt: skip
    referrer = add(Referrer(project_id=project.id, member_id=member.id, code=new_code()))
    lead = add(
        Lead(
            project_id=project.id, referrer_id=referrer.id, campaign_id=rules.id, way=Way.LINK,
            state=State.REPORTED, pass_code=new_code(), phone=phone, phone_hash=hash_of(phone),
            phone_masked="199****0000", name="周先生", consented_at=now, reported_at=now,
            ends_at=now + timedelta(days=9), answer_by=now + timedelta(hours=1),
            stage_on=now.date(),
        )
    )  # fmt: skip
    where = {"project_id": project.id}
    line = add(
        RewardLine(
            **where, campaign_id=rules.id, place=1, stage="visited", beneficiary="owner",
            kind="cash", amount=100, tiers=[], buildings=[],
        )
    )  # fmt: skip
    quota = add(
        Quota(
            **where, referrer_id=referrer.id, beneficiary="owner", kind="cash", year=now.year,
            used=100,
        )
    )  # fmt: skip
    batch = add(Batch(**where, number=1, total=100, rows=1, made_by=member.account_id))
    add(
        Reward(
            **where, lead_id=lead.id, line_id=line.id, referrer_id=referrer.id, kind="cash",
            beneficiary="owner", amount=100, state="approved", earned_on=now.date(), nth=1,
            quota_id=quota.id, batch_id=batch.id,
        )
    )  # fmt: skip
    dispute = add(Dispute(**where, lead_id=lead.id, opened_by=member.account_id))
    numbers = dict.fromkeys(NUMBERS, 30) | {"protection_days": 30}
    draft = {
        "title": texts, "promise": texts, "starts_at": now.isoformat(), "ends_at": None,
        "kin": [], "promises": [], **numbers,
    }  # fmt: skip
    effect = {"leads": 0, "changed": 0, "before": {}, "after": {}}
    correction = add(
        Correction(
            **where, after=1, starts_at=now, draft=draft, words="x", effect=effect,
            made_by=member.account_id,
        )
    )  # fmt: skip
    trial = add(
        Trial(**where, after=1, today=now.date(), draft=draft, found={}, made_by=member.account_id)
    )
    return {
        _TRIAL: trial.public_id,
        _CORRECTION: correction.public_id,
        _DISPUTE: dispute.public_id,
        _LEAD: lead.public_id,
        _RULES: rules.public_id,
        _CODE: referrer.code,
        _BATCH: batch.public_id,
    }
