"""The words of the ledger: kinds, parts, states and policies."""

from datetime import date
from enum import StrEnum

NEVER = date(9999, 12, 31)
"""The last day of what does not expire, and the due day of an account where nothing is due."""


BEGINNING = date(1970, 1, 1)
"""Before the first day of any club."""


class CurrencyKind(StrEnum):
    """What a currency is for: qualifying points move tiers and are never spent."""

    REDEEMABLE = "redeemable"
    QUALIFYING = "qualifying"
    BONUS = "bonus"


class SpendOrder(StrEnum):
    """Which lots are used first.

    BONUS_ACROSS: before a spending, bonus points are turned into redeemable ones to be used first.
    """

    EXPIRY_FIRST = "expiry_first"
    OLDEST_FIRST = "oldest_first"
    BONUS_FIRST = "bonus_first"
    BONUS_ACROSS = "bonus_across"


class Rounding(StrEnum):
    """To the end of which period a lot's last day is moved."""

    DAY = "day"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"


class NegativePolicy(StrEnum):
    """What a clawback beyond the balance does: it is refused, becomes owed, or owed to a limit."""

    FORBID = "forbid"
    REVERSAL = "reversal"
    LIMIT = "limit"


class HolderKind(StrEnum):
    """Whose points an account counts."""

    MEMBER = "member"
    HOUSEHOLD = "household"
    UNIT = "unit"
    PROJECT = "project"
    SYSTEM = "system"


class System(StrEnum):
    """Where points come from and go to: accounts without a balance row."""

    ISSUED = "issued"
    SPENT = "spent"
    EXPIRED = "expired"
    FORFEITED = "forfeited"
    ADJUST = "adjust"
    CONVERT = "convert"
    TRANSFER = "transfer"


class Part(StrEnum):
    """The sub-accounts of a holder's account; a system account has the one of its own."""

    AVAILABLE = "available"
    PENDING = "pending"
    HELD = "held"
    OWED = "owed"
    SYSTEM = "system"


class Kind(StrEnum):
    """What a transaction is."""

    EARN = "earn"
    AWARD = "award"
    SPEND = "spend"
    DEDUCT = "deduct"
    FORFEIT = "forfeit"
    HOLD = "hold"
    CAPTURE = "capture"
    VOID = "void"
    TIME_OUT = "time_out"
    MATURE = "mature"
    EXPIRE = "expire"
    REVERSE = "reverse"
    GIVE = "give"
    RECEIVE = "receive"
    SETTLE = "settle"
    EXTEND = "extend"
    REINSTATE = "reinstate"
    CONVERT = "convert"
    CONVERTED = "converted"


class HoldState(StrEnum):
    """A hold is open once and ends once."""

    HELD = "held"
    CAPTURED = "captured"
    VOIDED = "voided"
    TIMED_OUT = "timed_out"


class ProposalState(StrEnum):
    """What became of an adjustment that needs a second person."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
