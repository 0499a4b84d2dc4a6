"""Owners who had all invited one friend: where the rules say so, they share the lead."""

from collections.abc import Sequence
from datetime import datetime

from plugins.referrals.exclusions import excluded
from plugins.referrals.models import Campaign, Lead
from plugins.referrals.posting import owner_of
from plugins.referrals.shares.drawing import scaled
from plugins.referrals.shares.service import share_among
from portal.sdk import ProjectRef


def share_with(
    *, project: ProjectRef, lead: Lead, rules: Campaign, invited: Sequence[Lead], at: datetime
) -> list[Lead]:
    """Let owners whose invitations of the same friend were open have their shares, the earliest
    first, as many as the rules name; return those invitations."""
    if not rules.shares:
        return []
    chosen: list[Lead] = []
    for each in sorted(invited, key=lambda other: (other.created_at, other.id)):
        taken = {lead.referrer_id, *(other.referrer_id for other in chosen)}
        if each.referrer_id in taken or len(chosen) == len(rules.shares) - 1:
            continue
        owner = owner_of(each.referrer_id)
        if not excluded(
            project=project, referrer=owner, phone=lead.phone or "", rules=rules, at=at
        ):
            chosen.append(each)
    if chosen:
        shares = scaled(rules.shares, len(chosen) + 1)[1:]
        share_among(
            lead, [(each.referrer_id, part) for each, part in zip(chosen, shares, strict=True)]
        )
    return chosen
