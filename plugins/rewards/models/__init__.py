"""All the tables of the plugin."""

from plugins.rewards.fees.models import FeeCredit, FeeTerms
from plugins.rewards.models.benefits import BenefitCount, BenefitRule, BenefitUse
from plugins.rewards.models.care import (
    CareBudget,
    CareDecline,
    CareRule,
    CareStep,
    CareTask,
    CareTerms,
)
from plugins.rewards.models.items import WHOLE, Favourite, Item, OpenWindow, TierPrice
from plugins.rewards.models.orders import Movement, Order, PurgePermit, Step, Used
from plugins.rewards.partners.models import ItemPartner, Partner, PartnerOffer
from plugins.rewards.settlement.models import Rate, Statement, StatementLine
from plugins.rewards.vouchers.models import Voucher, VoucherTerms, VoucherUse, WrongCode

__all__ = [
    "WHOLE",
    "BenefitCount",
    "BenefitRule",
    "BenefitUse",
    "CareBudget",
    "CareDecline",
    "CareRule",
    "CareStep",
    "CareTask",
    "CareTerms",
    "Favourite",
    "FeeCredit",
    "FeeTerms",
    "Item",
    "ItemPartner",
    "Movement",
    "OpenWindow",
    "Order",
    "Partner",
    "PartnerOffer",
    "PurgePermit",
    "Rate",
    "Statement",
    "StatementLine",
    "Step",
    "TierPrice",
    "Used",
    "Voucher",
    "VoucherTerms",
    "VoucherUse",
    "WrongCode",
]
