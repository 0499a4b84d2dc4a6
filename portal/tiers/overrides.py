"""A tier given by hand: proposed with a reason and a last day, agreed to by a second person."""

from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal import clock
from portal.accounts.models import Account
from portal.audit.service import record
from portal.extensions import db
from portal.members.models import Member
from portal.tiers.errors import TierError
from portal.tiers.evaluate import evaluate_members, today
from portal.tiers.kinds import OverrideState
from portal.tiers.models import Override
from portal.tiers.versions import InForce

REASON_LENGTH = 500
LONGEST = timedelta(days=365 * 3)
"""A tier given by hand ends at last after this."""


def propose_override(
    *,
    actor: Account,
    member: Member,
    project_id: int | None,
    found: InForce,
    tier: str,
    reason: str,
    expires_on: date,
) -> Override:
    """Propose a tier for a member until a day; the member reads the reason.

    Raises TierError: unknown_tier, reason_needed, expiry_invalid, own_tier, proposed_already.
    """
    if tier not in found.terms.ranks:
        raise TierError("unknown_tier")
    if not reason.strip():
        raise TierError("reason_needed")
    if not today() <= expires_on <= today() + LONGEST:
        raise TierError("expiry_invalid")
    if member.account_id == actor.id:
        raise TierError("own_tier")
    made = Override(
        member_id=member.id,
        scheme_id=found.scheme_id,
        project_id=project_id,
        tier=tier,
        reason=reason[:REASON_LENGTH],
        expires_on=expires_on,
        made_by_id=actor.id,
    )
    try:
        # Added within: opening a savepoint writes what waits before it.
        with db.session.begin_nested():
            db.session.add(made)
    except IntegrityError as error:
        raise TierError("proposed_already") from error
    _note(actor, member, made, "tiers.override_proposed", tier=tier)
    return made


def decide_override(*, actor: Account, override: Override, member: Member, approve: bool) -> None:
    """Agree to a proposal, which takes effect at once and ends an earlier one, or refuse it.

    Raises TierError: own_proposal, own_tier, decided_already (with its state), expiry_invalid.
    """
    if override.made_by_id == actor.id:
        raise TierError("own_proposal")
    if member.account_id == actor.id:
        raise TierError("own_tier")
    if approve and override.expires_on < today():
        raise TierError("expiry_invalid")
    if approve:
        _change(
            OverrideState.APPROVED,
            OverrideState.ENDED,
            Override.member_id == override.member_id,
            Override.scheme_id == override.scheme_id,
            Override.id != override.id,
        )
    state = OverrideState.APPROVED if approve else OverrideState.REFUSED
    done = _change(
        OverrideState.PROPOSED, state, Override.id == override.id, decided_by_id=actor.id
    )
    db.session.refresh(override)
    if not done:
        raise TierError("decided_already", state=override.state)
    _note(actor, member, override, f"tiers.override_{state}")
    if approve:
        evaluate_members([member.id])


def end_override(*, actor: Account, override: Override, member: Member) -> None:
    """End a tier given by hand before its day. Raises TierError: decided_already."""
    done = _change(OverrideState.APPROVED, OverrideState.ENDED, Override.id == override.id)
    db.session.refresh(override)
    if not done:
        raise TierError("decided_already", state=override.state)
    _note(actor, member, override, "tiers.override_ended")
    evaluate_members([member.id])


def _change(before: OverrideState, after: OverrideState, *where: Any, **values: Any) -> int:
    done: Any = db.session.execute(
        sa.update(Override)
        .where(Override.state == before, *where)
        .values(state=after, decided_at=clock.now(), **values)
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def _note(actor: Account, member: Member, override: Override, action: str, **facts: Any) -> None:
    record(
        actor=actor,
        action=action,
        subject=("member", member.public_id),
        project_id=override.project_id,
        facts={"override": override.public_id, **facts},
    )
