"""Contracts, payments and fees as kinds of lists that are imported as the roster is."""

from portal.contracts import holding, taking_back
from portal.contracts.checking import ContractChecker, FeeChecker, PaymentChecker
from portal.contracts.sentences import FAULTS, TITLES
from portal.i18n import lazy
from portal.roster.kinds import ImportKind, register
from portal.roster.mapping import HOME_FIELDS, Columns, Field

CONTRACTS = ImportKind(
    key="contracts",
    title=lazy("Purchase contracts"),
    audit="contracts",
    columns=Columns(
        fields=(
            *HOME_FIELDS, Field.CONTRACT, Field.PHONE, Field.PRICE, Field.STATE, Field.SIGNED,
            Field.HANDOVER, Field.CANCELLED, Field.REPLACED_BY,
        ),
        needed=(Field.CONTRACT, Field.PHONE, Field.PRICE),
    ),
    checker=ContractChecker,
    known=holding.KnownContracts,
    write=holding.write_contracts,
    take_back=taking_back.take_back_contracts,
    kept_and_free=taking_back.contracts_kept_and_free,
    template=(
        "楼盘", "楼栋", "单元", "房号", "合同编号", "手机", "合同总价", "合同状态", "签约日期",
        "交付日期", "退房日期", "换房新合同",
    ),
    figures={"new": lazy("New contracts"), "updated": lazy("Carried on")},
    fault_titles=TITLES,
    faults=FAULTS,
)  # fmt: skip
PAYMENTS = ImportKind(
    key="payments",
    title=lazy("Payments towards contracts"),
    audit="contracts",
    columns=Columns(
        fields=(Field.CONTRACT, Field.PERCENT, Field.AMOUNT, Field.PAID),
        needed=(Field.CONTRACT, Field.PERCENT, Field.AMOUNT, Field.PAID),
        with_home=False,
    ),
    checker=PaymentChecker,
    known=holding.KnownPayments,
    write=holding.write_payments,
    take_back=taking_back.take_back_payments,
    kept_and_free=taking_back.payments_kept_and_free,
    template=("合同编号", "付款比例", "付款金额", "付款日期"),
    figures={"new": lazy("New payments")},
    fault_titles=TITLES,
    faults=FAULTS,
)
FEES = ImportKind(
    key="fees",
    title=lazy("Fees of homes"),
    audit="contracts",
    columns=Columns(
        fields=(
            *HOME_FIELDS, Field.CATEGORY, Field.PERIOD, Field.DUE, Field.AMOUNT, Field.PAID,
        ),
        needed=(Field.PERIOD, Field.AMOUNT),
    ),
    checker=FeeChecker,
    known=holding.KnownFees,
    write=holding.write_fees,
    take_back=taking_back.take_back_fees,
    kept_and_free=taking_back.fees_kept_and_free,
    template=(
        "楼盘", "楼栋", "单元", "房号", "费用类型", "账期", "应缴日期", "应收金额", "缴费日期",
    ),
    figures={"new": lazy("New fees"), "updated": lazy("Carried on")},
    fault_titles=TITLES,
    faults=FAULTS,
)  # fmt: skip
KINDS = (CONTRACTS, PAYMENTS, FEES)
for kind in KINDS:
    register(kind)
