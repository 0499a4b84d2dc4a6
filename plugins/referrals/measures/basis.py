"""What a lead's amounts are reckoned from: its price, and the home whose fee counts."""

from plugins.referrals.measures.amounts import Basis, amount_of
from plugins.referrals.models import Campaign, Lead
from plugins.referrals.models.rewards import Beneficiary, Measure, RewardLine
from plugins.referrals.posting import owner_of
from portal.sdk import MemberRef, ProjectRef, homes_of


def lead_amount(project: ProjectRef, lead: Lead, rules: Campaign, line: RewardLine) -> int | None:
    """Return what a line comes to for a lead, milli-points or fen; None while the price or the
    fee is not known."""
    area = None
    if line.measure == Measure.FEE_MONTHS:
        owners = line.beneficiary == Beneficiary.OWNER
        area = own_area(project, owner_of(lead.referrer_id)) if owners else lead.area
    return amount_of(line, Basis(lead.price, area, rules.month_fee))


def own_area(project: ProjectRef, owner: MemberRef) -> int | None:
    """Return the floor area of the owner's first home whose area is known."""
    return next((home.area for home in homes_of(owner, project) if home.area), None)
