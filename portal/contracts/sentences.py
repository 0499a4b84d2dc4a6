"""What the faults of contracts, payments and fees say to people."""

from portal.i18n import Text, lazy

FAULTS: dict[str, Text] = {
    "missing_contract": lazy("The contract number is missing."),
    "missing_amount": lazy("The amount is missing."),
    "bad_amount": lazy("This is not an amount in yuan. Write it as 2680000.00 or 268万."),
    "negative_amount": lazy("The amount must be more than zero."),
    "amount_too_large": lazy("The amount is larger than 10,000,000,000 yuan."),
    "missing_percent": lazy("The percent is missing."),
    "bad_percent": lazy("This is not a whole percent. Write it as 30."),
    "percent_range": lazy("The percent must be between 1 and 100."),
    "missing_date": lazy("The date is missing."),
    "future_date": lazy("This day lies in the future."),
    "dates_order": lazy("A handover or cancellation cannot come before the signing."),
    "state_and_date": lazy("This date does not fit the contract's state."),
    "replaced_not_cancelled": lazy("Only a cancelled contract is exchanged, and for another one."),
    "unknown_state": lazy("Unknown state. Write draft, signed, handed over or cancelled."),
    "unknown_category": lazy(
        "Unknown kind of fee. Write management, parking, water, heating or other."
    ),
    "missing_period": lazy("The period is missing."),
    "bad_period": lazy("This is not a period. Write it as 2026-10, 2026-Q4 or 2026."),
    "same_key": lazy("Row %(line)s says something else of the same contract, payment or fee."),
    "other_home": lazy("The contract of this number is for another home."),
    "other_price": lazy("The signed contract has another price. An exchange is a new contract."),
    "other_date": lazy("The contract has another date already."),
    "other_replacement": lazy("The contract was exchanged for another one already."),
    "other_payment": lazy("This percent was paid already, with another amount or date."),
    "percent_order": lazy("A higher percent was paid earlier, or a lower one later."),
    "fee_paid_already": lazy("The fee is paid already, with another amount or date."),
}
TITLES: dict[str, Text] = {
    "unit_unknown": lazy("Unknown home"),
    "wrong_project": lazy("Other project"),
    "bad_amount": lazy("Wrong amount"),
    "negative_amount": lazy("Not above zero"),
    "bad_date": lazy("Wrong date"),
    "future_date": lazy("In the future"),
    "dates_order": lazy("Order of dates"),
    "percent_order": lazy("Order of payments"),
    "percent_range": lazy("Wrong percent"),
    "other_price": lazy("Another price"),
    "other_home": lazy("Another home"),
    "other_date": lazy("Another date"),
    "other_payment": lazy("Another payment"),
    "fee_paid_already": lazy("Paid already"),
    "same_key": lazy("Contradicting rows"),
    "formula_cell": lazy("Formula"),
    "duplicate_same_file": lazy("Repeated"),
}
"""Short names of the faults that a list may be narrowed to."""
