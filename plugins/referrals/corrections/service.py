"""Rules with a past date: proposed by one person with what they change, confirmed by another.

A correction is the next version, in force from a day that has passed. Leads that were reported
since, and are under way or complete, get it; what they gave is taken back and reckoned anew where
it differs, so that paid rows stay as they are and the difference stands beside them.
"""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from plugins.referrals.corrections.drafts import pack, unpack
from plugins.referrals.errors import ReferralError
from plugins.referrals.history import log
from plugins.referrals.models import Campaign, Correction, Lead, Reward
from plugins.referrals.models.corrections import CorrectionState
from plugins.referrals.models.rewards import RewardState
from plugins.referrals.rules import Draft, add_version, newest, rules_now
from plugins.referrals.settling import reckon_anew
from plugins.referrals.states import ACTIVE
from portal.sdk import ProjectRef, db, record

MOST = 500
"""Leads that one correction changes."""


def propose(
    *, actor: Any, project: ProjectRef, draft: Draft, after: int, words: str, at: datetime
) -> Correction:
    """Propose rules with a past date; what they would change is reckoned and kept, nothing else is.

    Raises ReferralError: NO_REASON, NOT_PAST, CHANGED, TOO_MANY_LEADS.
    """
    if not words:
        raise ReferralError("NO_REASON")
    if draft.starts_at >= at:
        raise ReferralError("NOT_PAST")
    trial = db.session.begin_nested()
    try:
        _, effect = _apply(actor, project, draft, after, at)
    finally:
        trial.rollback()
    made = Correction(
        project_id=project.id, after=after, draft=pack(draft), starts_at=draft.starts_at,
        words=words[:400], effect=effect, made_by=actor.id, state=CorrectionState.PROPOSED,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _note(actor, "proposed", made)
    return made


def confirm(*, actor: Any, project: ProjectRef, found: Correction, at: datetime) -> Campaign:
    """Confirm what somebody else has proposed: the version counts from its day on. Raises
    ReferralError: SAME_PERSON, CORRECTED, CHANGED, TOO_MANY_LEADS."""
    if found.made_by == actor.id:
        raise ReferralError("SAME_PERSON")
    draft = unpack(found.draft)
    made, effect = _apply(actor, project, draft, found.after, at)
    values = {"campaign_id": made.id, "effect": effect}
    _decide(actor, found, CorrectionState.CONFIRMED, values)
    _note(actor, "confirmed", found)
    return made


def drop(*, actor: Any, found: Correction) -> None:
    """Give a proposal up. Raises ReferralError: CORRECTED."""
    _decide(actor, found, CorrectionState.DROPPED, {})
    _note(actor, "dropped", found)


def _decide(actor: Any, found: Correction, to: CorrectionState, values: Mapping[str, Any]) -> None:
    done = db.session.execute(
        sa.update(Correction)
        .where(Correction.id == found.id, Correction.state == CorrectionState.PROPOSED)
        .values(state=to, decided_by=actor.id, **values)
        .execution_options(synchronize_session=False)
    )
    db.session.refresh(found)
    if not getattr(done, "rowcount", 0):
        raise ReferralError("CORRECTED")


def _apply(
    actor: Any, project: ProjectRef, draft: Draft, after: int, at: datetime
) -> tuple[Campaign, dict[str, Any]]:
    """Write the version and give it to its leads; return it with what that changed: how many leads,
    how many of them with other rewards, and the sums of both by kind."""
    found = newest(project.id)
    if (found.version if found else 0) != after:
        raise ReferralError("CHANGED")
    made = add_version(actor=actor, project=project, draft=draft, after=after)
    leads = db.session.scalars(
        sa.select(Lead)
        .where(
            Lead.project_id == project.id,
            Lead.reported_at >= draft.starts_at,
            Lead.state.in_(ACTIVE),
        )
        .order_by(Lead.reported_at, Lead.id)
        .limit(MOST + 1)
        .with_for_update()
    ).all()
    if len(leads) > MOST:
        raise ReferralError("TOO_MANY_LEADS")
    before: Counter[str] = Counter()
    then: Counter[str] = Counter()
    mine = changed = 0
    for lead in leads:
        rules = rules_now(project.id, lead.reported_at or at)
        if rules is None or rules.id != made.id:
            continue
        mine += 1
        was = _standing(lead)
        lead.campaign_id = made.id
        now_is = _reckon(actor, project, lead, was, at)
        changed += was != now_is
        for key, amount in was.items():
            before[key[2]] += amount
        for key, amount in now_is.items():
            then[key[2]] += amount
        log(
            actor=actor, project=project, lead=lead, step="corrected", version=made.version, at=at,
            facts={"changed": was != now_is},
        )  # fmt: skip
    effect = {"leads": mine, "changed": changed, "before": dict(before), "after": dict(then)}
    return made, effect


def _reckon(
    actor: Any, project: ProjectRef, lead: Lead, was: Mapping[Any, int], at: datetime
) -> Mapping[Any, int]:
    """Reckon a lead anew, unless that comes to the same; return what stands then."""
    trial = db.session.begin_nested()
    reckon_anew(actor=actor, project=project, lead=lead, at=at, reason="corrected")
    found = _standing(lead)
    if found == was:
        trial.rollback()
    else:
        trial.commit()
    return found


def _standing(lead: Lead) -> dict[tuple[int, str, str], int]:
    """Return what a lead's rewards come to: (owner, side, kind) -> amount."""
    db.session.flush()
    rows = db.session.execute(
        sa.select(Reward.referrer_id, Reward.beneficiary, Reward.kind, sa.func.sum(Reward.amount))
        .where(Reward.lead_id == lead.id, Reward.state != RewardState.VOID)
        .group_by(Reward.referrer_id, Reward.beneficiary, Reward.kind)
    )
    return {(row[0], row[1], row[2]): int(row[3]) for row in rows if row[3]}


def _note(actor: Any, act: str, found: Correction) -> None:
    record(
        actor=actor,
        action=f"referrals.correction_{act}",
        subject=("referrals_correction", found.public_id),
        project_id=found.project_id,
        facts={"from": found.starts_at.isoformat(), "effect": dict(found.effect)},
        reason=found.words,
    )
